//! libFuzzer around [`ferrite_fuzz::sg_list`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ferrite_fuzz::sg_list::run(data));
