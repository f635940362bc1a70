//! The link: what the driver says of it, and what it does without one.

use crate::common::{
    frame::outgoing,
    rig::{Rig, play, setup, wait},
};
use ferrite_host::{abi::constants as c, ndis::adapter::Link, world::world};

/// Link states as they were indicated: MediaConnectState of each NDIS_STATUS_LINK_STATE.
fn indicated(rig: &Rig) -> Vec<u32> {
    let statuses = rig.port.statuses.borrow();
    let links = statuses.iter().filter(|status| status.code == c::NDIS_STATUS_LINK_STATE);
    links.map(|status| status.data[4..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))).collect()
}

/// NDIS-STAT-01, -02: each change of the link is indicated once, with its speed and duplex mode.
#[test]
fn every_change_is_indicated_once() {
    play(&setup(), |rig| {
        let up = Link {
            connected: c::MediaConnectStateConnected,
            duplex: c::MediaDuplexStateFull,
            speed: 1_000_000_000,
        };
        assert_eq!(rig.adapter.link.get(), up);
        rig.port.statuses.borrow_mut().clear();
        let mut expected = Vec::new();
        for _ in 0..3 {
            rig.set_link(false);
            rig.wait_for_link(false);
            rig.set_link(true);
            rig.wait_for_link(true);
            assert_eq!(rig.adapter.link.get(), up);
            expected.extend([c::MediaConnectStateDisconnected, c::MediaConnectStateConnected]);
        }
        rig.round_trip(1);
        assert_eq!(indicated(rig), expected);
    });
}

/// NDIS-SEND-01, -02: sends without a link are completed, with whatever status, and do not hold a pause up; with the
/// link back frames flow again.
#[test]
fn sends_without_a_link_come_back() {
    play(&setup(), |rig| {
        rig.set_link(false);
        rig.wait_for_link(false);
        let frames: Vec<Vec<u8>> = (0..1000).map(|i| outgoing(i, 60 + i as usize)).collect();
        frames.chunks(50).for_each(|chain| rig.send(chain));
        wait("sends without a link", || rig.port.out.get() == 0);
        assert_eq!(rig.port.completed.borrow().values().sum::<u64>(), 1000);
        rig.pause();
        rig.restart();
        rig.set_link(true);
        rig.wait_for_link(true);
        rig.far.take();
        rig.round_trip(1);
    });
}

/// NDIS-STAT-04, NDIS-OID-09, -17: OID_GEN_LINK_PARAMETERS negotiates anew without keeping NDIS waiting, and the link
/// comes back as before.
#[test]
fn link_parameters_negotiate_anew() {
    play(&setup(), |rig| {
        for _ in 0..2 {
            let mut parameters = vec![0; c::NDIS_SIZEOF_LINK_PARAMETERS_REVISION_1 as usize];
            parameters[0] = c::NDIS_OBJECT_TYPE_DEFAULT as u8;
            parameters[1] = 1;
            parameters[2] = parameters.len() as u8;
            let all = c::NDIS_LINK_STATE_XMIT_LINK_SPEED_AUTO_NEGOTIATED
                | c::NDIS_LINK_STATE_RCV_LINK_SPEED_AUTO_NEGOTIATED
                | c::NDIS_LINK_STATE_DUPLEX_AUTO_NEGOTIATED
                | c::NDIS_LINK_STATE_PAUSE_FUNCTIONS_AUTO_NEGOTIATED;
            parameters[28..32].copy_from_slice(&all.to_le_bytes());
            let answer = world().ndis.set(&rig.adapter, c::OID_GEN_LINK_PARAMETERS, &parameters);
            assert_eq!(
                (answer.status, answer.done, answer.revision),
                (c::NDIS_STATUS_SUCCESS, parameters.len() as u32, 1)
            );
            rig.wait_for_link(true);
            // It may drop only now, for negotiating; then it comes back.
            let frames: Vec<Vec<u8>> = (0..4).map(|i| outgoing(i, 100)).collect();
            crate::common::rig::eventually("a frame on the wire", || {
                rig.send(&frames[..1]);
                wait("its completion", || rig.port.out.get() == 0);
                !rig.far.take().is_empty()
            });
        }
        rig.far.take();
        rig.round_trip(1);
    });
}
