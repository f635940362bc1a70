//! The place of the `NetDMA` provider's glue in the image. There is no provider yet: the crate is empty.

#![no_std]
