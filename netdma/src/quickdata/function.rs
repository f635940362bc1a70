//! The hardware of a function, from its start to its stop.

use core::cell::UnsafeCell;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ferrite_ddk::ndis::{self, DEVICE_OBJECT, KDPC, KTIMER, LARGE_INTEGER, PVOID};
use ferrite_ddk::netdma::EntryPoints;
use ferrite_ddk::{Result, Status};
use ferrite_netdma_engine::quickdata::{
    Identity, MOST_CHANNELS, attention, disable_interrupts, enable_interrupts, interrupted, probe,
};
use ferrite_netdma_engine::raw::Mmio;
use ferrite_netdma_engine::{Chains, Limits};

use super::bus::Bus;
use super::channel::{Channel, Messages, Table};
use super::check;
use super::interrupt::{Interrupts, alone};
use super::resources::Range;
use crate::physical_memory;
use crate::registration::Attributes;
use crate::trace::trace;

/// Channels of a function, as an array's length.
pub const MOST: usize = MOST_CHANNELS as usize;
/// Milliseconds between two looks of the watchdog.
const WATCH: i32 = 1000;
/// The same, from now, in units of 100 nanoseconds.
const FIRST_WATCH: LARGE_INTEGER = LARGE_INTEGER { QuadPart: -10_000_000 };

/// See the module. It does not move once it is made.
pub struct Function {
    about: About,
    /// Those that are there come first.
    channels: [Channel; MOST],
}

/// Everything but the channels.
struct About {
    registers: Mmio,
    base: NonNull<u8>,
    identity: Identity,
    vendor: u16,
    limits: Limits,
    interrupts: Interrupts,
    /// The function has power, and may be touched in a service routine.
    awake: AtomicBool,
    /// Each channel has a message of its own.
    message_each: AtomicBool,
    /// The channels that are offered: the first so many of those that there are.
    offered: AtomicUsize,
    timer: UnsafeCell<KTIMER>,
    watch: UnsafeCell<KDPC>,
}

impl Function {
    /// Maps the registers, looks what they are, and makes the function at its place, piece by piece: it is too large for
    /// a kernel stack. Nothing is connected yet. IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// There are no registers, or not those of a function that this driver knows; nothing is at the place then.
    ///
    /// # Safety
    /// The place is room for a function, and nobody else's.
    pub unsafe fn make(place: *mut Self, netdma: EntryPoints, range: Range, bus: &Bus) -> Result<()> {
        let length = range.length as usize;
        // SAFETY: PASSIVE_LEVEL; the range was assigned to the device.
        let mapped = unsafe { ndis::MmMapIoSpace(range.start, length as u64, ndis::MmNonCached) };
        let base = NonNull::new(mapped.cast::<u8>()).ok_or(Status(ndis::STATUS_INSUFFICIENT_RESOURCES))?;
        // SAFETY: mapped above; the mapping ends with this value.
        let registers = unsafe { Mmio::new(base, length) };
        let probed = registers.map(|registers| (registers, probe(&registers, length)));
        let Some((registers, Ok(identity))) = probed else {
            trace!(c"ferrite: not a QuickData function that is known\n");
            // SAFETY: mapped above, unmapped once.
            unsafe { ndis::MmUnmapIoSpace(mapped, length as u64) };
            return Err(Status(ndis::STATUS_NOT_SUPPORTED));
        };
        trace!(
            c"ferrite: QuickData %x, %u channels, %u bytes a transfer\n",
            u32::from(identity.cbver),
            u32::from(identity.channels),
            identity.largest,
        );
        // SAFETY: within the place; only the address is taken.
        let channels = unsafe { &raw mut (*place).channels }.cast::<Channel>();
        for index in 0..MOST_CHANNELS {
            let channel = channels.wrapping_add(index.into());
            // SAFETY: one of the array's places.
            unsafe { channel.write(Channel::new(netdma, registers, index, &identity)) };
        }
        let about = About {
            registers,
            base,
            identity,
            vendor: bus.ids().0,
            limits: Limits { highest: physical_memory::highest(), largest: identity.largest },
            interrupts: Interrupts::new(),
            awake: AtomicBool::new(true),
            message_each: AtomicBool::new(false),
            offered: AtomicUsize::new(identity.channels.into()),
            timer: UnsafeCell::new(KTIMER::default()),
            watch: UnsafeCell::new(KDPC::default()),
        };
        // SAFETY: within the place; only the address is taken.
        let head = unsafe { &raw mut (*place).about };
        // SAFETY: as above.
        unsafe { head.write(about) };
        Ok(())
    }

