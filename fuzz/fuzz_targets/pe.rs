//! libFuzzer around [`ferrite_fuzz::pe`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ferrite_fuzz::pe::run(data));
