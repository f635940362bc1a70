//! Frames of every length, both ways, compared with what was on the wire.

use crate::common::{
    frame::{
        self, LONGEST, PEER, SHORTEST, STATION, assert_all_same, assert_same, incoming, outgoing, padded,
    },
    rig::{Rig, play, setup, wait},
};
use ferrite_host::{
    abi::{NET_BUFFER_LIST, constants as c},
    net::{Shape, frames},
};

/// Frames in an NBL, NBLs in a chain: no two lengths in a row are sent in the same grouping.
const GROUPS: [(usize, usize); 6] = [(1, 1), (3, 2), (1, 17), (5, 4), (2, 9), (11, 1)];

/// NDIS-SEND-01, -02, -05, -07; NDIS-DMA-03, -05 to -07, -09: frames of 1 to 1514 bytes, in odd MDL shapes, several to an NBL and
/// several NBLs to a chain, are on the wire in order, as they were, short ones padded with zeros to 60 bytes; every NBL
/// is completed once, with success.
#[test]
fn every_length_leaves() {
    play(&setup(), |rig| {
        let all: Vec<Vec<u8>> = (1..=LONGEST).map(|len| outgoing(len as u32, len)).collect();
        let (mut rest, mut turn, mut lists) = (all.as_slice(), 0, 0);
        while !rest.is_empty() {
            let (nbs, nbls) = GROUPS[turn % GROUPS.len()];
            let (now, later) = rest.split_at(rest.len().min(nbs * nbls));
            let chain: Vec<Vec<(&[u8], Shape)>> = now
                .chunks(nbs)
                .map(|nbl| nbl.iter().map(|f| (f.as_slice(), Shape::odd(f.len(), f.len() as u64))).collect())
                .collect();
            lists += chain.len() as u64;
            rig.port.send_shaped(&rig.adapter, &chain);
            (rest, turn) = (later, turn + 1);
        }
        let expected: Vec<Vec<u8>> = all.iter().map(|frame| padded(frame)).collect();
        assert_all_same("on the wire", &rig.wire_frames(LONGEST), &expected);
        rig.settle();
        assert_eq!(rig.completions(c::NDIS_STATUS_SUCCESS), lists);
        assert_eq!(rig.port.failed(), 0);
    });
}

/// NDIS-RECV-01 to -04, -07: frames of 1 to 1514 bytes (the NIC pads short ones to 60) are indicated in order, as they
/// were on the wire.
#[test]
fn every_length_arrives() {
    play(&setup(), |rig| {
        // A frame shorter than an address is for nobody: it takes a promiscuous filter to see it.
        rig.set_filter(c::NDIS_PACKET_TYPE_PROMISCUOUS);
        let all: Vec<Vec<u8>> = (1..=LONGEST).map(|len| incoming(len as u32, len)).collect();
        rig.far.send(all.clone());
        let expected: Vec<Vec<u8>> = all.iter().map(|frame| padded(frame)).collect();
        assert_all_same("at the protocol", &rig.port_frames(LONGEST), &expected);
        rig.settle();
        let counts = rig.adapter.counts();
        assert_eq!(counts.returned + counts.resources, counts.receives, "NBLs that did not come back");
    });
}

/// NDIS-SEND-06, -13: a frame longer than the NIC can send is refused with NDIS_STATUS_INVALID_LENGTH, and nothing of
/// its NBL is sent; its neighbours in the chain are.
#[test]
fn frames_that_are_too_long_are_refused() {
    play(&setup(), |rig| {
        let good = |number| outgoing(number, 100 + number as usize);
        let mut expected = Vec::new();
        let mut refused = 0;
        for (i, len) in [1515, 1516, 1518, 1522, 2048, 4096, 9018, 65535].into_iter().enumerate() {
            let i = i as u32 * 10;
            let (before, bad, after) = (good(i), outgoing(i, len), good(i + 1));
            let shape = |f: &[u8]| Shape::odd(f.len(), 3);
            // Alone, behind a good NB, and in front of one.
            rig.port.send_shaped(
                &rig.adapter,
                &[
                    vec![(&before[..], shape(&before))],
                    vec![(&bad[..], shape(&bad))],
                    vec![(&before[..], shape(&before)), (&bad[..], shape(&bad))],
                    vec![(&bad[..], shape(&bad)), (&before[..], shape(&before))],
                    vec![(&after[..], shape(&after))],
                ],
            );
            expected.extend([before, after]);
            refused += 3;
        }
        assert_all_same("on the wire", &rig.wire_frames(expected.len()), &expected);
        rig.settle();
        assert_eq!(rig.completions(c::NDIS_STATUS_INVALID_LENGTH), refused);
        assert_eq!(rig.port.failed(), refused);
        // Nothing of the refused ones follows.
        rig.round_trip(900);
    });
}

