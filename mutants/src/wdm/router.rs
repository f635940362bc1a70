//! A driver of both kinds: NDIS takes over the driver object first, and the WDM driver's entries stand in front of it.
//! The value `Called` of its service's key says which handlers NDIS has called, one word each.

use super::{Locals, STATE};
use crate::{
    abi::{
        NDIS_MINIPORT_DRIVER_CHARACTERISTICS as Chars, NDIS_OBJECT_HEADER as Header, Ptr, address, c, import,
    },
    registry,
};
use core::sync::atomic::{AtomicU64, Ordering};

/// `NdisMRegisterMiniportDriver`'s handle.
static HANDLE: AtomicU64 = AtomicU64::new(0);

/// Adds a word to the value.
fn called(handler: &str) {
    let mut words = registry::text(STATE.path.get(), "Called");
    words.push_str(handler);
    words.push(' ');
    registry::set_text(STATE.path.get(), "Called", &words);
}

/// `MiniportInitializeEx`: this adapter does not come up.
extern "system" fn initialize(_adapter: u64, _context: u64, _parameters: u64) -> u64 {
    called("initialize");
    c::NDIS_STATUS_ADAPTER_NOT_FOUND.into()
}

/// `MiniportDriverUnload`.
extern "system" fn unload(object: u64) {
    called("unload");
    import!(NdisMDeregisterMiniportDriver, HANDLE.load(Ordering::Relaxed));
    super::unload(object);
}

/// A handler that an adapter which does not come up never needs.
extern "system" fn unexpected() {
    called("unexpected");
}

/// `DriverEntry`: registers with NDIS first, then as the WDM driver does.
pub fn entry(object: u64, path: u64) -> u64 {
    let block = Locals::<40>::new();
    let header: Ptr<Header> = Ptr::new(block.addr());
    header.set(Header::Type, c::NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS as u8);
    header.set(Header::Revision, 2);
    header.set(Header::Size, c::NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2 as u16);
    let p: Ptr<Chars> = Ptr::new(block.addr());
    p.set(Chars::MajorNdisVersion, 6);
    p.set(Chars::MinorNdisVersion, 20);
    for field in [
        Chars::HaltHandlerEx,
        Chars::PauseHandler,
        Chars::RestartHandler,
        Chars::OidRequestHandler,
        Chars::SendNetBufferListsHandler,
        Chars::ReturnNetBufferListsHandler,
        Chars::CancelSendHandler,
        Chars::DevicePnPEventNotifyHandler,
        Chars::ShutdownHandlerEx,
    ] {
        p.set(field, address!(unexpected));
    }
    p.set(Chars::InitializeHandlerEx, address!(initialize));
    p.set(Chars::UnloadHandler, address!(unload));
    let status = import!(NdisMRegisterMiniportDriver, object, path, 0, block.addr(), HANDLE.as_ptr() as u64);
    if status as u32 != 0 {
        return status;
    }
    super::entry(object, path)
}