    /// Chains as the hardware ends them.
    pub const fn chains(&self) -> Chains {
        if self.about.identity.version.counts() { Chains::Counted } else { Chains::Terminated }
    }

    /// The channels that are used.
    pub fn channels(&self) -> &[Channel] {
        self.channels.get(..self.about.offered.load(Ordering::Acquire)).unwrap_or(&[])
    }

    /// What it offers `NetDMA`.
    pub fn attributes(&self) -> Attributes {
        Attributes {
            vendor: self.about.vendor.into(),
            hardware: (self.about.identity.cbver >> 4, self.about.identity.cbver & 0xF),
            channels: u32::try_from(self.channels().len()).unwrap_or(0),
            largest: self.about.limits.largest,
            highest: self.about.limits.highest,
        }
    }

    /// Connects the interrupts and tries every channel: afterwards they can be offered. IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// There are no interrupts, or a channel does not work; [`stop`](Self::stop) gives back what was taken.
    ///
    /// # Safety
    /// The function is where it stays until it is stopped.
    pub unsafe fn start(&self, device: *mut DEVICE_OBJECT, bus: &Bus) -> Result<()> {
        self.prepare();
        bus.order_strictly();
        disable_interrupts(&self.about.registers);
        // SAFETY: the function stays (the caller's promise), and `stop` disconnects.
        unsafe { self.about.interrupts.connect(device, self) }?;
        let msi_x = bus.msi_x().filter(|msi_x| msi_x.on);
        let count = self.about.interrupts.messages() as usize;
        // MSI-X has no vector for several channels: without one a channel cannot interrupt.
        let each = msi_x.is_some();
        if each {
            self.about.offered.fetch_min(count, Ordering::AcqRel);
        }
        self.about.message_each.store(each, Ordering::Release);
        // Only a part that has the table behind its registers can lose it with a channel.
        let messages = msi_x
            .filter(|msi_x| msi_x.bar == 0 && bus_forgets(bus.ids()))
            .map(|msi_x| Messages::read(self.about.registers, msi_x.offset, count));
        for (index, channel) in (0..).zip(self.channels()) {
            let number = if each { usize::from(index) } else { 0 };
            let (interrupt, targets) = self.about.interrupts.of_message(number);
            // SAFETY: the channels stay as long as the engines that they have.
            let table = unsafe { Table::new(messages, self.channels().into(), index) };
            channel.connected(interrupt, targets, table, &self.about.identity, self.about.limits);
        }
        enable_interrupts(&self.about.registers, each);
        for (number, channel) in (0_u32..).zip(self.channels()) {
            if let Err(reason) = check::copies(channel, self.chains()) {
                trace!(c"ferrite: DMA channel %u: %s\n", number, reason.text().as_ptr());
                _ = (number, reason);
                return Err(Status(ndis::STATUS_ADAPTER_HARDWARE_ERROR));
            }
        }
        self.begin_watch();
        Ok(())
    }

    /// Makes the kernel objects, at the place where they stay.
    fn prepare(&self) {
        self.channels().iter().for_each(Channel::prepare);
        let context = ptr::from_ref(self).cast_mut().cast();
        // SAFETY: timer and DPC are ours, and end before the function does.
        unsafe { ndis::KeInitializeDpc(self.about.watch.get(), Some(watch), context) };
        // SAFETY: as above.
        unsafe { ndis::KeInitializeTimerEx(self.about.timer.get(), ndis::NotificationTimer) };
    }

