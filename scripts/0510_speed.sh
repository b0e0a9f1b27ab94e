#!/bin/sh
# Stage: Quality
# Tags: ci, speed
# Description: az asks and computes no more than it may; system calls and instructions are counted, not time
# Dependencies: cargo, strace (optional), valgrind (optional)
# Inputs: src/**, benches/**, rules/**, Cargo.toml, Cargo.lock
# Outputs:
# Env: RUSTFLAGS, RUSTUP_TOOLCHAIN
# PassEnv: CARGO_TARGET_DIR
# Scratch: target/**
# Trace: off
# Resources: cargo
# Timeout: 20m
# ExitCodes: 3=skipped
set -eu

command -v strace >/dev/null || command -v valgrind >/dev/null || {
    echo "skipped: neither strace nor valgrind is installed (apt-get install strace valgrind)"
    exit 3
}
cargo test --quiet --bench figures -- check
