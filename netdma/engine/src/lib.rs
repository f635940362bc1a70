//! The place of the `NetDMA` provider's channel logic, free of FFI. There is no provider yet: the crate is empty.

#![no_std]
#![forbid(unsafe_code)]
