//! A channel in the hands of a client.

use super::{Interface, Provider};
use crate::{
    abi::{self, Layout, NET_DMA_CHANNEL_PARAMETERS as Parameters, Ptr, constants as c, read, write},
    cpu::DISPATCH,
    mem::Kind,
    verify::rules,
    world::{call, world},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// Bytes of the parameters before Windows 7 (NDMA-CH-02).
const REVISION_1: u16 = 36;
/// What the completion word holds before anything is done.
const NOTHING: u64 = u64::MAX;

/// A provider's refusal: its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub u32);

/// What the provider reported in a DPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The last completed descriptor.
    Completed(u64),
    /// An error.
    Failed,
}

/// See the module.
pub struct Channel {
    pub(super) handle: u64,
    provider: Rc<Provider>,
    context: Cell<u64>,
    /// The completion word's address.
    word: u64,
    /// Service routines and DPCs that the client has seen, and what the DPCs said.
    pub interrupts: Cell<u64>,
    /// See `interrupts`.
    pub reports: RefCell<Vec<Report>>,
    dpc_cpu: Cell<u32>,
    /// Where the provider said that the channel completes.
    pub cpu: Cell<u32>,
    /// Nothing is outstanding, as far as the client knows.
    quiet: Cell<bool>,
    freed: Cell<bool>,
}

impl Channel {
    pub(super) fn new(provider: &Rc<Provider>) -> Result<Rc<Self>, u32> {
        let mem = &world().mem;
        let allocate =
            |size, what| mem.allocate(Kind::Host, 0, size, what).ok_or(c::STATUS_INSUFFICIENT_RESOURCES);
        let (handle, word) = (allocate(64, "NetDMA channel")?, allocate(64, "completion word")?);
        write(word, NOTHING);
        Ok(Rc::new(Self {
            handle,
            provider: Rc::clone(provider),
            context: Cell::new(0),
            word,
            interrupts: Cell::default(),
            reports: RefCell::default(),
            dpc_cpu: Cell::new(u32::MAX),
            cpu: Cell::new(u32::MAX),
            quiet: Cell::new(true),
            freed: Cell::new(false),
        }))
    }

    pub(super) fn allocate(&self, mask: u32) -> Result<(), u32> {
        let world = world();
        let old = self.provider.version.0 < 2;
        let size = if old { REVISION_1 } else { Parameters::SIZE as u16 };
        // A revision 1 that lies at the end of its memory: what follows is not there to be read.
        let allocate = |size, what| world.mem.allocate(Kind::Host, 0, size, what);
        let Some(at) = allocate(usize::from(size), "channel parameters") else {
            return Err(c::STATUS_INSUFFICIENT_RESOURCES);
        };
        let Some(out) = allocate(8, "channel context") else {
            let _ = world.mem.free(Kind::Host, at);
            return Err(c::STATUS_INSUFFICIENT_RESOURCES);
        };
        abi::fill(at, 0, usize::from(size));
        let p: Ptr<Parameters> = Ptr::new(at);
        p.set(Parameters::Revision, if old { 1 } else { 2 });
        p.set(Parameters::Size, size);
        p.set(Parameters::CompletionVirtualAddress, self.word);
        write(
            at + Parameters::CompletionPhysicalAddress.offset() as u64,
            world.mem.physical(self.word).unwrap_or(0),
        );
        p.set(Parameters::ProcessorAffinityMask, mask);
        p.set(Parameters::CpuNumber, u32::MAX);
        write(out, 0_u64);
        let (provider, handlers) = (&self.provider, self.provider.handlers);
        let arguments = [provider.context, at, self.handle, out];
        let status = call("ProviderAllocateDmaChannel", handlers.allocate, &arguments) as u32;
        let (cpu, context) = (p.get(Parameters::CpuNumber), read::<u64>(out));
        for block in [at, out] {
            let _ = world.mem.free(Kind::Host, block);
        }
        if status != c::STATUS_SUCCESS {
            let documented = [c::STATUS_INSUFFICIENT_RESOURCES, c::STATUS_UNSUCCESSFUL];
            world.hold(&rules::NETDMA_CHANNEL_STATUS, documented.contains(&status), || {
                format!("ProviderAllocateDmaChannel fails with {status:#010x}")
            });
            return Err(status);
        }
        world.hold(&rules::NETDMA_CPU, (cpu as usize) < world.cpus().len(), || {
            format!("CpuNumber {cpu:#x} after ProviderAllocateDmaChannel")
        });
        self.cpu.set(cpu);
        self.context.set(context);
        Ok(())
    }

    /// The completion word's physical address.
    ///
    /// # Panics
    /// Never: the word is in the machine's memory.
    #[must_use]
    pub fn word_physical(&self) -> u64 {
        world().mem.physical(self.word).expect("the word is in memory")
    }

