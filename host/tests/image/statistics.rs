//! Counters: frames and bytes by kind equal what was sent and received.

use crate::common::{
    frame::{self, BROADCAST, Mac, PEER, STATION},
    rig::{Rig, play, setup},
};
use ferrite_host::{
    abi::{NDIS_STATISTICS_INFO as Info, constants as c},
    net::{Shape, frames},
    world::world,
};

const GROUP: Mac = [0x01, 0x00, 0x5E, 0x00, 0x00, 0x07];

/// Frames and bytes of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flow {
    frames: u64,
    bytes: u64,
}

/// Directed, multicast, broadcast.
type Flows = [Flow; 3];

fn flows(sent: &[(usize, Vec<u8>)], length: impl Fn(&[u8]) -> usize) -> Flows {
    let mut flows = Flows::default();
    for (kind, frame) in sent {
        flows[*kind].frames += 1;
        flows[*kind].bytes += length(frame) as u64;
    }
    flows
}

/// Frames of the three kinds, of many lengths.
fn mixture(to_station: Mac, from: Mac) -> Vec<(usize, Vec<u8>)> {
    let to = [to_station, GROUP, BROADCAST];
    (0..240).map(|i| (i % 3, frame::frame(to[i % 3], from, i as u32, 20 + (i * 53) % 1490))).collect()
}

