//! A machine with the driver on it.

pub use super::built::built;
use super::{
    far::Far,
    frame::{self, LONGEST},
    watchdog::Watchdog,
};
use ferrite_host::{
    abi::{NET_BUFFER_LIST, constants as c},
    ndis::{
        adapter::{Adapter, State},
        protocol::Protocol,
    },
    net::{Port, Shape, frames},
    sched::Thread,
    system::{Node, Setup, System},
    verify::End,
    world::{InterruptMode, world},
};
use std::{cell::RefCell, rc::Rc, time::Duration};

/// How long anything may take. Only a failure waits so long.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The packet filter that a TCP/IP stack sets.
pub const FILTER: u32 =
    c::NDIS_PACKET_TYPE_DIRECTED | c::NDIS_PACKET_TYPE_BROADCAST | c::NDIS_PACKET_TYPE_MULTICAST;

/// Registers of the 82574L, by their names in its datasheet.
pub mod register {
    /// Device control.
    pub const CTRL: u64 = 0x0000;
    /// Device status; bit 1 is the link.
    pub const STATUS: u64 = 0x0008;
    /// Interrupt causes; a read may clear them.
    pub const ICR: u64 = 0x00C0;
    /// Interrupt cause set; in QEMU it reads as the causes.
    pub const ICS: u64 = 0x00C8;
    /// Interrupt mask: set.
    pub const IMS: u64 = 0x00D0;
    /// Interrupt mask: clear.
    pub const IMC: u64 = 0x00D8;
    /// Receive control; bit 1 enables.
    pub const RCTL: u64 = 0x0100;
    /// Transmit control; bit 1 enables.
    pub const TCTL: u64 = 0x0400;
    /// Receive descriptor length.
    pub const RDLEN: u64 = 0x2808;
    /// Receive descriptor head and tail.
    pub const RDH: u64 = 0x2810;
    /// See `RDH`.
    pub const RDT: u64 = 0x2818;
    /// Transmit descriptor length.
    pub const TDLEN: u64 = 0x3808;
    /// Transmit descriptor head and tail.
    pub const TDH: u64 = 0x3810;
    /// See `TDH`.
    pub const TDT: u64 = 0x3818;
    /// Multicast table, 128 entries.
    pub const MTA: u64 = 0x5200;
    /// The first receive address.
    pub const RAL0: u64 = 0x5400;
    /// See `RAL0`.
    pub const RAH0: u64 = 0x5404;
    /// The enable bit of `RCTL` and `TCTL`.
    pub const ENABLE: u32 = 1 << 1;
}

/// Two CPUs, Windows 10, an 82574L on a wire that the test holds.
pub fn setup() -> Setup {
    built("ferrite.sys");
    Setup::new(built("ferrite.inf"))
}

/// The same with keywords in the driver's registry key.
pub fn setup_with(keywords: &[(&str, &str)]) -> Setup {
    let mut setup = setup();
    setup.keywords = keywords.iter().map(|&(name, value)| (name.into(), value.into())).collect();
    setup
}

/// Boots a system that is expected to boot.
#[track_caller]
pub fn boot(setup: &Setup) -> Rc<System> {
    System::boot(setup).unwrap_or_else(|error| panic!("the system does not come up: {error}"))
}

/// Runs `body` on the machine; what ended the run before `body` did is the result.
pub fn attempt(setup: &Setup, body: impl FnOnce(&Rc<System>, &Rc<Far>) + 'static) -> Result<(), End> {
    let _bound = Watchdog::start();
    let system = boot(setup);
    let far = Far::of(&system);
    system.run(move |system| body(system, &far))
}

/// Runs `body` on the machine, to its end and without a broken rule.
#[track_caller]
pub fn machine(setup: &Setup, body: impl FnOnce(&Rc<System>, &Rc<Far>) + 'static) {
    if let Err(end) = attempt(setup, body) {
        panic!("the run ended early: {end}");
    }
}

/// Runs `body` with the adapter running and its link up, and takes everything down afterwards; nothing may be left.
#[track_caller]
pub fn play(setup: &Setup, body: impl FnOnce(&Rig) + 'static) {
    machine(setup, move |system, far| {
        let rig = Rig::up(system, far);
        body(&rig);
        rig.down();
    });
}

