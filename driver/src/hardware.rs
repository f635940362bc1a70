//! The device and what it is set up with.

use ferrite_ddk::ndis;
use ferrite_ddk::{SpinLock, SpinLockGuard};
use ferrite_nic::{
    Delay, Error, Filter, FlowControl, Gone, HwStats, InterruptPlan, MacAddress, Mmio, Nic, RingBase, Setup,
    SpeedDuplex, Stall,
};

/// Waiting at any IRQL.
pub struct Busy;

impl Stall for Busy {
    fn stall_us(&self, us: u32) {
        // SAFETY: any IRQL; at most 50 µs (contract of `Stall`, SDV rule NdisStallExecution_Delay).
        unsafe { ndis::KeStallExecutionProcessor(us) };
    }
}

/// Waiting at `PASSIVE_LEVEL`.
pub struct Passive;

impl Stall for Passive {
    fn stall_us(&self, us: u32) {
        Busy.stall_us(us);
    }
}

impl Delay for Passive {
    fn sleep_ms(&self, ms: u32) {
        // SAFETY: whoever has a `Passive` runs at PASSIVE_LEVEL (NDIS-INIT-13).
        unsafe { ndis::NdisMSleep(ms.saturating_mul(1000)) };
    }
}

/// What is programmed into the device, and again after each reset: the wish, whether the device is there or
/// not.
#[expect(clippy::struct_field_names, reason = "flow control is the field's term")]
pub struct Control {
    /// Whether the device is set up, so that a change goes to its registers at once.
    pub online: bool,
    /// The packet filter and the multicast list (NDIS-RESET-03).
    pub filter: Filter,
    /// Interrupt moderation.
    pub moderation: bool,
    /// Speed and duplex mode.
    pub speed_duplex: SpeedDuplex,
    /// Flow control.
    pub flow_control: FlowControl,
    /// The device's counters.
    pub stats: HwStats,
}

/// The device.
///
/// Its configuring sequences run one at a time: in `MiniportInitializeEx`, in the [worker](crate::worker), in
/// `MiniportHaltEx`, none of which overlaps another. Single changes by OIDs are made under the lock of
/// [`Control`], and only while the device is online.
pub struct Hardware {
    nic: Nic<Mmio>,
    control: SpinLock<Control>,
}

impl Hardware {
    /// The device behind these registers, offline.
    pub fn new(registers: Mmio, settings: &ferrite_nic::Settings) -> Self {
        let control = Control {
            online: false,
            filter: Filter::default(),
            moderation: settings.interrupt_moderation,
            speed_duplex: settings.speed_duplex,
            flow_control: settings.flow_control,
            stats: HwStats::default(),
        };
        Self { nic: Nic::new(registers), control: SpinLock::new(control) }
    }

    /// The registers.
    pub const fn nic(&self) -> &Nic<Mmio> {
        &self.nic
    }

    /// What is programmed. IRQL: up to `DISPATCH_LEVEL`; the innermost lock, nothing is called while it is
    /// held.
    pub fn control(&self) -> SpinLockGuard<'_, Control> {
        self.control.lock()
    }

    /// Resets the device and has it ready for its rings: interrupts masked, nothing moves.
    ///
    /// IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// The device's; it is offline then.
    pub fn reset(&self) -> Result<(), Error> {
        self.take_offline();
        self.nic.reset(&Passive)
    }

    /// Sets the device up after [`reset`](Self::reset) and turns it on, the receiver as the filter says.
    ///
    /// IRQL: `PASSIVE_LEVEL`. Interrupts stay masked.
    ///
    /// # Errors
    /// The device's; it is offline then.
    pub fn bring_up(
        &self,
        station: MacAddress,
        plan: InterruptPlan,
        (transmit, receive): (RingBase, RingBase),
    ) -> Result<(), Error> {
        let setup = {
            let control = self.control();
            Setup {
                station,
                speed_duplex: control.speed_duplex,
                flow_control: control.flow_control,
                interrupts: plan,
                moderation: control.moderation,
            }
        };
        self.nic.bring_up(&setup, &Passive)?;
        self.nic.set_rings(transmit, receive);
        self.nic.start();
        Ok(())
    }

    /// From now on changes go to the registers; those made meanwhile do now (NDIS-RESET-03, -05).
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn go_online(&self, station: MacAddress, plan: InterruptPlan) {
        let mut control = self.control();
        control.online = true;
        self.nic.set_throttle(plan, control.moderation);
        self.program_filter(&control, station);
    }

    /// From now on nobody but the caller configures the device. Its counters are read a last time: a reset
    /// and a low power state clear them.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn take_offline(&self) {
        let mut control = self.control();
        self.read_counters(&mut control);
        control.online = false;
    }

    /// Changes the filter, in the device too if it is there.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn change_filter(&self, station: MacAddress, change: impl FnOnce(&mut Filter)) {
        let mut control = self.control();
        change(&mut control.filter);
        if control.online {
            self.program_filter(&control, station);
        }
    }

    /// Without a filter nothing is received (NDIS-INIT-15).
    fn program_filter(&self, control: &Control, station: MacAddress) {
        let receive = control.filter.packet.types() != 0;
        self.nic.set_filter(&control.filter, station, receive);
    }

    /// Turns interrupt moderation on or off, in the device too if it is there.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn change_moderation(&self, plan: InterruptPlan, on: bool) {
        let mut control = self.control();
        control.moderation = on;
        if control.online {
            self.nic.set_throttle(plan, on);
        }
    }

    /// The device's counters, read now if it is there (NDIS-OID-15).
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn statistics(&self) -> HwStats {
        let mut control = self.control();
        self.read_counters(&mut control);
        control.stats
    }

    /// Only while the device is online: then it has power.
    fn read_counters(&self, control: &mut Control) {
        if control.online {
            // A device that has gone counts no more; what it has counted stays.
            let _gone: Result<(), Gone> = control.stats.accumulate(self.nic.regs());
        }
    }

    /// Masks interrupts, stops receiver, transmitter and DMA, and waits up to 80 ms for the last of it. Any
    /// IRQL.
    pub fn stop(&self) {
        // A device that does not stop or is not there cannot be stopped any better.
        let _stopped = self.nic.stop(&Busy);
    }
}
