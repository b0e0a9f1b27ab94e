//! Any bytes for `read_yaml`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| az_fuzz::run("read_yaml", data));
