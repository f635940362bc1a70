//! Registry keywords, good ones and bad ones.

use crate::common::{
    frame::{self, Mac, PEER, STATION},
    rig::{Rig, machine, register, setup},
};
use ferrite_host::{abi::constants as c, pnp::Value, world::world};

/// Bytes of a descriptor.
const DESCRIPTOR: u32 = 16;
/// What the INF says, and what the driver falls back to.
const RECEIVE_DEFAULT: u32 = 256;
/// See `RECEIVE_DEFAULT`.
const TRANSMIT_DEFAULT: u32 = 512;
/// Every numeric keyword.
const NUMBERS: [&str; 5] =
    ["*ReceiveBuffers", "*TransmitBuffers", "*InterruptModeration", "*FlowControl", "*SpeedDuplex"];

/// Halts the adapter, which is paused, changes its keywords (`None` deletes), and initializes it again.
#[track_caller]
fn initialize_with(rig: &Rig, keywords: &[(&str, Option<Value>)]) {
    let world = world();
    world.ndis.halt(&rig.adapter, c::NdisHaltDeviceStopped);
    for (name, value) in keywords {
        let mut registry = world.registry.borrow_mut();
        let key = registry.key_mut(&rig.adapter.device.driver_key).expect("the driver key");
        match value {
            Some(value) => key.set(name, value.clone()),
            None => drop(key.delete_value(name)),
        }
    }
    let what: Vec<String> = keywords.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    world
        .ndis
        .initialize(&rig.adapter)
        .unwrap_or_else(|status| panic!("{}: {status:#010x}", what.join(", ")));
}

/// Ring lengths in descriptors, as the NIC has them.
fn rings(rig: &Rig) -> (u32, u32) {
    (rig.read(register::RDLEN) / DESCRIPTOR, rig.read(register::TDLEN) / DESCRIPTOR)
}

/// A ring for so many buffers: one descriptor stays empty, and rings have multiples of eight.
fn ring_for(buffers: u32) -> u32 {
    (buffers + 1).next_multiple_of(8)
}

