//! Miniport drivers: registration, optional handlers, what they ask of NDIS itself.

use super::{check, wdm};
use crate::{
    abi::{
        NDIS_MINIPORT_DRIVER_CHARACTERISTICS as Chars, NDIS_MINIPORT_PNP_CHARACTERISTICS as PnpChars,
        NDIS_OBJECT_HEADER, Ptr, UNICODE_STRING, constants as c, unicode, write,
    },
    imports,
    mem::Kind,
    verify::rules,
    world::{call, world},
};
use std::{cell::Cell, rc::Rc};

/// The handlers of a registered miniport driver; 0 where it gave none.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Handlers {
    pub set_options: u64,
    pub initialize: u64,
    pub halt: u64,
    pub unload: u64,
    pub pause: u64,
    pub restart: u64,
    pub oid_request: u64,
    pub send: u64,
    pub return_nbls: u64,
    pub cancel_send: u64,
    pub check_for_hang: u64,
    pub reset: u64,
    pub pnp_event: u64,
    pub shutdown: u64,
    pub cancel_oid: u64,
    pub direct_oid: u64,
    pub cancel_direct_oid: u64,
}

/// The optional `PnP` handlers.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct PnpHandlers {
    pub add_device: u64,
    pub remove_device: u64,
    pub filter_resources: u64,
    pub start_device: u64,
}

/// A registered miniport driver.
pub struct Miniport {
    /// `NdisMiniportDriverHandle`.
    pub handle: u64,
    /// The driver object it came with.
    pub driver_object: u64,
    /// `MiniportDriverContext`.
    pub context: u64,
    /// NDIS version of its contract.
    pub version: (u8, u8),
    /// Its handlers.
    pub handlers: Handlers,
    /// `PnP` handlers, if it set any.
    pub pnp: Cell<PnpHandlers>,
    /// In `MiniportSetOptions`.
    in_set_options: Cell<bool>,
}

impl Miniport {
    /// Whether its contract is at least this version.
    #[must_use]
    pub fn at_least(&self, major: u8, minor: u8) -> bool {
        self.version >= (major, minor)
    }
}

/// The size that a revision of the characteristics has at least; `None` for an unknown one.
fn size_of_revision(revision: u8) -> Option<u32> {
    match revision {
        1 => Some(c::NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_1),
        2 | 3 => Some(c::NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2),
        _ => None,
    }
}

