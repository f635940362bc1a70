//! NBLs and NBs while they are the driver's.

use core::ffi::c_void;
use core::ptr::{self, NonNull};

use ferrite_ddk::{
    MDL, NDIS_HANDLE, NET_BUFFER, NET_BUFFER_LIST, NdisGetDataBuffer, Status, _NDIS_NET_BUFFER_LIST_INFO,
};

/// An NBL that is the driver's at this moment.
///
/// # Invariants
/// The NBL has been handed to the driver, or allocated by it, and not yet been completed, indicated or freed. Whoever
/// does that forgets every copy of the value first (NDIS-SEND-04, NDIS-RECV-04). One party at a time changes it: the
/// holder of the lock of the queue that it stands in, or the one that has taken it out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nbl(NonNull<NET_BUFFER_LIST>);

/// An NB of an [`Nbl`], under the same invariants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nb(NonNull<NET_BUFFER>);
