//! libFuzzer around [`ferrite_fuzz::netdma_chain`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ferrite_fuzz::netdma_chain::run(data));