    fn begin_watch(&self) {
        let (timer, dpc) = (self.about.timer.get(), self.about.watch.get());
        // SAFETY: initialized by `prepare`; cancelled before the function goes.
        let _was_set = unsafe { ndis::KeSetTimerEx(timer, FIRST_WATCH, WATCH, dpc) };
    }

    fn end_watch(&self) {
        // SAFETY: initialized by `prepare`; one that is not set is no harm.
        let _was_set = unsafe { ndis::KeCancelTimer(self.about.timer.get()) };
    }

    /// The device is gone: nothing that was started will ever be done. IRQL: up to `DISPATCH_LEVEL`.
    pub fn fail(&self) {
        self.channels().iter().for_each(Channel::fail);
    }

    /// Gives everything back; no channel has a client. IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Safety
    /// Nothing of the function is used afterwards.
    pub unsafe fn stop(&self) {
        self.end_watch();
        self.silence();
        self.about.interrupts.disconnect();
        // DPCs of channels and of the watchdog.
        // SAFETY: PASSIVE_LEVEL.
        unsafe { ndis::KeFlushQueuedDpcs() };
        // SAFETY: mapped by `map`, unmapped once; nobody is left who could touch it (the caller's promise).
        unsafe {
            ndis::MmUnmapIoSpace(self.about.base.as_ptr().cast(), self.about.registers.length() as u64);
        };
    }

    /// No interrupts any more. The lock keeps a service routine from turning them on again.
    fn silence(&self) {
        alone(self.about.interrupts.of_message(0).0, || {
            self.about.awake.store(false, Ordering::Release);
            disable_interrupts(&self.about.registers);
        });
    }

    /// The device is about to lose power; its clients have stopped. IRQL: `PASSIVE_LEVEL`.
    pub fn sleep(&self) {
        self.end_watch();
        self.silence();
        self.channels().iter().for_each(Channel::sleep);
        // SAFETY: PASSIVE_LEVEL: no DPC touches a register afterwards.
        unsafe { ndis::KeFlushQueuedDpcs() };
    }

    /// It has power again. IRQL: `PASSIVE_LEVEL`.
    pub fn wake(&self, bus: &Bus) {
        bus.order_strictly();
        self.channels().iter().for_each(Channel::wake);
        alone(self.about.interrupts.of_message(0).0, || {
            self.about.awake.store(true, Ordering::Release);
            enable_interrupts(&self.about.registers, self.about.message_each.load(Ordering::Acquire));
        });
        self.begin_watch();
    }

    /// The service routine of a message.
    pub fn message(&self, number: u32) {
        if !self.about.message_each.load(Ordering::Acquire) {
            self.shared();
        } else if self.about.awake.load(Ordering::Acquire)
            && let Some(channel) = self.channels().get(number as usize)
        {
            channel.service();
        }
    }

    /// The service routine of an interrupt for all channels; whether one of them had interrupted.
    pub fn shared(&self) -> bool {
        if !self.about.awake.load(Ordering::Acquire) {
            return false;
        }
        let attention = attention(&self.about.registers);
        for (bit, channel) in (0_u32..).zip(self.channels()) {
            if attention.wrapping_shr(bit) & 1 != 0 {
                channel.service();
            }
        }
        // The look itself has turned them off.
        interrupted(&self.about.registers);
        attention != 0
    }
}

/// Atom C2000's functions, whose channel reset takes the MSI-X table along.
const fn bus_forgets(ids: (u16, u16)) -> bool {
    matches!(ids, (0x8086, 0x0C50..=0x0C53))
}

/// The watchdog.
///
/// # Safety
/// The kernel calls it with the context of `begin_watch`, at `DISPATCH_LEVEL`.
unsafe extern "C" fn watch(_dpc: *mut KDPC, context: PVOID, _one: PVOID, _two: PVOID) {
    // SAFETY: the function stays until all DPCs have run.
    let function = unsafe { &*context.cast_const().cast::<Function>() };
    function.channels().iter().for_each(Channel::watch);
}
