//! libFuzzer around [`ferrite_fuzz::write_back`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ferrite_fuzz::write_back::run(data));
