//! OID requests: the entry points. What is answered is in [`table`], how in [`request`], and what a set asks for in
//! [`wanted`].

mod query;
mod request;
mod set;
mod table;
pub mod wanted;

use core::ffi::c_void;

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{NDIS_HANDLE, NDIS_OID_REQUEST, NDIS_STATUS, NdisMOidRequestComplete};
use ferrite_nic::Reason;

use crate::adapter::Adapter;
pub use request::{Kind, Outcome, Request};
pub use table::SUPPORTED;

/// `MiniportOidRequest`: one at a time (NDIS-OID-01), in every state from Paused to Pausing (NDIS-STATE-05).
///
/// IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// NDIS calls it with the adapter's context and a request that stays valid until it is completed.
pub unsafe extern "C" fn oid_request(context: NDIS_HANDLE, request: *mut NDIS_OID_REQUEST) -> NDIS_STATUS {
    // SAFETY: NDIS passes the context of an initialized adapter.
    let adapter = unsafe { Adapter::from_context(context) };
    // SAFETY: the request is the driver's until this returns, or, if it pends, until it is completed.
    let Some(mut request) = (unsafe { Request::new(request) }) else {
        return Status::INVALID_PARAMETER.0;
    };
    if adapter.gate.closed_for(Reason::Removed) {
        // NDIS-SURP-02.
        return request.conclude(Outcome::Failed(Status::NOT_ACCEPTED), 0).0;
    }
    table::dispatch(adapter, &mut request).0
}

/// Completes a request that was pended (NDIS-OID-02).
///
/// IRQL: up to `DISPATCH_LEVEL`, no lock held.
///
/// # Safety
/// `request` has been pended by [`oid_request`] and not been completed.
pub unsafe fn complete(adapter: NDIS_HANDLE, request: *mut NDIS_OID_REQUEST, status: Status) {
    // SAFETY: the caller's promise; the status is final.
    unsafe { NdisMOidRequestComplete(adapter, request, status.0) };
}

/// `MiniportCancelOidRequest`: the requests that pend wait for nobody but the device, which as a rule takes a
/// tenth of a second and is given up after some three. They run to their end, so there is nothing to cancel
/// (NDIS-OID-11).
///
/// IRQL: up to `DISPATCH_LEVEL`.
///
/// # Safety
/// NDIS calls it with the adapter's context.
pub unsafe extern "C" fn cancel_oid_request(_context: NDIS_HANDLE, _request_id: *mut c_void) {}

/// `MiniportDirectOidRequest`: there is no direct OID of a plain Ethernet miniport (C-02).
///
/// IRQL: up to `DISPATCH_LEVEL`, not serialised with anything (NDIS-DOID-01).
///
/// # Safety
/// NDIS calls it with the adapter's context and a valid request.
pub unsafe extern "C" fn direct_oid_request(
    context: NDIS_HANDLE,
    _request: *mut NDIS_OID_REQUEST,
) -> NDIS_STATUS {
    // SAFETY: NDIS passes the context of an initialized adapter.
    let adapter = unsafe { Adapter::from_context(context) };
    let removed = adapter.gate.closed_for(Reason::Removed);
    (if removed { Status::NOT_ACCEPTED } else { Status::NOT_SUPPORTED }).0
}

/// `MiniportCancelDirectOidRequest`: none ever pends.
///
/// IRQL: up to `DISPATCH_LEVEL`.
///
/// # Safety
/// NDIS calls it with the adapter's context.
pub unsafe extern "C" fn cancel_direct_oid_request(_context: NDIS_HANDLE, _request_id: *mut c_void) {}
