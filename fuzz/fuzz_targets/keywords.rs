//! libFuzzer around [`ferrite_fuzz::keywords`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ferrite_fuzz::keywords::run(data));
