//! A channel of a function: the hardware behind its lock, its service routine and its DPC.

use core::ffi::c_void;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use ferrite_ddk::SpinLock;
use ferrite_ddk::ndis::{self, KDPC, PKINTERRUPT, PVOID};
use ferrite_ddk::netdma::EntryPoints;
use ferrite_netdma_engine::quickdata::{
    self, Completions, Finding, Identity, Kernel, MessageTable, Report, Watch,
};
use ferrite_netdma_engine::raw::{Mmio, Registers};
use ferrite_netdma_engine::{Engine, Error, Limits, Refusal};

use super::interrupt::alone;
use crate::handlers::Port;
use crate::irql::at_device_level;
use crate::notices::{Notice, Notices};
use crate::parameters::Client;
use crate::trace::trace;

/// Most messages of a function: one a channel.
const MESSAGES: usize = quickdata::MOST_CHANNELS as usize;
/// Bytes of a message's entry in the MSI-X table.
const ENTRY: u32 = 16;

/// The messages of a function whose channel reset forgets them, as they were when they were connected.
#[derive(Clone, Copy)]
pub struct Messages {
    registers: Mmio,
    /// Where the table is in BAR 0.
    table: u32,
    count: usize,
    entries: [[u32; 4]; MESSAGES],
}

impl Messages {
    /// Reads them. IRQL: any.
    pub fn read(registers: Mmio, table: u32, count: usize) -> Self {
        let mut messages = Self { registers, table, count: count.min(MESSAGES), entries: Default::default() };
        for (number, entry) in (0..).zip(messages.entries.iter_mut().take(messages.count)) {
            for (word, place) in (0..).zip(entry) {
                *place = registers.read32(Self::at(table, number, word));
            }
        }
        messages
    }

    const fn at(table: u32, number: u32, word: u32) -> u32 {
        table.wrapping_add(number.wrapping_mul(ENTRY)).wrapping_add(word.wrapping_mul(4))
    }
}

/// The messages to restore after a reset of the channel, if the part forgets them.
pub struct Table {
    messages: Option<Messages>,
    /// All channels of the function.
    channels: NonNull<[Channel]>,
    index: u8,
}

// SAFETY: channels are shared between processors anyway.
unsafe impl Send for Table {}

impl Table {
    /// Of a channel.
    ///
    /// # Safety
    /// `channels` stays as long as this value.
    pub const unsafe fn new(messages: Option<Messages>, channels: NonNull<[Channel]>, index: u8) -> Self {
        Self { messages, channels, index }
    }
}

impl MessageTable for Table {
    /// They do not change while they are connected: what was read then is right, even if another channel is just
    /// being reset.
    fn save(&mut self) {}

    fn restore(&mut self) {
        let Some(messages) = &self.messages else { return };
        for (number, entry) in (0..).zip(messages.entries.iter().take(messages.count)) {
            for (word, value) in (0..).zip(entry) {
                messages.registers.write32(Messages::at(messages.table, number, word), *value);
            }
        }
        // What another channel had to say while there were no messages was lost.
        // SAFETY: the channels are the function's, which stays as long as its engines.
        let channels = unsafe { self.channels.as_ref() };
        for channel in channels.iter().filter(|channel| channel.index != self.index) {
            channel.at_interrupt_level(|| channel.service());
        }
    }
}

/// The kernel, for the engine.
pub struct Host(PKINTERRUPT);

// SAFETY: the kernel's object, made for use from any processor.
unsafe impl Send for Host {}

impl Kernel for Host {
    fn stall(&self, microseconds: u32) {
        // SAFETY: any IRQL.
        unsafe { ndis::KeStallExecutionProcessor(microseconds) };
    }

    fn alone<V>(&self, body: impl FnOnce() -> V) -> V {
        alone(self.0, body)
    }
}

type Hardware = quickdata::Channel<Mmio, Host, Table>;

/// What the lock guards.
struct Inner {
    /// There from [`connected`](Channel::connected) on.
    engine: Option<Hardware>,
    /// It has a client.
    taken: bool,
    /// Doorbells rung.
    doorbells: u32,
    watch: Watch,
}

/// See the module. It does not move once [`prepare`](Self::prepare) has been called.
pub struct Channel {
    inner: SpinLock<Inner>,
    notices: Notices,
    registers: Mmio,
    completions: Completions,
    index: u8,
    /// The completion word; NULL without a client.
    word: AtomicPtr<u64>,
    /// The interrupt that the channel has, and the processors that it goes to.
    interrupt: AtomicPtr<c_void>,
    targets: AtomicU64,
    /// DPCs that have run.
    reported: AtomicU32,
    /// The hardware has power.
    pub awake: AtomicBool,
}

