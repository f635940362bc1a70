//! What `NdisMRegisterMiniportDriver` refuses (NDIS-REG-05, -06, -07, -15).

use crate::bench::register;
use ferrite_host::abi::{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS as Chars, NDIS_OBJECT_HEADER, Ptr, constants as c,
};

/// The sound characteristics are accepted.
#[test]
fn sound_characteristics() {
    assert_eq!(register(|_| {}), c::NDIS_STATUS_SUCCESS);
}

/// NDIS-REG-15: a contract that the system does not have.
#[test]
fn versions() {
    for (major, minor) in [(7, 0), (6, 250), (5, 1), (0, 0)] {
        let status = register(move |p| {
            p.set(Chars::MajorNdisVersion, major);
            p.set(Chars::MinorNdisVersion, minor);
        });
        assert_eq!(status, c::NDIS_STATUS_BAD_VERSION, "{major}.{minor}");
    }
}

/// NDIS-REG-15: a size that does not fit the revision.
#[test]
fn sizes_and_revisions() {
    let with = |revision: u8, size: u16| {
        register(move |p| {
            let header: Ptr<NDIS_OBJECT_HEADER> = Ptr::new(p.addr());
            header.set(NDIS_OBJECT_HEADER::Revision, revision);
            header.set(NDIS_OBJECT_HEADER::Size, size);
        })
    };
    assert_eq!(with(2, 151), c::NDIS_STATUS_BAD_CHARACTERISTICS);
    assert_eq!(with(0, 152), c::NDIS_STATUS_BAD_CHARACTERISTICS);
    assert_eq!(with(1, 135), c::NDIS_STATUS_BAD_CHARACTERISTICS);
    assert_eq!(with(1, 136), c::NDIS_STATUS_SUCCESS);
}

/// NDIS-REG-05: every handler that is required.
#[test]
fn required_handlers() {
    for (name, field) in [
        ("InitializeHandlerEx", 24_u64),
        ("HaltHandlerEx", 32),
        ("UnloadHandler", 40),
        ("PauseHandler", 48),
        ("RestartHandler", 56),
        ("OidRequestHandler", 64),
        ("SendNetBufferListsHandler", 72),
        ("ReturnNetBufferListsHandler", 80),
        ("CancelSendHandler", 88),
        ("DevicePnPEventNotifyHandler", 112),
        ("ShutdownHandlerEx", 120),
    ] {
        let status = register(move |p| ferrite_host::abi::write(p.addr() + field, 0_u64));
        assert_eq!(status, c::NDIS_STATUS_BAD_CHARACTERISTICS, "without {name}");
    }
}

/// NDIS-REG-06, -07: handlers that come together or not at all.
#[test]
fn handlers_that_come_in_pairs() {
    let no_reset = register(|p| p.set(Chars::ResetHandlerEx, 0));
    assert_eq!(no_reset, c::NDIS_STATUS_BAD_CHARACTERISTICS, "CheckForHang without Reset");
    let no_check = register(|p| p.set(Chars::CheckForHangHandlerEx, 0));
    assert_eq!(no_check, c::NDIS_STATUS_SUCCESS);
    let direct = register(|p| p.set(Chars::DirectOidRequestHandler, p.get(Chars::OidRequestHandler)));
    assert_eq!(direct, c::NDIS_STATUS_BAD_CHARACTERISTICS, "DirectOidRequest without its cancellation");
}
