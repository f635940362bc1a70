//! The model is honest: image and traffic are the same on it and on QEMU.

use super::image;
use crate::common::{
    far::Far,
    frame::{LONGEST, incoming, outgoing},
    rig::{self, Rig},
};
use ferrite_host::{
    abi::constants as c,
    device::i82574::Config,
    system::System,
    world::{RegisterAccess, world},
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

/// What is to differ in the bring-up: the register, the bits of what is written to it that are not compared, and why.
const DIFFERENCES: &[(u64, u32, &str)] = &[
    (0x2800, 0x0FFF_F000, "RDBAL: where the machine's memory has the ring is the machine's affair"),
    (0x3800, 0x0FFF_F000, "TDBAL: the same"),
];

/// Statistics and other answers that depend on time.
const TIMED: &[u32] = &[];

/// What a run came to.
#[derive(Default)]
struct Record {
    bring_up: Vec<RegisterAccess>,
    wire: Vec<Vec<u8>>,
    protocol: Vec<Vec<u8>>,
    answers: BTreeMap<u32, (u32, Vec<u8>)>,
}

/// The one scenario.
fn live(system: &Rc<System>, far: &Rc<Far>, record: &RefCell<Record>) {
    world().register_log.replace(Some(Vec::new()));
    let rig = Rig::added(system, far);
    record.borrow_mut().bring_up = world().register_log.take().unwrap_or_default();
    rig.start();
    for number in 0..200 {
        let len = 14 + (number as usize * 97) % (LONGEST - 13);
        rig.send(&[outgoing(number, len)]);
        far.send([incoming(number, len.max(60))]);
    }
    let (wire, protocol) = (rig.wire_frames(200), rig.port_frames(200));
    rig.settle();
    let list = world().ndis.query(&rig.adapter, c::OID_GEN_SUPPORTED_LIST, 4096);
    let oids: Vec<u32> = list.data.as_chunks::<4>().0.iter().map(|oid| u32::from_le_bytes(*oid)).collect();
    assert!(!oids.is_empty(), "no OIDs");
    let answers = oids.into_iter().map(|oid| {
        let answer = world().ndis.query(&rig.adapter, oid, 4096);
        (oid, (answer.status, answer.data))
    });
    let answers = answers.collect();
    {
        let mut record = record.borrow_mut();
        (record.wire, record.protocol, record.answers) = (wire, protocol, answers);
    }
    rig.down();
}

fn on_qemu() -> Record {
    let record = Rc::new(RefCell::new(Record::default()));
    let kept = Rc::clone(&record);
    let ended = rig::attempt(&rig::setup(), move |system, far| live(system, far, &kept));
    assert!(ended.is_ok(), "{}", ended.unwrap_err());
    record.take()
}

fn on_the_model() -> Record {
    let record = Rc::new(RefCell::new(Record::default()));
    let kept = Rc::clone(&record);
    let ended =
        image::attempt(&image::setup(), Config::default(), move |system, far, _| live(system, far, &kept));
    assert!(ended.is_ok(), "{}", ended.unwrap_err());
    record.take()
}

/// The bring-up proper: up to the first time that interrupts are enabled. What follows is theirs.
fn until_enabled(accesses: &[RegisterAccess]) -> &[RegisterAccess] {
    const IMS: u64 = 0x00D0;
    let end = accesses.iter().position(|access| access.write && access.offset == IMS);
    &accesses[..=end.expect("interrupts are enabled")]
}

/// An access as far as it is to be the same: reads by their register, polls of one register as one, and writes by what
/// is written, but for the bits that are known to differ.
fn essence(accesses: &[RegisterAccess]) -> Vec<String> {
    let mut steps = Vec::new();
    for access in accesses {
        let step = if access.write {
            let known = DIFFERENCES.iter().filter(|(offset, ..)| *offset == access.offset);
            let differing = known.fold(0, |bits, (_, more, _)| bits | more);
            format!("write {:#06x} {:#010x}", access.offset, access.value as u32 & !differing)
        } else {
            format!("read {:#06x}", access.offset)
        };
        if access.write || steps.last() != Some(&step) {
            steps.push(step);
        }
    }
    steps
}

/// The same frames on the wire and at the protocol, the same answers to every OID, the same register accesses from
/// MiniportInitializeEx to its end.
#[test]
fn model_and_qemu_agree() {
    let (qemu, model) = (on_qemu(), on_the_model());
    assert!(qemu.wire == model.wire, "frames on the wire");
    assert!(qemu.protocol == model.protocol, "frames at the protocol");
    let (a, b) = (essence(until_enabled(&qemu.bring_up)), essence(until_enabled(&model.bring_up)));
    assert!(a.len() > 300, "{} accesses are no bring-up", a.len());
    let differ: Vec<String> = a
        .iter()
        .zip(&b)
        .enumerate()
        .filter(|(_, (a, b))| a != b)
        .map(|(at, (a, b))| format!("{at}: QEMU {a}, model {b}"))
        .collect();
    assert!(differ.is_empty() && a.len() == b.len(), "{} and {}: {differ:#?}", a.len(), b.len());
    assert_eq!(qemu.answers.keys().collect::<Vec<_>>(), model.answers.keys().collect::<Vec<_>>());
    let differ: Vec<String> = qemu
        .answers
        .iter()
        .filter(|(oid, answer)| !TIMED.contains(oid) && model.answers.get(oid) != Some(answer))
        .map(|(oid, answer)| format!("{oid:#010x}: QEMU {answer:x?}, model {:x?}", model.answers.get(oid)))
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}
