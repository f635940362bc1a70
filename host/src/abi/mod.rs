//! The binary interface as seen from outside the driver.

mod import;
mod ptr;
mod view;

pub use import::{Address, Bind, CallGuard, CallInfo, Import, enter, refusal};
pub use ptr::{
    Field, Layout, Plain, Ptr, Record, bytes, c_string, fill, read, read_into, unicode, write, write_bytes,
    write_out,
};
pub use view::View;

/// Structures: a type each, with a constant for every member.
#[allow(missing_docs, non_camel_case_types, non_upper_case_globals, clippy::all, clippy::pedantic)]
mod layouts {
    use super::{Field, Layout, Record};
    include!(concat!(env!("OUT_DIR"), "/layouts.rs"));
}
pub use layouts::*;

/// Constants and enumerators under Microsoft's names.
#[allow(missing_docs, non_upper_case_globals, clippy::all, clippy::pedantic)]
pub mod constants {
    include!(concat!(env!("OUT_DIR"), "/constants.rs"));
}

mod calls {
    include!(concat!(env!("OUT_DIR"), "/calls.rs"));
}
