//! More frames than the rings hold, both ways.

use crate::common::{
    frame::{assert_all_same, incoming, outgoing},
    rig::{Rig, play, register, setup_with, wait},
};
use ferrite_host::{
    abi::{NET_BUFFER_LIST, constants as c},
    ndis::nbl::Nbl,
    net::{Hold, Shape, frames},
    world::world,
};

/// The smallest rings that the driver allows.
const SMALL: [(&str, &str); 2] = [("*TransmitBuffers", "80"), ("*ReceiveBuffers", "80")];
/// Frames in a burst: many times a small ring.
const BURST: u32 = 1200;

fn burst(len: impl Fn(u32) -> usize) -> Vec<Vec<u8>> {
    (0..BURST).map(|i| outgoing(i, len(i))).collect()
}

/// NDIS-SEND-01, -02, -05: bursts of many times the transmit ring, in one chain and in many, are queued: nothing is
/// dropped, nothing fails, the order is kept.
#[test]
fn bursts_out_are_queued() {
    play(&setup_with(&SMALL), |rig| {
        assert!(rig.read(register::TDLEN) / 16 < 100);
        let frames = burst(|i| 60 + i as usize % 1400);
        for chain in [1, 7, 80, 81, 500, frames.len()] {
            frames.chunks(chain).for_each(|chain| rig.send(chain));
            assert_all_same("on the wire", &rig.wire_frames(frames.len()), &frames);
            rig.settle();
        }
        assert_eq!(rig.port.failed(), 0);
        assert_eq!(rig.completions(c::NDIS_STATUS_SUCCESS), 6 * u64::from(BURST));
    });
}

/// NDIS-SEND-01, -02: with the transmitter standing still everything is accepted and nothing completed; it all leaves
/// when the transmitter goes on.
#[test]
fn a_ring_that_stands_still_fills_and_empties() {
    play(&setup_with(&SMALL), |rig| {
        for _ in 0..2 {
            rig.run_transmitter(false);
            let frames = burst(|i| 14 + i as usize % 1500);
            rig.send(&frames);
            // Every shape takes descriptors of its own: the ring is full in the hardware's eyes too.
            let (head, tail, len) =
                (rig.read(register::TDH), rig.read(register::TDT), rig.read(register::TDLEN) / 16);
            assert!(
                (tail + len - head) % len > len / 2,
                "only {} of {len} descriptors in use",
                (tail + len - head) % len
            );
            assert_eq!(rig.adapter.outstanding().0, frames.len(), "completed while nothing moves");
            assert!(rig.far.take().is_empty());
            rig.run_transmitter(true);
            let expected: Vec<Vec<u8>> =
                frames.iter().map(|frame| crate::common::frame::padded(frame)).collect();
            assert_all_same("on the wire", &rig.wire_frames(frames.len()), &expected);
            rig.settle();
        }
        assert_eq!(rig.port.failed(), 0);
    });
}

/// A frame in its own NBL with a cancel id.
fn with_id(frame: &[u8], id: u64) -> Nbl {
    let nbl = frames::build(&[(frame, Shape::odd(frame.len(), id))], id).expect("memory");
    let info = nbl.at(&NET_BUFFER_LIST::NetBufferListInfo) + 8 * u64::from(c::NetBufferListCancelId);
    ferrite_host::abi::write(info, id);
    nbl
}

