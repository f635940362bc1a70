//! Constants that contracts after NDIS 6.20 brought. The image is written to 6.20; this is what it may meet
//! under a newer NDIS. Values from the fact table, whichever headers the bindings come from.
#![allow(clippy::unreadable_literal)]

include!(concat!(env!("OUT_DIR"), "/later.rs"));
