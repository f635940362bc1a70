//! C's types as the Windows x64 ABI has them, on every host: `long` has 32 bits.
#![allow(non_camel_case_types)]

/// `void`, behind pointers.
pub use core::ffi::c_void;

/// `char`.
pub type c_char = i8;
/// `signed char`.
pub type c_schar = i8;
/// `unsigned char`.
pub type c_uchar = u8;
/// `short`.
pub type c_short = i16;
/// `unsigned short`.
pub type c_ushort = u16;
/// `int`.
pub type c_int = i32;
/// `unsigned int`.
pub type c_uint = u32;
/// `long`.
pub type c_long = i32;
/// `unsigned long`.
pub type c_ulong = u32;
/// `long long`, `__int64`.
pub type c_longlong = i64;
/// `unsigned long long`.
pub type c_ulonglong = u64;
/// `float`.
pub type c_float = f32;
/// `double`.
pub type c_double = f64;
