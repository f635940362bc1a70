//! Tests against the QEMU that is installed.

mod life;
mod nic;
mod traffic;

use super::*;
use crate::{
    bus::{
        self, ConfigSpace as _, PciDevice as _, PciFunction, Pin, assign, command, enumerate, update_command,
    },
    device::{Backend, Interrupt, MessageId, Registers},
};
use process::readable_within;

/// Longer than anything here may take, however busy the machine is.
const BOUND: Duration = Duration::from_secs(10);

/// A machine of these NICs with 8 MiB of low and 2 GiB of high memory.
fn machine(nics: Vec<Nic>) -> Machine {
    let ram = Ram::new(8 << 20, 2 << 30).unwrap();
    Machine::start(&Config { nics, ..Config::default() }, &ram).unwrap_or_else(|error| panic!("{error}"))
}

fn model(name: &str) -> Nic {
    Nic { model: name.into(), ..Nic::default() }
}

/// Places the function of a NIC and turns it on.
fn place(machine: &mut Machine, nic: usize) -> PciFunction {
    let at = machine.nics()[nic];
    let mut function = PciFunction::read(machine, at).unwrap().expect("the NIC is on the bus");
    let mut windows = machine.windows();
    // Apart from the other NICs.
    windows.memory.start += (nic as u64) << 24;
    windows.ports.start += (nic as u64) << 8;
    assign(machine, &mut function, &mut windows).unwrap();
    update_command(machine, at, command::IO | command::MEMORY | command::MASTER, 0).unwrap();
    function
}

/// Sleeps until something is reported that `wanted` accepts, and returns everything up to then.
fn wait_for(machine: &mut Machine, wanted: impl Fn(&Interrupt) -> bool) -> Vec<Interrupt> {
    let since = Instant::now();
    let mut happened = Vec::new();
    while !happened.iter().any(&wanted) {
        let left = BOUND.saturating_sub(since.elapsed());
        let woken = readable_within(machine.poll_fd(), left).unwrap();
        assert!(woken, "nothing but {happened:?} within {BOUND:?}");
        machine.interrupts(&mut happened).unwrap();
    }
    happened
}

fn is_message(id: MessageId) -> impl Fn(&Interrupt) -> bool {
    move |interrupt| matches!(interrupt, Interrupt::Message { id: other, .. } if *other == id)
}

fn is_line(line: u32, asserted: bool) -> impl Fn(&Interrupt) -> bool {
    move |interrupt| *interrupt == Interrupt::Line { line, asserted }
}

#[test]
fn nics_are_found_with_their_identifiers_and_windows() {
    let mut machine = machine(vec![model("e1000e"), model("e1000")]);
    assert!(machine.version() >= Version::MINIMUM);
    let functions = enumerate(&mut machine).unwrap();
    let found: Vec<_> = functions.iter().filter(|f| f.class.base == 2).collect();
    assert_eq!(found.iter().map(|f| f.at).collect::<Vec<_>>(), machine.nics());
    let [e1000e, e1000] = found[..] else { panic!("{found:?}") };
    assert_eq!(e1000e.hardware_ids()[1], r"PCI\VEN_8086&DEV_10D3&SUBSYS_00008086");
    assert_eq!(e1000.hardware_ids()[3], r"PCI\VEN_8086&DEV_100E&CC_0200");
    let sizes = |f: &PciFunction| f.bars.iter().map(|bar| (bar.index, bar.size)).collect::<Vec<_>>();
    assert_eq!(sizes(e1000e), [(0, 0x2_0000), (1, 0x2_0000), (2, 32), (3, 0x4000)]);
    assert_eq!(sizes(e1000), [(0, 0x2_0000), (1, 64)]);
    assert_eq!((e1000e.msix().unwrap().vectors, e1000e.msix().unwrap().table_bar), (5, 3));
    assert!(e1000e.msi().is_some() && e1000.msi().is_none());
    // Advanced error reporting and the serial number; only PCI Express has a place for them.
    assert_eq!(e1000e.extended.iter().map(|c| c.id).collect::<Vec<_>>(), [1, 3]);
    assert!(e1000.extended.is_empty());
    assert!(functions.iter().all(|f| f.vendor != 0x1AF4), "the doorbell is not for others");
}

#[test]
fn registers_answer_in_memory_and_through_ports() {
    let mut machine = machine(vec![model("e1000e")]);
    let function = place(&mut machine, 0);
    let before = machine.counters();
    let mut nic = Registers::new(&mut machine, &function);
    // The receive address holds the configured MAC.
    assert_eq!(nic.mmio_read(0, 0x5400, 4).unwrap(), 0x1200_5452);
    assert_eq!(nic.mmio_read(0, 0x5404, 2).unwrap(), 0x5634);
    // IOADDR and IODATA lead to the same registers.
    nic.mmio_write(2, 0, 4, 0x5400).unwrap();
    assert_eq!(nic.mmio_read(2, 4, 4).unwrap(), 0x1200_5452);
    nic.mmio_write(0, 0x2800, 4, 0xABCD_EF00).unwrap();
    assert_eq!(nic.mmio_read(0, 0x2800, 4).unwrap(), 0xABCD_EF00, "a read comes after the writes before it");
    for (bar, offset, size) in [(4, 0, 4), (0, 0x1_FFFE, 4), (0, u64::MAX, 4), (0, 0, 3), (2, 0, 8)] {
        let error = nic.mmio_read(bar, offset, size).unwrap_err();
        assert!(matches!(error, Error::Access { .. }), "{error}");
    }
    let after = machine.counters();
    assert_eq!((after.reads - before.reads, after.writes - before.writes), (4, 2));
}

