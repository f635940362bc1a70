//! libFuzzer around [`ferrite_fuzz::inf`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ferrite_fuzz::inf::run(data));
