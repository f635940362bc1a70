//! Low power and back.

use crate::common::{
    frame::{incoming, outgoing},
    rig::{Rig, play, register, setup, wait},
};
use ferrite_host::{abi::constants as c, world::world};

#[track_caller]
pub fn set_power(rig: &Rig, state: u32) {
    let query = world().ndis.request(
        &rig.adapter,
        c::NdisRequestQueryInformation,
        c::OID_PNP_QUERY_POWER,
        &state.to_le_bytes(),
    );
    assert_eq!(query.status, c::NDIS_STATUS_SUCCESS, "NDIS-PM-01");
    let set = world().ndis.set(&rig.adapter, c::OID_PNP_SET_POWER, &state.to_le_bytes());
    assert_eq!(set.status, c::NDIS_STATUS_SUCCESS, "NDIS-PM-02");
    rig.flush();
}

/// NDIS-PM-01 to -05, NDIS-STAT-03: paused, D3, D0, restarted; in D3 the device neither interrupts nor does DMA, sends
/// are refused, and the link is unknown. Afterwards filter, list and address are as before.
#[test]
fn d3_and_back() {
    play(&setup(), |rig| {
        let group = [0x01, 0x00, 0x5E, 0x01, 0x02, 0x03];
        world().ndis.set(&rig.adapter, c::OID_802_3_MULTICAST_LIST, &group);
        for round in 0..3 {
            rig.round_trip(round);
            rig.pause();
            set_power(rig, c::NdisDeviceStateD3);
            assert_eq!(rig.adapter.link.get().connected, c::MediaConnectStateUnknown);
            assert_eq!(rig.read(register::RCTL) & register::ENABLE, 0, "the receiver is on in D3");
            assert_eq!(rig.read(register::TCTL) & register::ENABLE, 0, "the transmitter is on in D3");
            assert_eq!(rig.read(register::IMS), 0, "interrupts are on in D3");
            // MiniportCheckForHangEx and statistics do not disturb a device that sleeps.
            assert!(!world().ndis.check_for_hang(&rig.adapter));
            assert_eq!(
                world().ndis.query(&rig.adapter, c::OID_GEN_STATISTICS, 152).status,
                c::NDIS_STATUS_SUCCESS
            );
            set_power(rig, c::NdisDeviceStateD0);
            rig.wait_for_link(true);
            rig.restart();
            rig.far.send([crate::common::frame::frame(group, crate::common::frame::PEER, 77, 90)]);
            assert_eq!(rig.port_frames(1).len(), 1, "the multicast list is lost");
        }
        // A halt in D3, as at hibernation.
        rig.pause();
        set_power(rig, c::NdisDeviceStateD3);
        rig.bounce(c::NdisHaltDevicePoweredDown);
        rig.round_trip(9);
    });
}

/// NDIS-PM-04: going low, queued sends are completed with NDIS_STATUS_LOW_POWER_STATE, new ones refused.
#[test]
fn sends_in_low_power_are_refused() {
    play(&setup(), |rig| {
        rig.pause();
        set_power(rig, c::NdisDeviceStateD3);
        rig.send_to_driver(&[outgoing(1, 100), outgoing(2, 200)]);
        wait("the sends' completion", || rig.port.out.get() == 0);
        let refused =
            rig.completions(c::NDIS_STATUS_LOW_POWER_STATE) + rig.completions(c::NDIS_STATUS_PAUSED);
        assert_eq!(refused, 2, "{:?}", rig.port.completed.borrow());
        set_power(rig, c::NdisDeviceStateD0);
        rig.restart();
        rig.wait_for_link(true);
        rig.far.send([incoming(3, 60)]);
        rig.port_frames(1);
    });
}
