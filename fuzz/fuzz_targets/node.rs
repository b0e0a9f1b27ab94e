//! Any bytes for `node`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| az_fuzz::run("node", data));