impl Channel {
    /// A free channel.
    pub fn new(netdma: EntryPoints, registers: Mmio, index: u8, identity: &Identity) -> Self {
        Self {
            inner: SpinLock::new(Inner { engine: None, taken: false, doorbells: 0, watch: Watch::default() }),
            notices: Notices::new(netdma),
            registers,
            completions: Completions::new(index, identity.version),
            index,
            word: AtomicPtr::default(),
            interrupt: AtomicPtr::default(),
            targets: AtomicU64::new(u64::MAX),
            reported: AtomicU32::new(0),
            awake: AtomicBool::new(true),
        }
    }

    /// Makes its kernel objects, at the place where it stays. IRQL: `PASSIVE_LEVEL`.
    pub fn prepare(&self) {
        // SAFETY: the channel stays where it is, and `Function` waits for all DPCs before it goes.
        unsafe { self.notices.prepare(Some(report), ptr::from_ref(self).cast_mut().cast()) };
    }

    /// Its interrupt is connected: the channel can be used.
    pub fn connected(
        &self,
        interrupt: PKINTERRUPT,
        targets: u64,
        table: Table,
        identity: &Identity,
        limits: Limits,
    ) {
        self.interrupt.store(interrupt.cast(), Ordering::Release);
        self.targets.store(targets, Ordering::Release);
        let host = Host(interrupt);
        let engine = Hardware::new(self.registers, host, table, self.index, identity.version, limits);
        self.inner.lock().engine = Some(engine);
    }

    /// DPCs that have run.
    pub fn reported(&self) -> u32 {
        self.reported.load(Ordering::Acquire)
    }

    /// The completion word as it is now; the channel has a client.
    fn word(&self) -> u64 {
        let word = self.word.load(Ordering::Acquire);
        if word.is_null() {
            return 0;
        }
        // SAFETY: the client's word stays as long as the channel is its; the hardware writes it all at once.
        unsafe { word.read_volatile() }
    }

    /// The service routine. Device IRQL, under the interrupt's lock. What closed it means for an interrupt that is on
    /// its way: nothing is told, and the channel is not armed again.
    pub fn service(&self) {
        self.notices.interrupt(|| match self.completions.report(&self.registers, || self.word()) {
            Report::Completed(address) => Notice::Completed(address),
            Report::Failed | Report::Gone => Notice::Failed,
            Report::Nothing => Notice::Nothing,
        });
    }

    /// What the service routine would do if the channel had interrupted for its failure. The channel's lock is held.
    fn raise_failure(&self) {
        self.at_interrupt_level(|| _ = self.notices.interrupt(|| Notice::Failed));
    }

    /// Runs `body` as its service routine would run. IRQL: up to `DISPATCH_LEVEL`.
    fn at_interrupt_level(&self, body: impl FnOnce()) {
        let interrupt: PKINTERRUPT = self.interrupt.load(Ordering::Acquire).cast();
        if interrupt.is_null() { at_device_level(body) } else { alone(interrupt, body) }
    }

    /// A look of the watchdog's. IRQL: `DISPATCH_LEVEL`.
    pub fn watch(&self) {
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        let Some(engine) = inner.engine.as_mut().filter(|engine| inner.taken && engine.is_started()) else {
            return;
        };
        match inner.watch.look(self.word(), inner.doorbells, || engine.status()) {
            Finding::Fine => return,
            Finding::Halted => {
                // An interrupt for the error was lost, or is on its way.
                if engine.take_error() == Ok(Error(0)) {
                    engine.give_up();
                }
            }
            Finding::Stuck | Finding::Gone => {
                trace!(c"ferrite: DMA channel %u does not go on\n", u32::from(self.index));
                engine.give_up();
            }
        }
        self.raise_failure();
    }

    /// The device is gone: what was started has failed. IRQL: up to `DISPATCH_LEVEL`.
    pub fn fail(&self) {
        let mut inner = self.inner.lock();
        let Some(engine) = &mut inner.engine else { return };
        engine.give_up();
        if engine.has_failure() {
            self.raise_failure();
        }
    }

    /// The hardware has power again, and has forgotten everything. IRQL: up to `DISPATCH_LEVEL`.
    pub fn wake(&self) {
        let mut inner = self.inner.lock();
        self.awake.store(true, Ordering::Release);
        if inner.taken
            && let Some(engine) = &mut inner.engine
        {
            // A function that does not answer fails the next start.
            let _awake = engine.reset();
        }
    }

    /// The hardware is about to lose power. IRQL: up to `DISPATCH_LEVEL`.
    pub fn sleep(&self) {
        // A DPC that arms the channel is over when the lock is free.
        let _inner = self.inner.lock();
        self.awake.store(false, Ordering::Release);
    }

