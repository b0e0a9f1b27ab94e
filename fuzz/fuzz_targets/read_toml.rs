//! Any bytes for `read_toml`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| az_fuzz::run("read_toml", data));