/// Waits until `condition` holds, as long as [`PATIENCE`].
#[track_caller]
pub fn wait(what: &'static str, condition: impl Fn() -> bool) {
    assert!(
        within(PATIENCE, what, condition),
        "{what}: not within {PATIENCE:?}; threads: {:?}",
        world().sched.stuck()
    );
}

/// Whether `condition` comes to hold within `bound`.
pub fn within(bound: Duration, what: &'static str, condition: impl Fn() -> bool) -> bool {
    let until = world().clock.now().after(bound);
    world().sched.block(what, Some(until), &condition)
}

/// Asks again and again until the answer is yes, for what a condition that only looks cannot tell.
#[track_caller]
pub fn eventually(what: &'static str, mut ask: impl FnMut() -> bool) {
    let until = world().clock.now().after(PATIENCE);
    while !ask() {
        assert!(world().clock.now() < until, "{what}: not within {PATIENCE:?}");
        world().sched.sleep(Duration::from_millis(1));
    }
}

/// How scatter/gather lists are delivered from now on: late, not at all, elsewhere, each so many times; 0 for never.
pub fn deliver_lists(late: u32, fail: u32, elsewhere: u32) {
    let policy = &world().ndis.sg_policy;
    policy.late_every.set(late);
    policy.fail_every.set(fail);
    policy.elsewhere_every.set(elsewhere);
}

/// Something that another thread of the machine does.
pub struct Task<T> {
    thread: Rc<Thread>,
    result: Rc<RefCell<Option<T>>>,
}

impl<T: 'static> Task<T> {
    /// Begins it on a CPU.
    pub fn start(what: &str, cpu: usize, body: impl FnOnce() -> T + 'static) -> Self {
        let result = Rc::new(RefCell::new(None));
        let place = Rc::clone(&result);
        let thread = world().sched.spawn(what, cpu, move || {
            let value = body();
            place.replace(Some(value));
        });
        Self { thread, result }
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.thread.is_over()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn join(self) -> T {
        wait("a thread's end", || self.result.borrow().is_some());
        self.result.take().expect("just seen")
    }
}

/// See the module.
#[derive(Clone)]
pub struct Rig {
    /// The machine.
    pub system: Rc<System>,
    /// The device node.
    pub node: Rc<Node>,
    /// The adapter.
    pub adapter: Rc<Adapter>,
    /// The protocol above it.
    pub port: Rc<Port>,
    /// The far end of its cable.
    pub far: Rc<Far>,
}

impl Rig {
    /// Loads the driver and brings its adapter up: running, the link up.
    #[track_caller]
    pub fn up(system: &Rc<System>, far: &Rc<Far>) -> Self {
        let rig = Self::added(system, far);
        rig.start();
        rig
    }

    /// Loads the driver and adds the device: initialized and paused.
    #[track_caller]
    pub fn added(system: &Rc<System>, far: &Rc<Far>) -> Self {
        system.load().unwrap_or_else(|error| panic!("the driver does not load: {error}"));
        let node = Rc::clone(system.nodes.first().expect("the machine has a NIC"));
        let adapter =
            system.add(&node).unwrap_or_else(|error| panic!("the adapter does not come up: {error}"));
        assert_eq!(adapter.state(), State::Paused, "NDIS-STATE-01");
        Self { system: Rc::clone(system), node, adapter, port: Port::new(), far: Rc::clone(far) }
    }

    /// Binds the protocol and restarts; waits for the link.
    #[track_caller]
    pub fn start(&self) {
        self.bind(Rc::clone(&self.port) as Rc<dyn Protocol>);
    }

    /// The same with another protocol.
    #[track_caller]
    pub fn bind(&self, protocol: Rc<dyn Protocol>) {
        self.system.start(&self.adapter, protocol, FILTER).unwrap_or_else(|error| panic!("{error}"));
        self.flush();
        self.wait_for_link(true);
    }

    /// Takes everything down. Nothing may be left: the checks at halt and unload see to it.
    #[track_caller]
    pub fn down(&self) {
        self.system.remove(&self.node);
        self.unload();
    }

