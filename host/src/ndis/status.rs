//! Status indications.

use super::{
    adapter::{Link, State},
    check,
};
use crate::{
    abi::{self, NDIS_LINK_STATE, NDIS_STATUS_INDICATION as Ind, Ptr, constants as c},
    imports,
    verify::rules,
    world::world,
};

imports! {
    /// Status indications.
    TABLE from "ndis.sys";

    fn NdisMIndicateStatusEx(handle: u64, indication: u64) {
        let world = world();
        world.hold(&rules::STATUS_HALTED, check::adapter(handle).state() != State::Halted, || {
            "NdisMIndicateStatusEx after MiniportHaltEx returned".into()
        });
        let adapter = check::registered(handle, "NdisMIndicateStatusEx");
        check::sized(&rules::STATUS_HEADER, indication, "NDIS_STATUS_INDICATION", c::NDIS_OBJECT_TYPE_STATUS_INDICATION, 1, c::NDIS_SIZEOF_STATUS_INDICATION_REVISION_1);
        let p: Ptr<Ind> = Ptr::new(indication);
        world.hold(&rules::STATUS_SOURCE, p.get(Ind::SourceHandle) == adapter.handle, || {
            "SourceHandle is not the adapter handle".into()
        });
        let flags = p.get(Ind::Flags);
        world.hold(&rules::STATUS_FLAGS, flags == 0, || format!("Flags {flags:#x}"));
        let code = p.get(Ind::StatusCode).cast_unsigned();
        let (buffer, size) = (p.get(Ind::StatusBuffer), p.get(Ind::StatusBufferSize) as usize);
        world.hold(&rules::STATUS_BUFFER, (buffer == 0) == (size == 0), || {
            format!("status {code:#x}: buffer {buffer:#x} of {size} bytes")
        });
        world.hold(&rules::RESET_STATUS, code != c::NDIS_STATUS_RESET_START && code != c::NDIS_STATUS_RESET_END, || {
            "reset status indicated by a miniport".into()
        });
        if code == c::NDIS_STATUS_LINK_STATE {
            link_state(&adapter, buffer, size);
        }
        adapter.count(|n| n.indications += 1);
        if let Some(protocol) = adapter.bound() {
            protocol.status(&adapter, code, &abi::bytes(buffer, size));
        }
    }
}

imports! {
    /// Events for protocols.
    EVENTS from "ndis.sys";

    fn NdisMNetPnPEvent(handle: u64, _event: u64) -> u32 {
        let adapter = check::registered(handle, "NdisMNetPnPEvent");
        world().hold(&rules::OID_PNP_EVENT, !adapter.oid.is_waiting(), || {
            "NdisMNetPnPEvent while an OID request is in progress".into()
        });
        c::NDIS_STATUS_SUCCESS
    }
}

fn link_state(adapter: &super::Adapter, buffer: u64, size: usize) {
    let world = world();
    world.hold(&rules::LINK_SIZE, size >= c::NDIS_SIZEOF_LINK_STATE_REVISION_1 as usize, || {
        format!("NDIS_STATUS_LINK_STATE with {size} bytes")
    });
    let p: Ptr<NDIS_LINK_STATE> = Ptr::new(buffer);
    let link = Link {
        connected: p.get(NDIS_LINK_STATE::MediaConnectState),
        duplex: p.get(NDIS_LINK_STATE::MediaDuplexState),
        speed: p.get(NDIS_LINK_STATE::XmitLinkSpeed),
    };
    let bytes = abi::bytes(buffer, size);
    let repeated = adapter.link_told.replace(Some(bytes.clone())).is_some_and(|told| told == bytes);
    world.hold(&rules::LINK_REPEATED, !repeated, || "NDIS_STATUS_LINK_STATE without a change".into());
    if adapter.link.replace(link) != link {
        adapter.link_changes.set(adapter.link_changes.get() + 1);
    }
}
