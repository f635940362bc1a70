//! libFuzzer around [`ferrite_fuzz::nvm`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ferrite_fuzz::nvm::run(data));
