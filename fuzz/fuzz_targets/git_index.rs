//! Any bytes for `git_index`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| az_fuzz::run("git_index", data));