    /// The channel's failure, if there is one, and its causes in the trace.
    fn take_failure(&self, look: bool) -> bool {
        let mut inner = self.inner.lock();
        let Some(engine) = &mut inner.engine else { return false };
        if look {
            // Gone is a failure as well.
            let _causes = engine.take_error();
        }
        let Some(causes) = engine.take_failure() else { return false };
        trace!(c"ferrite: DMA channel %u failed, CHANERR %#x\n", u32::from(self.index), causes.0);
        for name in causes.names() {
            trace!(c"ferrite:   %.*s\n", u32::try_from(name.len()).unwrap_or(0), name.as_ptr());
        }
        inner.taken
    }

    /// Lets it interrupt again, unless it is free, without power or gone.
    fn arm(&self) {
        let inner = self.inner.lock();
        if inner.taken && self.awake.load(Ordering::Acquire) {
            self.completions.rearm(&self.registers);
        }
    }
}

impl Port for Channel {
    fn suits(&self, processors: u64) -> bool {
        self.targets.load(Ordering::Acquire) & processors != 0
    }

    fn open(&self, handle: *mut c_void, client: &Client) -> bool {
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        let Some(engine) = inner.engine.as_mut().filter(|_| !inner.taken) else { return false };
        if engine.allocate(client.word_physical).is_err() {
            engine.free();
            return false;
        }
        inner.taken = true;
        inner.watch = Watch::default();
        self.word.store(client.word, Ordering::Release);
        self.notices.open(handle, client.cpu());
        true
    }

    fn close(&self) {
        // Service routine and DPC use the word, and arm the channel.
        self.notices.close();
        let mut inner = self.inner.lock();
        inner.taken = false;
        if let Some(engine) = &mut inner.engine {
            engine.free();
        }
        self.word.store(ptr::null_mut(), Ordering::Release);
    }

    fn operate<T>(&self, operation: impl FnOnce(&mut dyn Engine) -> T) -> T {
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        let Some(engine) = &mut inner.engine else { return operation(&mut Absent) };
        let result = operation(&mut Rung { engine, channel: self, doorbells: &mut inner.doorbells });
        if engine.has_failure() {
            self.raise_failure();
        }
        result
    }
}

/// The engine with the service routine's knowledge of its doorbells.
struct Rung<'a> {
    engine: &'a mut Hardware,
    channel: &'a Channel,
    doorbells: &'a mut u32,
}

impl Rung<'_> {
    fn ring<T>(&mut self, doorbell: impl FnOnce(&mut Hardware) -> T) -> T {
        *self.doorbells = self.doorbells.wrapping_add(1);
        let channel = self.channel;
        channel.completions.ring(|| channel.word(), || doorbell(self.engine))
    }
}

impl Engine for Rung<'_> {
    fn start(&mut self, first: u64, count: u32) -> Result<(), Refusal> {
        self.ring(|engine| engine.start(first, count))
    }

    fn append(&mut self, count: u32) -> Result<(), Refusal> {
        self.ring(|engine| engine.append(count))
    }

    fn suspend(&mut self) -> Result<u64, Refusal> {
        self.engine.suspend()
    }

    fn resume(&mut self) -> Result<(), Refusal> {
        self.ring(Engine::resume)
    }

    fn abort(&mut self) -> Result<(), Refusal> {
        self.engine.abort()
    }

    fn reset(&mut self) -> Result<(), Refusal> {
        self.ring(Engine::reset)
    }
}

/// No hardware.
struct Absent;

impl Engine for Absent {
    fn start(&mut self, _first: u64, _count: u32) -> Result<(), Refusal> {
        Err(Refusal::Gone)
    }

    fn append(&mut self, _count: u32) -> Result<(), Refusal> {
        Err(Refusal::Gone)
    }

    fn suspend(&mut self) -> Result<u64, Refusal> {
        Err(Refusal::Gone)
    }

    fn resume(&mut self) -> Result<(), Refusal> {
        Err(Refusal::Gone)
    }

    fn abort(&mut self) -> Result<(), Refusal> {
        Err(Refusal::Gone)
    }

    fn reset(&mut self) -> Result<(), Refusal> {
        Err(Refusal::Gone)
    }
}

/// The DPC.
///
/// # Safety
/// The kernel calls it with the context of `prepare`, at `DISPATCH_LEVEL`.
unsafe extern "C" fn report(_dpc: *mut KDPC, context: PVOID, _one: PVOID, _two: PVOID) {
    // SAFETY: the context is a channel, which stays until all DPCs have run.
    let channel = unsafe { &*context.cast_const().cast::<Channel>() };
    let left = channel.notices.take();
    let failed = channel.take_failure(left.looks_failed);
    channel.notices.deliver(left.completed, failed);
    channel.reported.fetch_add(1, Ordering::AcqRel);
    channel.arm();
}
