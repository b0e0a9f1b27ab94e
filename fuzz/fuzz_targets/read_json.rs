//! Any bytes for `read_json`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| az_fuzz::run("read_json", data));