    /// The completion word; `None` if it was not written since the start, or the channel is freed.
    #[must_use]
    pub fn word(&self) -> Option<(u64, u64)> {
        if self.freed.get() {
            return None;
        }
        let word = read::<u64>(self.word);
        (word != NOTHING).then_some((word & !63, word & 7))
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.quiet.get()
    }

    /// The client says whether descriptors are outstanding.
    pub fn set_quiet(&self, quiet: bool) {
        self.quiet.set(quiet);
    }

    fn operate(&self, name: &'static str, handler: u64, arguments: &[u64]) -> Result<(), Refused> {
        assert!(!self.freed.get(), "{name} of a channel that was freed");
        let all: Vec<u64> = std::iter::once(self.context.get()).chain(arguments.iter().copied()).collect();
        match call(name, handler, &all) as u32 {
            c::STATUS_SUCCESS => Ok(()),
            status => Err(Refused(status)),
        }
    }

    fn count(count: u32) -> u64 {
        // Before 2.0 a count means nothing, so that a provider must not use it (NDMA-XFER-06).
        if Interface::current().counts() { count.into() } else { 0xBAD }
    }

    /// Starts a chain of so many descriptors.
    ///
    /// # Errors
    /// The provider refuses.
    pub fn start(&self, first: u64, physical: u64, count: u32) -> Result<(), Refused> {
        write(self.word, NOTHING);
        self.operate("ProviderStartDma", self.provider.handlers.start, &[first, physical, Self::count(count)])
    }

    /// Appends so many.
    ///
    /// # Errors
    /// The provider refuses.
    pub fn append(&self, first: u64, physical: u64, count: u32) -> Result<(), Refused> {
        self.operate(
            "ProviderAppendDma",
            self.provider.handlers.append,
            &[first, physical, Self::count(count)],
        )
    }

    /// Suspends: the last processed descriptor.
    ///
    /// # Errors
    /// The provider refuses.
    pub fn suspend(&self) -> Result<u64, Refused> {
        let world = world();
        let Some(out) = world.mem.allocate(Kind::Host, 0, 8, "last descriptor") else {
            return Err(Refused(c::STATUS_INSUFFICIENT_RESOURCES));
        };
        write(out, NOTHING);
        let result = self.operate("ProviderSuspendDma", self.provider.handlers.suspend, &[out]);
        let last = read::<u64>(out);
        let _ = world.mem.free(Kind::Host, out);
        result.map(|()| last)
    }

    /// Resumes.
    ///
    /// # Errors
    /// The provider refuses.
    pub fn resume(&self) -> Result<(), Refused> {
        self.operate("ProviderResumeDma", self.provider.handlers.resume, &[])
    }

    /// Aborts.
    ///
    /// # Errors
    /// The provider refuses.
    pub fn abort(&self) -> Result<(), Refused> {
        self.operate("ProviderAbortDma", self.provider.handlers.abort, &[])
    }

    /// Resets.
    ///
    /// # Errors
    /// The provider refuses.
    pub fn reset(&self) -> Result<(), Refused> {
        self.operate("ProviderResetChannel", self.provider.handlers.reset, &[])
    }

    /// Gives the channel back; a second time it does nothing.
    pub fn free(&self) {
        if self.freed.replace(true) {
            return;
        }
        call("ProviderFreeDmaChannel", self.provider.handlers.free, &[self.context.get()]);
        // From here on the handle is nobody's (NDMA-INT-05).
        self.provider.forget(self.handle);
        self.discard();
    }

    pub(super) fn discard(&self) {
        let mem = &world().mem;
        let _ = mem.free(Kind::Host, self.handle);
        let _ = mem.free(Kind::Host, self.word);
    }

    /// `NetDmaIsr`: the CPU for the DPC is the one that the channel was allocated for (NDMA-INT-02).
    pub(super) fn interrupted(&self, _descriptor: u64) -> u32 {
        let world = world();
        let level = world.cpu().irql();
        world.hold(&rules::NETDMA_ISR_IRQL, level > DISPATCH, || format!("NetDmaIsr at IRQL {level}"));
        self.interrupts.set(self.interrupts.get() + 1);
        self.dpc_cpu.set(self.cpu.get());
        self.cpu.get()
    }

    /// `NetDmaInterruptDpc` (NDMA-INT-02, -03).
    pub(super) fn reported(&self, descriptor: u64) {
        let world = world();
        let (number, named) = (world.cpu().number, self.dpc_cpu.get());
        world.hold(&rules::NETDMA_DPC_ISR, named != u32::MAX, || {
            "NetDmaInterruptDpc, but NetDmaIsr was never called for the channel".into()
        });
        world.hold(&rules::NETDMA_DPC_CPU, number == named as usize, || {
            format!("NetDmaInterruptDpc on CPU {number}; NetDmaIsr named {named}")
        });
        let report = if descriptor == 0 { Report::Failed } else { Report::Completed(descriptor) };
        self.reports.borrow_mut().push(report);
    }
}
