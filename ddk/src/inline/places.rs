//! Fields of NBLs, NBs and IRPs that C reaches by macro.
//!
//! C's macro is a place to read or to assign. The function here computes the place's address, which is safe;
//! reading and writing there is the caller's unsafe operation.

use crate::bindings::{
    IO_STACK_LOCATION, IRP, IofCompleteRequest, MDL, NDIS_NET_BUFFER_LIST_INFO, NDIS_RECEIVE_FLAGS_RESOURCES,
    NDIS_RETURN_FLAGS_DISPATCH_LEVEL, NDIS_SEND_FLAGS_DISPATCH_LEVEL, NDIS_STATUS, NET_BUFFER,
    NET_BUFFER_LIST, NetBufferListCancelId, PVOID, SCATTER_GATHER_LIST, ULONG,
};

/// Field offsets, found through unnamed members whatever their nesting is in the headers at hand.
#[allow(non_upper_case_globals, clippy::wildcard_imports)]
mod offset {
    use crate::bindings::*;
    use core::mem::offset_of;

    include!(concat!(env!("OUT_DIR"), "/places.rs"));
}

macro_rules! places {
    ($($(#[$doc:meta])* $name:ident($record:ty) -> $place:ty = $offset:ident;)*) => {
        $(
            $(#[$doc])*
            #[inline]
            #[must_use]
            pub const fn $name(record: *mut $record) -> *mut $place {
                record.wrapping_byte_add(offset::$offset).cast()
            }
        )*
    };
}

places! {
    /// The next NBL of a chain.
    NET_BUFFER_LIST_NEXT_NBL(NET_BUFFER_LIST) -> *mut NET_BUFFER_LIST = NET_BUFFER_LIST_Next;
    /// The first NB of an NBL.
    NET_BUFFER_LIST_FIRST_NB(NET_BUFFER_LIST) -> *mut NET_BUFFER = NET_BUFFER_LIST_FirstNetBuffer;
    /// The flags of NDIS and of protocols.
    NET_BUFFER_LIST_NBL_FLAGS(NET_BUFFER_LIST) -> ULONG = NET_BUFFER_LIST_NblFlags;
    /// The completion status.
    NET_BUFFER_LIST_STATUS(NET_BUFFER_LIST) -> NDIS_STATUS = NET_BUFFER_LIST_Status;
    /// The handle of whoever made the NBL: a miniport sets it to its adapter handle in those it indicates.
    NET_BUFFER_LIST_SOURCE_HANDLE(NET_BUFFER_LIST) -> PVOID = NET_BUFFER_LIST_SourceHandle;
    /// Two pointers for the miniport while it has the NBL.
    NET_BUFFER_LIST_MINIPORT_RESERVED(NET_BUFFER_LIST) -> [PVOID; 2] = NET_BUFFER_LIST_MiniportReserved;
    /// The next NB of an NBL.
    NET_BUFFER_NEXT_NB(NET_BUFFER) -> *mut NET_BUFFER = NET_BUFFER_Next;
    /// The MDL in which the data begins.
    NET_BUFFER_CURRENT_MDL(NET_BUFFER) -> *mut MDL = NET_BUFFER_CurrentMdl;
    /// Where in the current MDL the data begins, in bytes.
    NET_BUFFER_CURRENT_MDL_OFFSET(NET_BUFFER) -> ULONG = NET_BUFFER_CurrentMdlOffset;
    /// Length of the data in bytes.
    NET_BUFFER_DATA_LENGTH(NET_BUFFER) -> ULONG = NET_BUFFER_DataLength;
    /// The first MDL of the chain.
    NET_BUFFER_FIRST_MDL(NET_BUFFER) -> *mut MDL = NET_BUFFER_MdlChain;
    /// Where in the MDL chain the data begins, in bytes.
    NET_BUFFER_DATA_OFFSET(NET_BUFFER) -> ULONG = NET_BUFFER_DataOffset;
    /// Four pointers for the miniport while it has the NB.
    NET_BUFFER_MINIPORT_RESERVED(NET_BUFFER) -> [PVOID; 4] = NET_BUFFER_MiniportReserved;
    /// The NB's SG list.
    NET_BUFFER_SCATTER_GATHER_LIST(NET_BUFFER) -> *mut SCATTER_GATHER_LIST = NET_BUFFER_ScatterGatherList;
}

/// Out-of-band information `id`: an enumerator below `MaxNetBufferListInfo`.
#[inline]
#[must_use]
pub const fn NET_BUFFER_LIST_INFO(nbl: *mut NET_BUFFER_LIST, id: NDIS_NET_BUFFER_LIST_INFO) -> *mut PVOID {
    let first = nbl.wrapping_byte_add(offset::NET_BUFFER_LIST_NetBufferListInfo).cast::<PVOID>();
    first.wrapping_add(id.cast_unsigned() as usize)
}

/// The cancel id of a send (`NDIS_GET_NET_BUFFER_LIST_CANCEL_ID`).
///
/// # Safety
/// The NBL is the caller's.
#[inline]
#[must_use]
pub const unsafe fn NdisGetNblCancelId(nbl: *mut NET_BUFFER_LIST) -> PVOID {
    // SAFETY: a slot of the NBL's own array; the NBL is the caller's.
    unsafe { NET_BUFFER_LIST_INFO(nbl, NetBufferListCancelId).read() }
}

/// Whether all of these bits are set in `NblFlags`.
///
/// # Safety
/// The NBL is the caller's.
#[inline]
#[must_use]
pub const unsafe fn NdisTestNblFlags(nbl: *mut NET_BUFFER_LIST, flags: ULONG) -> bool {
    // SAFETY: a field of the NBL, which is the caller's.
    let set = unsafe { NET_BUFFER_LIST_NBL_FLAGS(nbl).read() };
    set & flags == flags
}

/// Whether `SendFlags` say that the caller runs at `DISPATCH_LEVEL`.
#[inline]
#[must_use]
pub const fn NDIS_TEST_SEND_AT_DISPATCH_LEVEL(flags: ULONG) -> bool {
    flags & NDIS_SEND_FLAGS_DISPATCH_LEVEL != 0
}

/// Whether `ReturnFlags` say that the caller runs at `DISPATCH_LEVEL`.
#[inline]
#[must_use]
pub const fn NDIS_TEST_RETURN_AT_DISPATCH_LEVEL(flags: ULONG) -> bool {
    flags & NDIS_RETURN_FLAGS_DISPATCH_LEVEL != 0
}

/// Whether `ReceiveFlags` leave the NBLs with the protocol until it returns them.
#[inline]
#[must_use]
pub const fn NDIS_TEST_RECEIVE_CAN_PEND(flags: ULONG) -> bool {
    flags & NDIS_RECEIVE_FLAGS_RESOURCES == 0
}

/// Where an IRP has the pointer to its current stack location.
#[inline]
pub(super) const fn current_stack_location(irp: *mut IRP) -> *mut *mut IO_STACK_LOCATION {
    irp.wrapping_byte_add(offset::IRP_CurrentStackLocation).cast()
}

/// The current driver's stack location of an IRP.
///
/// # Safety
/// The IRP is valid and the caller's.
#[inline]
#[must_use]
pub const unsafe fn IoGetCurrentIrpStackLocation(irp: *mut IRP) -> *mut IO_STACK_LOCATION {
    // SAFETY: a field of the IRP, which is the caller's.
    unsafe { current_stack_location(irp).read() }
}

/// Completes an IRP. IRQL: up to `DISPATCH_LEVEL`.
///
/// # Safety
/// The IRP is the caller's, its status is set, and nobody touches it afterwards.
#[inline]
pub unsafe fn IoCompleteRequest(irp: *mut IRP, priority_boost: i8) {
    // SAFETY: the caller's promise.
    unsafe { IofCompleteRequest(irp, priority_boost) };
}
