//! Bit fields against the fact table: each is set to all ones, and the bytes must show those bits and no others.
//! One test each, written by the build script.
#![allow(non_snake_case)]

use ferrite_ddk::ndis::*;

macro_rules! bit_field {
    ($test:ident, $record:ty, |$value:ident| $set:expr, $first:literal, $bits:literal) => {
        #[test]
        fn $test() {
            let mut $value = <$record>::default();
            #[allow(unused_unsafe)]
            // SAFETY: plain integers in whichever member of a union; the value is the test's own.
            unsafe {
                $set
            };
            // SAFETY: `default` has zeroed every byte, padding included, so all of them may be read.
            let bytes = unsafe {
                std::slice::from_raw_parts((&raw const $value).cast::<u8>(), size_of::<$record>())
            };
            let set: Vec<usize> =
                (0..bytes.len() * 8).filter(|bit| bytes[bit / 8] & (1 << (bit % 8)) != 0).collect();
            assert_eq!(set, ($first..$first + $bits).collect::<Vec<usize>>());
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/bit_fields.rs"));