fn member(data: &[u8], offset: usize) -> u64 {
    data[offset..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// In and out, from OID_GEN_STATISTICS.
fn from_structure(rig: &Rig) -> (Flows, Flows) {
    let answer = world().ndis.query(
        &rig.adapter,
        c::OID_GEN_STATISTICS,
        c::NDIS_SIZEOF_STATISTICS_INFO_REVISION_1 as usize,
    );
    assert_eq!(answer.status, c::NDIS_STATUS_SUCCESS);
    let data = &answer.data;
    assert_eq!(data[..4], [c::NDIS_OBJECT_TYPE_DEFAULT as u8, 1, 152, 0], "header (NDIS-OID-14)");
    let flow = |frames: ferrite_host::abi::Field<Info, u64>, bytes: ferrite_host::abi::Field<Info, u64>| {
        Flow { frames: member(data, frames.offset()), bytes: member(data, bytes.offset()) }
    };
    let inward = [
        flow(Info::ifHCInUcastPkts, Info::ifHCInUcastOctets),
        flow(Info::ifHCInMulticastPkts, Info::ifHCInMulticastOctets),
        flow(Info::ifHCInBroadcastPkts, Info::ifHCInBroadcastOctets),
    ];
    let outward = [
        flow(Info::ifHCOutUcastPkts, Info::ifHCOutUcastOctets),
        flow(Info::ifHCOutMulticastPkts, Info::ifHCOutMulticastOctets),
        flow(Info::ifHCOutBroadcastPkts, Info::ifHCOutBroadcastOctets),
    ];
    let sum = |flows: Flows| flows.iter().map(|flow| flow.bytes).sum::<u64>();
    assert_eq!(member(data, Info::ifHCInOctets.offset()), sum(inward), "ifHCInOctets");
    assert_eq!(member(data, Info::ifHCOutOctets.offset()), sum(outward), "ifHCOutOctets");
    (inward, outward)
}

/// The same from the OIDs of old.
fn from_single_oids(rig: &Rig) -> (Flows, Flows) {
    let flow = |frames, bytes| Flow { frames: rig.statistic(frames), bytes: rig.statistic(bytes) };
    let inward = [
        flow(c::OID_GEN_DIRECTED_FRAMES_RCV, c::OID_GEN_DIRECTED_BYTES_RCV),
        flow(c::OID_GEN_MULTICAST_FRAMES_RCV, c::OID_GEN_MULTICAST_BYTES_RCV),
        flow(c::OID_GEN_BROADCAST_FRAMES_RCV, c::OID_GEN_BROADCAST_BYTES_RCV),
    ];
    let outward = [
        flow(c::OID_GEN_DIRECTED_FRAMES_XMIT, c::OID_GEN_DIRECTED_BYTES_XMIT),
        flow(c::OID_GEN_MULTICAST_FRAMES_XMIT, c::OID_GEN_MULTICAST_BYTES_XMIT),
        flow(c::OID_GEN_BROADCAST_FRAMES_XMIT, c::OID_GEN_BROADCAST_BYTES_XMIT),
    ];
    let frames = |flows: Flows| flows.iter().map(|flow| flow.frames).sum::<u64>();
    assert_eq!(rig.statistic(c::OID_GEN_RCV_OK), frames(inward), "OID_GEN_RCV_OK");
    assert_eq!(rig.statistic(c::OID_GEN_XMIT_OK), frames(outward), "OID_GEN_XMIT_OK");
    (inward, outward)
}

/// NDIS-OID-13 to -15: what was sent and received, by kind, in frames and bytes, from both sources, in both widths; a
/// reset and a pause lose nothing, a halt begins anew.
#[test]
fn frames_and_bytes_are_counted_by_kind() {
    play(&setup(), |rig| {
        let answer = world().ndis.set(&rig.adapter, c::OID_802_3_MULTICAST_LIST, &GROUP);
        assert_eq!(answer.status, c::NDIS_STATUS_SUCCESS);
        let (mut inward, mut outward) = (Flows::default(), Flows::default());
        assert_eq!(from_structure(rig), (inward, outward), "at the start");
        for round in 0..3 {
            let out = mixture(PEER, STATION);
            let sent: Vec<Vec<u8>> = out.iter().map(|(_, frame)| frame.clone()).collect();
            sent.chunks(17).for_each(|chain| rig.send(chain));
            rig.wire_frames(out.len());
            let back = mixture(STATION, PEER);
            rig.far.send(back.iter().map(|(_, frame)| frame.clone()));
            rig.port_frames(back.len());
            rig.settle();
            let add = |total: &mut Flows, more: Flows| {
                for (total, more) in total.iter_mut().zip(more) {
                    total.frames += more.frames;
                    total.bytes += more.bytes;
                }
            };
            // Received frames come padded from the wire; what is padded on the way out is not the protocol's.
            add(&mut inward, flows(&back, |frame| frame.len().max(frame::SHORTEST)));
            add(&mut outward, flows(&out, <[u8]>::len));
            assert_eq!(from_structure(rig), (inward, outward), "round {round}");
            assert_eq!(from_single_oids(rig), (inward, outward), "round {round}");
            let low = world().ndis.query(&rig.adapter, c::OID_GEN_BYTES_XMIT, 4);
            let total: u64 = outward.iter().map(|flow| flow.bytes).sum();
            assert_eq!((low.data, low.done, low.needed), ((total as u32).to_le_bytes().to_vec(), 4, 8));
            if round == 0 {
                rig.reset();
            } else {
                rig.pause();
                rig.restart();
            }
            rig.wait_for_link(true);
        }
        rig.pause();
        rig.bounce(c::NdisHaltDeviceStopped);
        assert_eq!(from_structure(rig), (Flows::default(), Flows::default()), "after a halt");
    });
}

/// NDIS-OID-14: frames that could not be sent are not among those sent, and are counted as errors or discards.
#[test]
fn what_is_not_sent_is_not_counted_as_sent() {
    play(&setup(), |rig| {
        let before = rig.statistic(c::OID_GEN_XMIT_OK);
        let cut_short = frame::outgoing(1, 500);
        let nbl = frames::build(&[(&cut_short, Shape::flat(500))], 0).expect("memory");
        let nb =
            ferrite_host::ndis::nbl::Nb::new(nbl.get(ferrite_host::abi::NET_BUFFER_LIST::FirstNetBuffer));
        nb.set(ferrite_host::abi::NET_BUFFER::DataLength, 501);
        rig.port.send_built(&rig.adapter, &[nbl]);
        rig.settle();
        assert_eq!(rig.port.failed(), 1);
        assert_eq!(rig.statistic(c::OID_GEN_XMIT_OK), before);
        assert_eq!(rig.statistic(c::OID_GEN_XMIT_ERROR), 1);
        rig.run_transmitter(false);
        rig.send(&(0..5).map(|i| frame::outgoing(i, 100)).collect::<Vec<_>>());
        rig.reset();
        rig.settle();
        assert_eq!(rig.statistic(c::OID_GEN_XMIT_OK), before);
        let lost = rig.statistic(c::OID_GEN_XMIT_ERROR) - 1 + rig.statistic(c::OID_GEN_XMIT_DISCARDS);
        assert_eq!(lost, 5, "frames that a reset has given up");
    });
}
