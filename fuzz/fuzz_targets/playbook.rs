//! Any bytes for `playbook`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| az_fuzz::run("playbook", data));
