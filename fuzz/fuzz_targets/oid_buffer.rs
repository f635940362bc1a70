//! libFuzzer around [`ferrite_fuzz::oid_buffer`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ferrite_fuzz::oid_buffer::run(data));
