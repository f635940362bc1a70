//! Registration: what `NdisMRegisterMiniportDriver` refuses, and what becomes of `DriverEntry`.

use crate::bench;
use ferrite_host::{
    abi::{NDIS_MINIPORT_DRIVER_CHARACTERISTICS as Chars, NDIS_OBJECT_HEADER, Ptr, constants as c},
    image,
};
use std::{cell::Cell, rc::Rc};

/// What `NdisMRegisterMiniportDriver` says to characteristics that were changed.
fn register(change: impl Fn(Ptr<Chars>) + 'static) -> u32 {
    type Function = extern "win64" fn(u64, u64, u64, u64, u64) -> u32;
    let answer = Rc::new(Cell::new(u32::MAX));
    let place = Rc::clone(&answer);
    let run = bench::bare(move |object| {
        let import = image::resolve("ndis.sys", "NdisMRegisterMiniportDriver").expect("an import");
        // SAFETY: it takes these arguments in this convention.
        let function: Function = unsafe { std::mem::transmute(import.address.0) };
        let (block, handle) = ([0_u64; 40], Cell::new(0_u64));
        let p: Ptr<Chars> = Ptr::new(block.as_ptr() as u64);
        let header: Ptr<NDIS_OBJECT_HEADER> = Ptr::new(p.addr());
        header.set(NDIS_OBJECT_HEADER::Type, c::NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS as u8);
        header.set(NDIS_OBJECT_HEADER::Revision, 2);
        header.set(NDIS_OBJECT_HEADER::Size, c::NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2 as u16);
        p.set(Chars::MajorNdisVersion, 6);
        p.set(Chars::MinorNdisVersion, 20);
        for handler in [
            Chars::InitializeHandlerEx,
            Chars::HaltHandlerEx,
            Chars::UnloadHandler,
            Chars::PauseHandler,
            Chars::RestartHandler,
            Chars::OidRequestHandler,
            Chars::SendNetBufferListsHandler,
            Chars::ReturnNetBufferListsHandler,
            Chars::CancelSendHandler,
            Chars::CheckForHangHandlerEx,
            Chars::ResetHandlerEx,
            Chars::DevicePnPEventNotifyHandler,
            Chars::ShutdownHandlerEx,
            Chars::CancelOidRequestHandler,
        ] {
            p.set(handler, never as *const () as u64);
        }
        change(p);
        place.set(function(object, object, 0, p.addr(), handle.as_ptr() as u64));
    });
    assert!(run.ended.is_ok(), "{}", run.ended.unwrap_err());
    answer.get()
}

/// A handler that is not called.
extern "win64" fn never() {}

crate::mutants! {
    /// NDIS-REG-01.
    registering_another_driver_object: RegistersOtherObject is REG_DRIVER_OBJECT in "NdisMRegisterMiniportDriver";
    /// NDIS-REG-02.
    hiding_a_refusal: HidesRefusal is REG_STATUS;
    /// NDIS-REG-03, 0x7C/0x21.
    a_header_of_a_wrong_type: SendsWrongType is REG_HEADER in "NdisMRegisterMiniportDriver";
    /// NDIS-REG-15.
    short_characteristics: SendsShortCharacteristics is REG_SIZE in "NdisMRegisterMiniportDriver";
    /// NDIS-REG-05.
    lacking_a_required_handler: LacksHalt is REG_HANDLERS in "NdisMRegisterMiniportDriver";
    /// NDIS-REG-06.
    checking_for_hang_without_reset: LacksReset is REG_RESET in "NdisMRegisterMiniportDriver";
    /// NDIS-REG-07.
    direct_requests_without_their_cancellation: LacksCancelDirect is REG_DIRECT in "NdisMRegisterMiniportDriver";
    /// NDIS-REG-08.
    setting_optional_handlers_later: SetsHandlersLate is REG_OPTIONS in "NdisSetOptionalHandlers";
    /// NDIS-REG-11.
    failing_and_staying_registered: FailsEntryRegistered is REG_FAILED;
    /// NDIS-REG-12.
    staying_registered: StaysRegistered is REG_UNLOAD;
    /// NDIS-REG-13.
    deregistering_with_an_adapter: DeregistersEarly is REG_EARLY in "NdisMDeregisterMiniportDriver";
    /// NDIS-PNP-09.
    changing_the_devices_ranges: ChangesRanges is PNP_RESOURCES;
    /// NDIS-PNP-12.
    a_list_of_requirements_from_elsewhere: ReplacesWithForeignList is PNP_NEW_LIST;
}

/// The sound characteristics are accepted.
#[test]
fn sound_characteristics() {
    assert_eq!(register(|_| {}), c::NDIS_STATUS_SUCCESS);
}

/// NDIS-REG-15: a contract that the system does not have. A driver may go on to offer an older one.
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

/// NDIS-REG-03: the characteristics of NDIS 6.0 are enough, and so is a driver that does not check for hang.
#[test]
fn what_is_optional() {
    let old = register(|p| {
        let header: Ptr<NDIS_OBJECT_HEADER> = Ptr::new(p.addr());
        header.set(NDIS_OBJECT_HEADER::Revision, 1);
        header.set(NDIS_OBJECT_HEADER::Size, 136_u16);
    });
    assert_eq!(old, c::NDIS_STATUS_SUCCESS);
    assert_eq!(register(|p| p.set(Chars::CheckForHangHandlerEx, 0)), c::NDIS_STATUS_SUCCESS);
}
