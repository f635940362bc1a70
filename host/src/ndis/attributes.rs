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
        if attributes == 0 {
            world().violation(&rules::OBJECT_HEADER, "NdisMSetMiniportAttributes without attributes".into());
        }
        let kind = u32::from(Ptr::<NDIS_OBJECT_HEADER>::new(attributes).get(NDIS_OBJECT_HEADER::Type));
        match kind {
            c::NDIS_OBJECT_TYPE_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES => add_device(&adapter, attributes),
            c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES => registration(&adapter, attributes),
            c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES => general(&adapter, attributes),
            c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES
            | c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_HARDWARE_ASSIST_ATTRIBUTES => {
                if adapter.general.borrow().is_none() {
                    world().violation(&rules::ORDER, "offload attributes before the general attributes (NDIS-INIT-03)".into());
                }
                c::NDIS_STATUS_SUCCESS
            }
            other => world().violation(&rules::OBJECT_HEADER, format!("NdisMSetMiniportAttributes: unknown attributes type {other:#x}")),
        }
    }
}

fn add_device(adapter: &Adapter, attributes: u64) -> u32 {
    check::sized(
        attributes,
        "NDIS_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES",
        c::NDIS_OBJECT_TYPE_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES,
        1,
        c::NDIS_SIZEOF_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES_REVISION_1,
    );
    if adapter.state() != State::Halted {
        world().violation(
            &rules::ORDER,
            format!("add-device attributes in state {} (NDIS-PNP-03)", adapter.state()),
        );
    }
    adapter
        .add_device_context
        .set(Ptr::<AddDevice>::new(attributes).get(AddDevice::MiniportAddDeviceContext));
    c::NDIS_STATUS_SUCCESS
}

fn registration(adapter: &Rc<Adapter>, attributes: u64) -> u32 {
    check::initializing(adapter, "setting the registration attributes", "NDIS-INIT-02");
    check::sized(
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
    check::initializing(adapter, "setting the general attributes", "NDIS-INIT-03");
    if adapter.attribute_flags.get().is_none() {
        world().violation(
            &rules::ORDER,
            "general attributes before the registration attributes (NDIS-INIT-03)".into(),
        );
    }
    let late = adapter.miniport.at_least(6, 20);
    let (revision, size) = if late {
        (2, c::NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2)
    } else {
        (1, c::NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_1)
    };
    check::sized(
        attributes,
        "NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES",
        c::NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES,
        revision,
        size,
    );
    let p: Ptr<Gen> = Ptr::new(attributes);
    if p.get(Gen::MacAddressLength) != ETHERNET {
        let len = p.get(Gen::MacAddressLength);
        world().violation(&rules::OBJECT_HEADER, format!("MacAddressLength {len} on an Ethernet adapter"));
    }
    let mac = |at: u64| -> [u8; 6] { abi::read(at) };
    let count = p.get(Gen::SupportedOidListLength) as usize / 4;
    let oids: Vec<u32> = (0..count).map(|i| abi::read(p.get(Gen::SupportedOidList) + 4 * i as u64)).collect();
    let missing: Vec<String> = super::oid::mandatory()
        .iter()
        .filter(|(oid, _)| !oids.contains(oid))
        .map(|(_, name)| (*name).to_owned())
        .collect();
    if !missing.is_empty() {
        world().violation(&rules::OID_LIST, format!("SupportedOidList lacks {}", missing.join(", ")));
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
