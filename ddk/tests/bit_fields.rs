//! Bit fields against the fact table: each is set to all ones, and the bytes must show those bits and no others.
//! One test each, written by the build script.
#![allow(non_snake_case, clippy::pedantic)]
// The macro's comments do not reach the lint.
#![allow(clippy::undocumented_unsafe_blocks)]

use ferrite_ddk::ndis::*;

fn bits_set<T: Default>(value: &T) -> Vec<usize> {
    // SAFETY: `default` has zeroed every byte of the value, padding included, so all of them may be read.
    let bytes = unsafe { std::slice::from_raw_parts(std::ptr::from_ref(value).cast::<u8>(), size_of::<T>()) };
    (0..bytes.len() * 8).filter(|bit| bytes[bit / 8] & (1 << (bit % 8)) != 0).collect()
}

macro_rules! bit_field {
    ($test:ident, $record:ty, |$value:ident| $set:expr, $first:literal, $bits:literal) => {
        #[test]
        fn $test() {
            let mut $value = <$record>::default();
            // SAFETY: plain integers in whichever member of a union; the value is the test's own.
            #[allow(unused_unsafe)]
            unsafe {
                $set
            };
            assert_eq!(bits_set(&$value), ($first..$first + $bits).collect::<Vec<usize>>());
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/bit_fields.rs"));
