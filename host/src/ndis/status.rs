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
        if check::adapter(handle).state() == State::Halted {
            world.violation(&rules::STATUS_INDICATION, "NdisMIndicateStatusEx after MiniportHaltEx returned (NDIS-HALT-09)".into());
        }
        let adapter = check::registered(handle, "NdisMIndicateStatusEx");
        check::sized(indication, "NDIS_STATUS_INDICATION", c::NDIS_OBJECT_TYPE_STATUS_INDICATION, 1, c::NDIS_SIZEOF_STATUS_INDICATION_REVISION_1);
        let p: Ptr<Ind> = Ptr::new(indication);
        if p.get(Ind::SourceHandle) != adapter.handle {
            world.violation(&rules::STATUS_INDICATION, "SourceHandle is not the adapter handle".into());
        }
        let code = p.get(Ind::StatusCode).cast_unsigned();
        let (buffer, size) = (p.get(Ind::StatusBuffer), p.get(Ind::StatusBufferSize) as usize);
        if (buffer == 0) != (size == 0) {
            world.violation(&rules::STATUS_INDICATION, format!("status {code:#x}: buffer {buffer:#x} of {size} bytes"));
        }
        if code == c::NDIS_STATUS_RESET_START || code == c::NDIS_STATUS_RESET_END {
            world.violation(&rules::STATUS_INDICATION, "reset status indicated by a miniport (NDIS-RESET-07)".into());
        }
        if code == c::NDIS_STATUS_LINK_STATE {
            link_state(&adapter, buffer, size);
        }
        adapter.count(|n| n.indications += 1);
        if let Some(protocol) = adapter.bound() {
            protocol.status(&adapter, code, &abi::bytes(buffer, size));
        }
    }
}

fn link_state(adapter: &super::Adapter, buffer: u64, size: usize) {
    let world = world();
    if size < c::NDIS_SIZEOF_LINK_STATE_REVISION_1 as usize {
        world.violation(&rules::STATUS_INDICATION, format!("NDIS_STATUS_LINK_STATE with {size} bytes"));
    }
    let p: Ptr<NDIS_LINK_STATE> = Ptr::new(buffer);
    let link = Link {
        connected: p.get(NDIS_LINK_STATE::MediaConnectState),
        duplex: p.get(NDIS_LINK_STATE::MediaDuplexState),
        speed: p.get(NDIS_LINK_STATE::XmitLinkSpeed),
    };
    if adapter.link.replace(link) != link {
        adapter.link_changes.set(adapter.link_changes.get() + 1);
    }
}
