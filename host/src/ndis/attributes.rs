//! `NdisMSetMiniportAttributes`.

use super::{
    adapter::{Adapter, General, Link, State},
    check,
};
use crate::{
    abi::{
        self, NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES as Gen,
        NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES as Reg,
        NDIS_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES as AddDevice, NDIS_OBJECT_HEADER, Ptr,
        constants as c,
    },
    imports,
    verify::rules,
    world::world,
};
use std::rc::Rc;

/// Bytes of an Ethernet address.
const ETHERNET: u16 = 6;

imports! {
    /// Attributes.
    TABLE from "ndis.sys";

    fn NdisMSetMiniportAttributes(handle: u64, attributes: u64) -> u32 {
        let adapter = check::adapter(handle);
        world().hold(&rules::INIT_ATTRIBUTES, attributes != 0, || "NdisMSetMiniportAttributes without attributes".into());
        let kind = u32::from(Ptr::<NDIS_OBJECT_HEADER>::new(attributes).get(NDIS_OBJECT_HEADER::Type));
        match kind {
            c::NDIS_OBJECT_TYPE_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES => add_device(&adapter, attributes),
            c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES => registration(&adapter, attributes),
            c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES => general(&adapter, attributes),
            c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES
            | c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_HARDWARE_ASSIST_ATTRIBUTES => {
                let described = adapter.general.borrow().is_some();
                world().hold(&rules::INIT_OFFLOAD, described, || "offload attributes before the general attributes".into());
                c::NDIS_STATUS_SUCCESS
            }
            other => world().violation(&rules::INIT_ATTRIBUTES, format!("NdisMSetMiniportAttributes: unknown attributes type {other:#x}")),
        }
    }
}

fn add_device(adapter: &Adapter, attributes: u64) -> u32 {
    check::sized(
        &rules::PNP_ATTRIBUTES,
        attributes,
        "NDIS_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES",
        c::NDIS_OBJECT_TYPE_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES,
        1,
        c::NDIS_SIZEOF_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES_REVISION_1,
    );
    world().hold(&rules::PNP_ATTRIBUTES, adapter.state() == State::Halted, || {
        format!("add-device attributes in state {}", adapter.state())
    });
    adapter
        .add_device_context
        .set(Ptr::<AddDevice>::new(attributes).get(AddDevice::MiniportAddDeviceContext));
    c::NDIS_STATUS_SUCCESS
}

fn registration(adapter: &Rc<Adapter>, attributes: u64) -> u32 {
    check::initializing(&rules::INIT_LATE, adapter, "setting the registration attributes");
    check::sized(
        &rules::INIT_REGISTRATION_HEADER,
        attributes,
        "NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES",
        c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES,
        1,
        c::NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1,
    );
    let p: Ptr<Reg> = Ptr::new(attributes);
    adapter.context.set(p.get(Reg::MiniportAdapterContext));
    adapter.attribute_flags.set(Some(p.get(Reg::AttributeFlags)));
    adapter.hang_seconds.set(p.get(Reg::CheckForHangTimeInSeconds));
    c::NDIS_STATUS_SUCCESS
}

fn general(adapter: &Rc<Adapter>, attributes: u64) -> u32 {
    check::initializing(&rules::INIT_LATE, adapter, "setting the general attributes");
    world().hold(&rules::INIT_GENERAL, adapter.attribute_flags.get().is_some(), || {
        "general attributes before the registration attributes".into()
    });
    let late = adapter.miniport.at_least(6, 20);
    let (revision, size) = if late {
        (2, c::NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2)
    } else {
        (1, c::NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_1)
    };
    check::sized(
        &rules::INIT_GENERAL_HEADER,
        attributes,
        "NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES",
        c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES,
        revision,
        size,
    );
    let p: Ptr<Gen> = Ptr::new(attributes);
    let len = p.get(Gen::MacAddressLength);
    world()
        .hold(&rules::INIT_MAC, len == ETHERNET, || format!("MacAddressLength {len} on an Ethernet adapter"));
    let mac = |at: u64| -> [u8; 6] { abi::read(at) };
    let count = p.get(Gen::SupportedOidListLength) as usize / 4;
    let oids: Vec<u32> = (0..count).map(|i| abi::read(p.get(Gen::SupportedOidList) + 4 * i as u64)).collect();
    let (sets, queries): (Vec<_>, Vec<_>) =
        super::oid::mandatory().iter().copied().partition(|(oid, _)| super::oid::SETS.contains(oid));
    for (rule, list) in [(&rules::OID_LIST_QUERY, queries), (&rules::OID_LIST_SET, sets)] {
        let missing: Vec<&str> =
            list.iter().filter(|(oid, _)| !oids.contains(oid)).map(|(_, name)| *name).collect();
        world().hold(rule, missing.is_empty(), || format!("SupportedOidList lacks {}", missing.join(", ")));
    }
    adapter.link.set(Link {
        connected: p.get(Gen::MediaConnectState),
        duplex: p.get(Gen::MediaDuplexState),
        speed: p.get(Gen::XmitLinkSpeed),
    });
    adapter.general.replace(Some(General {
        mtu: p.get(Gen::MtuSize),
        mac: mac(p.at(&Gen::CurrentMacAddress)),
        permanent_mac: mac(p.at(&Gen::PermanentMacAddress)),
        mac_options: p.get(Gen::MacOptions),
        filters: p.get(Gen::SupportedPacketFilters),
        multicast: p.get(Gen::MaxMulticastListSize),
        lookahead: p.get(Gen::LookaheadSize),
        oids,
    }));
    c::NDIS_STATUS_SUCCESS
}
