//! libFuzzer around [`ferrite_fuzz::phy`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ferrite_fuzz::phy::run(data));
