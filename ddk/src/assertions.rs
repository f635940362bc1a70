//! The bindings held to the fact tables at compile time; see `build/assertions.rs`.
#![allow(clippy::all, clippy::pedantic, unused_imports)]

use core::ffi::c_void;
use core::mem::{align_of, offset_of, size_of};

use static_assertions::const_assert_eq;

use crate::bindings::*;
use crate::ctypes::{c_int, c_long, c_uchar, c_ulong};

const fn size_behind<T>(_: *const T) -> usize {
    size_of::<T>()
}

/// Size of a field, without a value of its structure.
macro_rules! field_size {
    ($record:ty, $($field:tt)+) => {{
        let value = core::mem::MaybeUninit::<$record>::uninit();
        // SAFETY: only the address is computed; it stays within `value`, nothing is read.
        size_behind(unsafe { &raw const (*value.as_ptr()).$($field)+ })
    }};
}

include!(concat!(env!("OUT_DIR"), "/assertions.rs"));