    /// Unloads the driver, which has no adapter any more.
    #[track_caller]
    pub fn unload(&self) {
        self.system.unload();
        let left = world().mem.drivers_blocks();
        assert!(left.is_empty(), "left after unload: {left:?}");
    }

    /// Halts the adapter, which is paused, and initializes it again: running, the link up.
    #[track_caller]
    pub fn bounce(&self, action: u32) {
        let ndis = &world().ndis;
        ndis.halt(&self.adapter, action);
        ndis.initialize(&self.adapter).unwrap_or_else(|status| panic!("initialize again: {status:#010x}"));
        self.start();
    }

    /// Waits until the link is up or down.
    #[track_caller]
    pub fn wait_for_link(&self, up: bool) {
        let wanted = if up { c::MediaConnectStateConnected } else { c::MediaConnectStateDisconnected };
        wait("the link's state", || self.adapter.link.get().connected == wanted);
    }

    /// Plugs the cable in or pulls it.
    pub fn set_link(&self, up: bool) {
        self.far.plug(&self.system, up);
    }

    /// Pauses and waits for it; whether it pended.
    pub fn pause(&self) -> bool {
        world().ndis.pause(&self.adapter, c::NDIS_PAUSE_NDIS_INTERNAL).pended
    }

    /// Pauses on another thread.
    #[track_caller]
    pub fn begin_pause(&self) -> Task<bool> {
        let rig = self.clone();
        let task = Task::start("pauser", 1, move || rig.pause());
        wait("MiniportPause", || self.adapter.state() == State::Pausing || task.is_over());
        task
    }

    /// Restarts.
    #[track_caller]
    pub fn restart(&self) {
        world()
            .ndis
            .restart(&self.adapter)
            .unwrap_or_else(|status| panic!("MiniportRestart returned {status:#010x}"));
    }

    /// Resets, and wants it to succeed.
    #[track_caller]
    pub fn reset(&self) {
        let status = world().ndis.reset(&self.adapter);
        assert_eq!(status, c::NDIS_STATUS_SUCCESS, "the reset ended with {status:#010x}");
        self.flush();
    }

    /// Sets the packet filter.
    #[track_caller]
    pub fn set_filter(&self, filter: u32) {
        let answer = world().ndis.set(&self.adapter, c::OID_GEN_CURRENT_PACKET_FILTER, &filter.to_le_bytes());
        assert_eq!(answer.status, c::NDIS_STATUS_SUCCESS, "packet filter {filter:#x}");
        self.flush();
    }

    /// Sends frames, each in its own NBL and in the next odd shape, as one chain.
    pub fn send(&self, frames: &[Vec<u8>]) {
        let list: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        self.port.send(&self.adapter, &list);
    }

    /// Gives sends to the driver in a state in which NDIS itself would complete them: they may be on their way already
    /// when a pause begins.
    pub fn send_to_driver(&self, frames: &[Vec<u8>]) {
        let build = |frame: &Vec<u8>| frames::build(&[(frame, Shape::flat(frame.len()))], 0).expect("memory");
        let chain: Vec<_> = frames.iter().map(build).collect();
        self.port.out.set(self.port.out.get() + chain.len());
        for nbl in &chain {
            nbl.set(NET_BUFFER_LIST::SourceHandle, self.adapter.handle);
        }
        world().ndis.hand_down(&self.adapter, &chain);
    }

    /// Waits for so many frames at the far end, and takes them.
    #[track_caller]
    pub fn wire_frames(&self, count: usize) -> Vec<Vec<u8>> {
        let far = &self.far;
        assert!(
            within(PATIENCE, "frames on the wire", || far.received.borrow().len() >= count),
            "{} of {count} frames on the wire; completions {:?}; {}",
            far.received.borrow().len(),
            self.port.completed.borrow(),
            self.describe(),
        );
        far.take()
    }

    /// Waits for so many frames at the protocol, and takes them.
    #[track_caller]
    pub fn port_frames(&self, count: usize) -> Vec<Vec<u8>> {
        let port = &self.port;
        assert!(
            within(PATIENCE, "frames at the protocol", || port.received.borrow().len() >= count),
            "{} of {count} frames at the protocol; {}",
            port.received.borrow().len(),
            self.describe(),
        );
        port.received.borrow_mut().drain(..).collect()
    }