/// NDIS-SEND-02, -13: an NB that claims more bytes than its MDLs hold fails its NBL; nobody reads past the MDLs, and
/// the frames around it leave.
#[test]
fn an_nb_that_claims_more_than_it_holds_fails() {
    play(&setup(), |rig| {
        let frames_ = [outgoing(1, 200), outgoing(2, 400), outgoing(3, 300)];
        let build = |f: &Vec<u8>| frames::build(&[(f, Shape::odd(f.len(), 4))], 0).expect("memory");
        let chain: Vec<_> = frames_.iter().map(build).collect();
        let nb = ferrite_host::ndis::nbl::Nb::new(chain[1].get(NET_BUFFER_LIST::FirstNetBuffer));
        nb.set(ferrite_host::abi::NET_BUFFER::DataLength, 401 + 7);
        rig.port.send_built(&rig.adapter, &chain);
        assert_all_same("on the wire", &rig.wire_frames(2), &[frames_[0].clone(), frames_[2].clone()]);
        rig.settle();
        assert_eq!(rig.port.failed(), 1);
        rig.round_trip(4);
    });
}

/// Frames longer than Ethernet allows, which the NIC may let through, are dropped or indicated whole; what follows them
/// arrives.
#[test]
fn frames_that_are_too_long_do_not_disturb_the_receiver() {
    play(&setup(), |rig| {
        let mut good = Vec::new();
        for len in (LONGEST + 1..=1522).chain([1523, 2047, 2048, 2049, 4000, 9000, 16000]) {
            let mark = incoming(len as u32, 80);
            rig.far.send([incoming(0, len), mark.clone()]);
            good.push(mark);
        }
        let last = good.last().map(|last| frame::number(last));
        wait("the last frame", || {
            rig.port.received.borrow().back().is_some_and(|f| Some(frame::number(f)) == last)
        });
        let all = rig.port_frames(good.len());
        let (whole, marks): (Vec<_>, Vec<_>) = all.into_iter().partition(|f| frame::number(f) == 0);
        assert_all_same("the short ones", &marks, &good);
        for long in whole {
            assert_same("a long one", &long, &incoming(0, long.len()));
            assert!(long.len() <= 1522, "{} bytes", long.len());
        }
        rig.round_trip(1);
    });
}

/// NDIS-SEND-05: what one CPU sends leaves in its order, whatever others send meanwhile.
#[test]
fn every_cpu_keeps_its_order() {
    const EACH: u32 = 600;
    let mut setup = setup();
    setup.cpus = 3;
    play(&setup, |rig| {
        use crate::common::rig::Task;
        let senders: Vec<Task<()>> = (0..3_u32)
            .map(|cpu| {
                let rig: Rig = rig.clone();
                Task::start("sender", cpu as usize, move || {
                    for chunk in (0..EACH).collect::<Vec<_>>().chunks(7) {
                        let chain: Vec<Vec<u8>> = chunk
                            .iter()
                            .map(|&i| {
                                frame::frame(
                                    PEER,
                                    STATION,
                                    cpu << 16 | i,
                                    SHORTEST + (i as usize * 37) % 1400,
                                )
                            })
                            .collect();
                        rig.send(&chain);
                    }
                })
            })
            .collect();
        senders.into_iter().for_each(Task::join);
        let all = rig.wire_frames(3 * EACH as usize);
        for cpu in 0..3 {
            let of: Vec<u32> =
                all.iter().map(|f| frame::number(f)).filter(|n| n >> 16 == cpu).map(|n| n & 0xFFFF).collect();
            assert_eq!(of, (0..EACH).collect::<Vec<_>>(), "CPU {cpu}");
        }
        for bytes in all {
            assert_same("on the wire", &bytes, &outgoing(frame::number(&bytes), bytes.len()));
        }
        rig.settle();
        assert_eq!(rig.port.failed(), 0);
    });
}