/// The handlers that NDIS-REG-05 demands, by name.
fn required(h: &Handlers) -> [(&'static str, u64); 11] {
    [
        ("InitializeHandlerEx", h.initialize),
        ("HaltHandlerEx", h.halt),
        ("UnloadHandler", h.unload),
        ("PauseHandler", h.pause),
        ("RestartHandler", h.restart),
        ("OidRequestHandler", h.oid_request),
        ("SendNetBufferListsHandler", h.send),
        ("ReturnNetBufferListsHandler", h.return_nbls),
        ("CancelSendHandler", h.cancel_send),
        ("DevicePnPEventNotifyHandler", h.pnp_event),
        ("ShutdownHandlerEx", h.shutdown),
    ]
}

fn handlers(p: Ptr<Chars>, size: u32) -> Handlers {
    let late = size >= c::NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    Handlers {
        set_options: p.get(Chars::SetOptionsHandler),
        initialize: p.get(Chars::InitializeHandlerEx),
        halt: p.get(Chars::HaltHandlerEx),
        unload: p.get(Chars::UnloadHandler),
        pause: p.get(Chars::PauseHandler),
        restart: p.get(Chars::RestartHandler),
        oid_request: p.get(Chars::OidRequestHandler),
        send: p.get(Chars::SendNetBufferListsHandler),
        return_nbls: p.get(Chars::ReturnNetBufferListsHandler),
        cancel_send: p.get(Chars::CancelSendHandler),
        check_for_hang: p.get(Chars::CheckForHangHandlerEx),
        reset: p.get(Chars::ResetHandlerEx),
        pnp_event: p.get(Chars::DevicePnPEventNotifyHandler),
        shutdown: p.get(Chars::ShutdownHandlerEx),
        cancel_oid: p.get(Chars::CancelOidRequestHandler),
        direct_oid: if late { p.get(Chars::DirectOidRequestHandler) } else { 0 },
        cancel_direct_oid: if late { p.get(Chars::CancelDirectOidRequestHandler) } else { 0 },
    }
}

/// What `NdisMRegisterMiniportDriver` refuses (NDIS-REG-05, -06, -07).
fn check_handlers(handlers: &Handlers) {
    let world = world();
    let missing: Vec<_> = required(handlers).iter().filter(|row| row.1 == 0).map(|row| row.0).collect();
    world.hold(&rules::REG_HANDLERS, missing.is_empty(), || format!("without {}", missing.join(", ")));
    world.hold(&rules::REG_RESET, handlers.check_for_hang == 0 || handlers.reset != 0, || {
        "CheckForHangHandlerEx without ResetHandlerEx".into()
    });
    world.hold(&rules::REG_DIRECT, (handlers.direct_oid == 0) == (handlers.cancel_direct_oid == 0), || {
        "DirectOidRequestHandler and CancelDirectOidRequestHandler come together".into()
    });
}

/// `NdisMRegisterMiniportDriver`.
fn register(driver_object: u64, registry_path: u64, context: u64, chars: u64, handle_out: u64) -> u32 {
    let world = world();
    world.hold(&rules::REG_DRIVER_OBJECT, driver_object == world.driver_object.get() && registry_path != 0, || {
        format!("NdisMRegisterMiniportDriver with driver object {driver_object:#x} and registry path {registry_path:#x}")
    });
    let p: Ptr<Chars> = Ptr::new(chars);
    let header = check::header(
        &rules::REG_HEADER,
        chars,
        "NDIS_MINIPORT_DRIVER_CHARACTERISTICS",
        c::NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
    );
    let version = (p.get(Chars::MajorNdisVersion), p.get(Chars::MinorNdisVersion));
    let offered = world.config.ndis_version;
    if u32::from(version.0) << 16 | u32::from(version.1) > offered || version.0 < 6 {
        return c::NDIS_STATUS_BAD_VERSION;
    }
    let fits = size_of_revision(header.revision).is_some_and(|size| u32::from(header.size) >= size);
    world.hold(&rules::REG_SIZE, fits, || format!("revision {} with {} bytes", header.revision, header.size));
    let handlers = handlers(p, u32::from(header.size));
    check_handlers(&handlers);
    if world.ndis.miniport().is_some() {
        return c::NDIS_STATUS_FAILURE;
    }
    let Some(handle) = world.mem.allocate(Kind::Host, 0, 64, "NdisMRegisterMiniportDriver") else {
        return c::NDIS_STATUS_RESOURCES;
    };
    let miniport = Rc::new(Miniport {
        handle,
        driver_object,
        context,
        version,
        handlers,
        pnp: Cell::default(),
        in_set_options: Cell::new(false),
    });
    world.ndis.set_miniport(Some(Rc::clone(&miniport)));
    write(handle_out, handle);
    if handlers.set_options != 0 {
        miniport.in_set_options.set(true);
        let status = call("MiniportSetOptions", handlers.set_options, &[handle, context]) as u32;
        miniport.in_set_options.set(false);
        if status != c::NDIS_STATUS_SUCCESS {
            world.ndis.set_miniport(None);
            let _ = world.mem.free(Kind::Host, handle);
            return status;
        }
    }
    wdm::take_over(driver_object);
    c::NDIS_STATUS_SUCCESS
}

impl super::Ndis {
    /// `DriverEntry` returned: what it owes NDIS, if it has registered with it.
    pub fn entered(&self, status: u32) {
        let world = world();
        if let Some(registered) = self.registered.take() {
            let failed = status != c::NDIS_STATUS_SUCCESS;
            world.hold(&rules::REG_FAILED, !failed || self.miniport().is_none(), || {
                format!("DriverEntry returned {status:#x} and left the driver registered")
            });
            world.hold(
                &rules::REG_STATUS,
                status == registered || registered == c::NDIS_STATUS_SUCCESS,
                || format!("NdisMRegisterMiniportDriver returned {registered:#x}, DriverEntry {status:#x}"),
            );
        }
    }
}

imports! {
    /// Registration and what goes with it.
    TABLE from "ndis.sys";

    fn NdisMRegisterMiniportDriver(driver_object: u64, registry_path: u64, context: u64, chars: u64, handle_out: u64) -> u32 {
        let status = register(driver_object, registry_path, context, chars, handle_out);
        world().ndis.registered.set(Some(status));
        status
    }

    fn NdisMDeregisterMiniportDriver(handle: u64) {
        let world = world();
        let known = world.ndis.miniport().is_some_and(|miniport| miniport.handle == handle);
        world.hold(&rules::HANDLE_DRIVER, known, || format!("NdisMDeregisterMiniportDriver({handle:#x}): no such driver handle"));
        world.hold(&rules::REG_EARLY, world.ndis.adapters().is_empty(), || {
            "NdisMDeregisterMiniportDriver before every adapter is gone".into()
        });
        world.ndis.set_miniport(None);
        let _ = world.mem.free(Kind::Host, handle);
    }

    fn NdisSetOptionalHandlers(handle: u64, handlers: u64) -> u32 {
        let world = world();
        let Some(miniport) = world.ndis.miniport().filter(|m| m.handle == handle) else {
            world.violation(&rules::HANDLE_DRIVER, format!("NdisSetOptionalHandlers({handle:#x}): no such driver handle"))
        };
        world.hold(&rules::REG_OPTIONS, miniport.in_set_options.get(), || {
            "NdisSetOptionalHandlers outside MiniportSetOptions".into()
        });
        let header: Ptr<NDIS_OBJECT_HEADER> = Ptr::new(handlers);
        if u32::from(header.get(NDIS_OBJECT_HEADER::Type)) != c::NDIS_OBJECT_TYPE_MINIPORT_PNP_CHARACTERISTICS {
            return c::NDIS_STATUS_NOT_SUPPORTED;
        }
        check::sized(&rules::PNP_HEADER, handlers, "NDIS_MINIPORT_PNP_CHARACTERISTICS", c::NDIS_OBJECT_TYPE_MINIPORT_PNP_CHARACTERISTICS, 1,
            c::NDIS_SIZEOF_MINIPORT_PNP_CHARACTERISTICS_REVISION_1);
        let p: Ptr<PnpChars> = Ptr::new(handlers);
        miniport.pnp.set(PnpHandlers {
            add_device: p.get(PnpChars::MiniportAddDeviceHandler),
            remove_device: p.get(PnpChars::MiniportRemoveDeviceHandler),
            filter_resources: p.get(PnpChars::MiniportFilterResourceRequirementsHandler),
            start_device: p.get(PnpChars::MiniportStartDeviceHandler),
        });
        c::NDIS_STATUS_SUCCESS
    }

    fn NdisGetVersion() -> u32 {
        world().config.ndis_version
    }

    fn NdisGetRoutineAddress(name: u64) -> u64 {
        let name = unicode(Ptr::<UNICODE_STRING>::new(name));
        crate::image::routine("ndis.sys", &name)
    }
}