#[test]
fn posted_writes_arrive_in_order_and_drain() {
    let mut machine = machine(vec![model("e1000e")]);
    let function = place(&mut machine, 0);
    let base = function.bar(0).unwrap().base.unwrap();
    let rdbal0 = base + 0x2800;
    for round in 0..500 {
        machine.memory_write(rdbal0, 4, round << 8).unwrap();
    }
    assert_eq!(machine.memory_read(rdbal0, 4).unwrap(), 499 << 8);
    machine.memory_write(rdbal0, 4, 0x100).unwrap();
    machine.drain().unwrap();
    // Nothing is left to be acknowledged: nothing would wake a sleeper.
    let mut happened = Vec::new();
    machine.interrupts(&mut happened).unwrap();
    assert!(!readable_within(machine.poll_fd(), Duration::ZERO).unwrap());
    assert_eq!(happened, []);
}

#[test]
fn messages_run_out_and_come_back() {
    let ram = Ram::new(4 << 20, 0).unwrap();
    let config = Config { messages: 3, ..Config::default() };
    let mut machine = Machine::start(&config, &ram).unwrap();
    let taken: Vec<_> = (0..3).map(|_| machine.allocate_message().unwrap()).collect();
    assert!(matches!(machine.allocate_message(), Err(Error::NoMessage(3))));
    assert!(taken.iter().all(|(_, message)| message.data <= 0xFFFF), "MSI carries 16 bits");
    let (id, message) = taken[1];
    machine.memory_write(message.address, 4, message.data.into()).unwrap();
    machine.drain().unwrap();
    machine.free_message(id);
    machine.free_message(taken[2].0);
    assert_eq!(machine.allocate_message().unwrap(), (id, message));
    let mut happened = Vec::new();
    machine.interrupts(&mut happened).unwrap();
    assert_eq!(happened, [], "what fired for the old owner is not for the new one");
}

#[test]
fn a_line_is_raised_and_lowered() {
    let mut machine = machine(vec![model("e1000e"), model("e1000")]);
    for index in 0..2 {
        let function = place(&mut machine, index);
        let base = function.bar(0).unwrap().base.unwrap();
        let line = machine.interrupt_line(function.at, function.pin.unwrap());
        assert!(!machine.line_asserted(line));
        machine.memory_write(base + 0xD0, 4, 0x4).unwrap(); // IMS: LSC
        machine.memory_write(base + 0xC8, 4, 0x4).unwrap(); // ICS: LSC
        let happened = wait_for(&mut machine, is_line(line, true));
        assert_eq!(happened, [Interrupt::Line { line, asserted: true }]);
        assert!(machine.line_asserted(line));
        // The change arrives along with the answer to a read, and has to wake a sleeper all the same.
        assert_ne!(machine.memory_read(base + 0xC0, 4).unwrap() & 0x4, 0, "ICR names LSC");
        wait_for(&mut machine, is_line(line, false));
        assert!(!machine.line_asserted(line));
        machine.drain().unwrap();
        machine.interrupts(&mut Vec::new()).unwrap();
        assert!(!readable_within(machine.poll_fd(), Duration::ZERO).unwrap(), "all was reported");
    }
    let lines: Vec<_> = machine.nics().iter().map(|&at| machine.interrupt_line(at, Pin::IntA)).collect();
    assert_ne!(lines[0], lines[1]);
}

#[test]
fn msi_is_a_message_too() {
    let mut machine = machine(vec![model("e1000e")]);
    let function = place(&mut machine, 0);
    let base = function.bar(0).unwrap().base.unwrap();
    let (id, message) = machine.allocate_message().unwrap();
    bus::enable_msi(&mut machine, function.at, function.msi().unwrap(), message).unwrap();
    machine.memory_write(base + 0xD0, 4, 0x4).unwrap();
    machine.memory_write(base + 0xC8, 4, 0x4).unwrap();
    wait_for(&mut machine, is_message(id));
    bus::disable_messages(&mut machine, &function).unwrap();
    let line = machine.interrupt_line(function.at, function.pin.unwrap());
    machine.memory_write(base + 0xC8, 4, 0x4).unwrap();
    wait_for(&mut machine, is_line(line, true));
}

#[test]
fn a_reset_returns_to_power_on() {
    let mut machine = machine(vec![model("e1000e")]);
    let function = place(&mut machine, 0);
    machine.reset().unwrap();
    let again = PciFunction::read(&mut machine, function.at).unwrap().unwrap();
    assert!(again.bars.iter().all(|bar| bar.base.is_none()), "{again:?}");
    assert_eq!(machine.status().unwrap(), "running");
    let (id, message) = machine.allocate_message().unwrap();
    machine.memory_write(message.address, 4, message.data.into()).unwrap();
    wait_for(&mut machine, is_message(id));
}

#[test]
fn the_installed_qemu_offers_the_82574l() {
    let offers = offers(Path::new(PROGRAM)).unwrap();
    assert!(offers.version >= Version::MINIMUM);
    let nic = offers.nics.iter().find(|offer| offer.model == "e1000e").expect("e1000e");
    assert!(nic.description.as_deref().is_some_and(|words| words.contains("82574L")));
    let function = nic.function.as_ref().expect("it can be plugged in");
    assert_eq!((function.vendor, function.device), (0x8086, 0x10D3));
    assert!(offers.nics.iter().filter(|offer| offer.function.is_some()).count() >= 5);
}