/// NDIS-CANCEL-01, -02: of the queued sends those with the id come back with NDIS_STATUS_SEND_ABORTED, before the call
/// has ended; the others, and what the hardware had already, leave in order.
#[test]
fn cancelled_sends_come_back() {
    const IDS: u64 = 3;
    play(&setup_with(&SMALL), |rig| {
        rig.port.keep_order.set(true);
        rig.run_transmitter(false);
        let frames = burst(|_| 100);
        let chain: Vec<Nbl> =
            frames.iter().enumerate().map(|(i, f)| with_id(f, 1 + i as u64 % IDS)).collect();
        chain.chunks(100).for_each(|chain| rig.port.send_built(&rig.adapter, chain));
        world().ndis.cancel_sends(&rig.adapter, 99);
        assert_eq!(rig.completions(c::NDIS_STATUS_SEND_ABORTED), 0, "an id that nobody has");
        world().ndis.cancel_sends(&rig.adapter, 2);
        let aborted = rig.completions(c::NDIS_STATUS_SEND_ABORTED);
        let each = u64::from(BURST) / IDS;
        assert!(aborted > each / 2 && aborted <= each, "{aborted} of {each} came back");
        assert!(rig.port.order.borrow().iter().all(|&id| id == 2), "another id was cancelled");
        world().ndis.cancel_sends(&rig.adapter, 2);
        assert_eq!(rig.completions(c::NDIS_STATUS_SEND_ABORTED), aborted, "cancelled twice");
        rig.run_transmitter(true);
        let left = frames.len() - aborted as usize;
        let wire = rig.wire_frames(left);
        rig.settle();
        assert_eq!(wire.len(), left);
        // Those with id 2 that leave were the hardware's: the first of them.
        let gone = (each - aborted) as usize;
        let keep = |(i, _): &(usize, &Vec<u8>)| i % IDS as usize != 1 || i / (IDS as usize) < gone;
        let expected: Vec<Vec<u8>> = frames.iter().enumerate().filter(keep).map(|(_, f)| f.clone()).collect();
        assert_all_same("on the wire", &wire, &expected);
        assert_eq!(rig.port.failed(), aborted);
        rig.round_trip(1);
    });
}

/// NDIS-RECV-04 to -07: a protocol that keeps every receive starves nobody. When buffers run short frames are indicated
/// with NDIS_RECEIVE_FLAGS_RESOURCES and are back when the call returns; everything arrives in order, and once the
/// protocol returns what it holds, receives are its own again.
#[test]
fn a_protocol_that_keeps_everything_starves_nobody() {
    play(&setup_with(&SMALL), |rig: &Rig| {
        for round in 0..3 {
            rig.port.hold.set(Hold::Everything);
            let before = rig.adapter.counts();
            let frames: Vec<Vec<u8>> = (0..BURST).map(|i| incoming(i, 60 + i as usize)).collect();
            rig.far.send(frames.clone());
            assert_all_same("at the protocol", &rig.port_frames(frames.len()), &frames);
            wait("the last indication", || rig.adapter.indicating.get() == 0);
            let now = rig.adapter.counts();
            let (held, lent) = (rig.port.held(), (now.resources - before.resources) as usize);
            assert_eq!(held + lent, frames.len());
            assert!(held >= 32, "only {held} receives before buffers run short");
            assert!(lent > 0, "more than {held} buffers?");
            assert_eq!(rig.statistic(c::OID_GEN_RCV_ERROR), 0);

            rig.port.hold.set(Hold::Nothing);
            // In two halves, the newest first.
            rig.port.release(&rig.adapter, held / 2);
            rig.port.release(&rig.adapter, held);
            let before = rig.adapter.counts();
            let frames: Vec<Vec<u8>> = (0..60).map(|i| incoming(i + round, 700)).collect();
            rig.far.send(frames.clone());
            assert_all_same("afterwards", &rig.port_frames(60), &frames);
            assert_eq!(rig.adapter.counts().resources, before.resources, "still lent");
            rig.settle();
        }
    });
}

/// NDIS-RECV-07: receives come back late, in odd groups and from another CPU, while new ones come in.
#[test]
fn receives_come_back_late_and_mixed() {
    play(&setup_with(&SMALL), |rig: &Rig| {
        use crate::common::rig::Task;
        use std::{cell::Cell, rc::Rc};
        rig.port.hold.set(Hold::Late);
        let stop = Rc::new(Cell::new(false));
        let (returner, flag) = (rig.clone(), Rc::clone(&stop));
        let returner = Task::start("returner", 1, move || {
            let mut group = 1;
            while !flag.get() || returner.port.held() > 0 {
                returner.port.release(&returner.adapter, group);
                group = group % 11 + 1;
                world().sched.sleep(std::time::Duration::from_micros(50));
            }
        });
        for _ in 0..3 {
            let frames: Vec<Vec<u8>> = (0..BURST).map(|i| incoming(i, 60 + i as usize)).collect();
            rig.far.send(frames.clone());
            assert_all_same("at the protocol", &rig.port_frames(frames.len()), &frames);
        }
        rig.port.hold.set(Hold::Nothing);
        stop.set(true);
        returner.join();
        rig.settle();
    });
}
