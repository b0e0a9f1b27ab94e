//! Any bytes for `sequence`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| az_fuzz::run("sequence", data));
