//! Any bytes for `read_psd1`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| az_fuzz::run("read_psd1", data));