fn moderation(rig: &Rig) -> u32 {
    let answer = world().ndis.query(&rig.adapter, c::OID_GEN_INTERRUPT_MODERATION, 12);
    assert_eq!(answer.status, c::NDIS_STATUS_SUCCESS);
    answer.data[8..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// An adapter that is initialized, and runs a round trip at the end.
fn prepared(body: impl FnOnce(&Rig) + 'static) {
    machine(&setup(), |system, far| {
        let rig = Rig::added(system, far);
        body(&rig);
        rig.start();
        rig.round_trip(1);
        rig.down();
    });
}

/// NDIS-CFG-01 to -06, NDIS-OID-19: values in range take effect.
#[test]
fn values_in_range_take_effect() {
    prepared(|rig| {
        for (receive, transmit, moderated) in [(80, 80, 0), (2048, 2048, 1), (88, 1000, 0)] {
            let value = |number: u32| Some(Value::sz(number.to_string()));
            initialize_with(
                rig,
                &[
                    ("*ReceiveBuffers", value(receive)),
                    ("*TransmitBuffers", value(transmit)),
                    ("*InterruptModeration", value(moderated)),
                ],
            );
            assert_eq!(rings(rig), (ring_for(receive), ring_for(transmit)));
            let on = if moderated == 1 {
                c::NdisInterruptModerationEnabled
            } else {
                c::NdisInterruptModerationDisabled
            };
            assert_eq!(moderation(rig), on);
        }
    });
}

/// NDIS-CFG-04: what is out of range, of the wrong type or no number at all falls back to the default.
#[test]
fn bad_values_fall_back_to_the_default() {
    prepared(|rig| {
        let bad = [
            Value::sz("79"),
            Value::sz("2049"),
            Value::sz("4294967295"),
            Value::sz("99999999999999999999"),
            Value::sz("-80"),
            Value::sz(""),
            Value::sz("many"),
            Value::Dword(7),
            Value::Dword(0xFFFF_FFFF),
            Value::Binary(vec![0x50, 0, 0, 0]),
            Value::Binary(Vec::new()),
            Value::MultiSz(vec!["80".into()]),
        ];
        for value in bad {
            let all = NUMBERS.map(|name| (name, Some(value.clone())));
            initialize_with(rig, &all);
            assert_eq!(rings(rig), (ring_for(RECEIVE_DEFAULT), ring_for(TRANSMIT_DEFAULT)), "{value:?}");
            assert_eq!(moderation(rig), c::NdisInterruptModerationEnabled, "{value:?}");
        }
    });
}

/// NDIS-CFG-04: what is not there falls back to the default.
#[test]
fn absent_values_fall_back_to_the_default() {
    prepared(|rig| {
        initialize_with(
            rig,
            &[("*ReceiveBuffers", Some(Value::sz("80"))), ("*TransmitBuffers", Some(Value::sz("80")))],
        );
        assert_eq!(rings(rig), (ring_for(80), ring_for(80)));
        initialize_with(rig, &NUMBERS.map(|name| (name, None)));
        assert_eq!(rings(rig), (ring_for(RECEIVE_DEFAULT), ring_for(TRANSMIT_DEFAULT)));
        assert_eq!(moderation(rig), c::NdisInterruptModerationEnabled);
    });
}

/// NDIS-CFG-06: every setting of *SpeedDuplex and *FlowControl brings a link up that carries frames.
#[test]
fn every_speed_and_flow_control() {
    prepared(|rig| {
        for (speed, flow) in [("1", "0"), ("2", "1"), ("3", "2"), ("4", "4"), ("6", "3")] {
            initialize_with(
                rig,
                &[("*SpeedDuplex", Some(Value::sz(speed))), ("*FlowControl", Some(Value::sz(flow)))],
            );
            rig.start();
            rig.round_trip(2);
            rig.pause();
        }
    });
}

/// NDIS-CFG-08: a valid NetworkAddress is the current address, also after a reset; the permanent one stays. Frames to
/// the new address arrive, frames to the old one do not.
#[test]
fn a_network_address_replaces_the_current_one() {
    prepared(|rig| {
        for (text, address) in [
            ("02AABBCCDDEE", [0x02, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE]),
            ("06-01-02-03-04-05", [0x06, 0x01, 0x02, 0x03, 0x04, 0x05]),
            ("faceb00cface", [0xFA, 0xCE, 0xB0, 0x0C, 0xFA, 0xCE]),
        ] {
            initialize_with(rig, &[("NetworkAddress", Some(Value::sz(text)))]);
            rig.start();
            only_ours_arrive(rig, address);
            rig.reset();
            rig.wait_for_link(true);
            only_ours_arrive(rig, address);
            rig.pause();
        }
        initialize_with(rig, &[("NetworkAddress", None)]);
        assert_addresses(rig, STATION);
    });
}

/// NDIS-CFG-08: an address that cannot be one is ignored.
#[test]
fn a_bad_network_address_is_ignored() {
    prepared(|rig| {
        let bad = [
            "000000000000",
            "FFFFFFFFFFFF",
            "01AABBCCDDEE",
            "02AABBCCDD",
            "02AABBCCDDEEFF",
            "02AABBCCDDEG",
            "",
            "hello",
        ];
        for text in bad {
            initialize_with(rig, &[("NetworkAddress", Some(Value::sz(text)))]);
            assert_addresses(rig, STATION);
        }
        initialize_with(rig, &[("NetworkAddress", Some(Value::Dword(0x02AA_BBCC)))]);
        assert_addresses(rig, STATION);
    });
}

/// The adapter has this current address, and the NVM's as its permanent one.
#[track_caller]
fn assert_addresses(rig: &Rig, current: Mac) {
    let general = rig.adapter.general.borrow().clone().unwrap_or_default();
    assert_eq!((general.mac, general.permanent_mac), (current, STATION));
    assert_eq!(query_address(rig, c::OID_802_3_CURRENT_ADDRESS), current);
    assert_eq!(query_address(rig, c::OID_802_3_PERMANENT_ADDRESS), STATION);
}

/// The same, and only frames to it arrive.
#[track_caller]
fn only_ours_arrive(rig: &Rig, address: Mac) {
    assert_addresses(rig, address);
    let ours = frame::frame(address, PEER, 2, 80);
    rig.far.send([frame::frame(STATION, PEER, 1, 70), ours.clone()]);
    frame::assert_all_same("to the new address", &rig.port_frames(1), &[ours]);
}

#[track_caller]
fn query_address(rig: &Rig, oid: u32) -> Mac {
    let answer = world().ndis.query(&rig.adapter, oid, 6);
    assert_eq!((answer.status, answer.done), (c::NDIS_STATUS_SUCCESS, 6));
    *answer.data.first_chunk().expect("six bytes")
}