    /// Waits until no send, no receive, no indication and no DPC is on its way.
    #[track_caller]
    pub fn settle(&self) {
        let adapter = &self.adapter;
        wait("outstanding NBLs and DPCs", || {
            adapter.outstanding() == (0, 0)
                && adapter.indicating.get() == 0
                && adapter.in_dpc.borrow().is_empty()
        });
    }

    /// Waits until QEMU has taken, and dealt with, every frame that was sent to the NIC.
    #[track_caller]
    pub fn drain_wire(&self) {
        assert!(
            within(PATIENCE, "QEMU to take the frames", || self.far.is_drained()),
            "QEMU does not take the frames; {}",
            self.describe()
        );
        // It takes one and deals with it before it answers.
        self.flush();
    }

    /// Waits until the NIC has seen every register write: they are posted, and frames take another way.
    pub fn flush(&self) {
        let _ = self.read(register::CTRL);
    }

    /// A frame each way, contents compared. The numbers say which.
    #[track_caller]
    pub fn round_trip(&self, number: u32) {
        let (out, back) =
            (frame::outgoing(number, 60 + number as usize % 1000), frame::incoming(number, LONGEST));
        self.send(std::slice::from_ref(&out));
        frame::assert_all_same("round trip, wire", &self.wire_frames(1), &[out]);
        self.far.send([back.clone()]);
        frame::assert_all_same("round trip, protocol", &self.port_frames(1), &[back]);
        self.settle();
    }

    /// What NIC and adapter look like, for a failure.
    pub fn describe(&self) -> String {
        use register::{ICS, IMS, RCTL, RDH, RDT, STATUS, TCTL, TDH, TDT};
        let names = ["STATUS", "RCTL", "RDH", "RDT", "TCTL", "TDH", "TDT", "ICS", "IMS"];
        let offsets = [STATUS, RCTL, RDH, RDT, TCTL, TDH, TDT, ICS, IMS];
        let nic: Vec<String> = names
            .iter()
            .zip(offsets)
            .map(|(name, offset)| format!("{name} {:x}", self.read(offset)))
            .collect();
        let adapter = &self.adapter;
        let (dpcs, counts) = (adapter.in_dpc.borrow().clone(), adapter.counts());
        let mut command_and_status = [0; 4];
        adapter.device.hardware.config_read(4, &mut command_and_status);
        format!(
            "{} {:?}, in DPCs {dpcs:?}, {counts:?}; PCI {command_and_status:02x?} {}, line asserted {}",
            adapter.state(),
            adapter.outstanding(),
            nic.join(" "),
            adapter.device.hardware.line_asserted(),
        )
    }

    /// Reads a register behind the driver's back.
    pub fn read(&self, offset: u64) -> u32 {
        self.adapter.device.hardware.read(0, offset, 4) as u32
    }

    /// Writes a register behind the driver's back.
    pub fn write(&self, offset: u64, value: u32) {
        self.adapter.device.hardware.write(0, offset, 4, value.into());
    }

    /// The transmitter stops, or goes on with what is on its ring.
    pub fn run_transmitter(&self, run: bool) {
        let control = self.read(register::TCTL);
        self.write(
            register::TCTL,
            if run { control | register::ENABLE } else { control & !register::ENABLE },
        );
    }

    /// Completions with a status so far.
    pub fn completions(&self, status: u32) -> u64 {
        self.port.completed.borrow().get(&status).copied().unwrap_or(0)
    }

    /// How the adapter interrupts.
    pub fn interrupts(&self) -> InterruptMode {
        match self.adapter.device.granted_messages() {
            0 => InterruptMode::Line,
            count => InterruptMode::Messages(count),
        }
    }

    /// A statistics OID of 64 bits.
    #[track_caller]
    pub fn statistic(&self, oid: u32) -> u64 {
        let answer = world().ndis.query(&self.adapter, oid, 8);
        assert_eq!(answer.status, c::NDIS_STATUS_SUCCESS, "OID {oid:#010x}");
        answer.data.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}
