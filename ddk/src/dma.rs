//! Physical addresses and SG lists.

use core::mem::offset_of;
use core::slice;

use crate::ndis::{PHYSICAL_ADDRESS, SCATTER_GATHER_ELEMENT, SCATTER_GATHER_LIST};

/// A physical (bus) address as NDIS's structures have it.
#[inline]
#[must_use]
pub const fn physical_address(address: u64) -> PHYSICAL_ADDRESS {
    PHYSICAL_ADDRESS { QuadPart: address.cast_signed() }
}

/// The same as a number.
#[inline]
#[must_use]
pub const fn address_of(address: PHYSICAL_ADDRESS) -> u64 {
    // SAFETY: every member of the union is made of plain integers of the same eight bytes.
    unsafe { address.QuadPart }.cast_unsigned()
}

/// The elements of an SG list.
///
/// # Safety
/// `list` came from NDIS, which has not got it back yet, and stays so for `'a`.
#[inline]
#[must_use]
pub const unsafe fn sg_elements<'a>(list: *const SCATTER_GATHER_LIST) -> &'a [SCATTER_GATHER_ELEMENT] {
    // SAFETY: a valid list.
    let count = unsafe { (*list).NumberOfElements };
    let first = list.wrapping_byte_add(offset_of!(SCATTER_GATHER_LIST, Elements)).cast();
    // SAFETY: a valid list has that many elements behind its header.
    unsafe { slice::from_raw_parts(first, count as usize) }
}
