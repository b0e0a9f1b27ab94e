#!/bin/sh
# Stage: Quality
# Tags: ci, quick, format
# Description: The code is formatted as rustfmt would format it
# Dependencies: cargo
# Inputs: src/**, tests/**, benches/**, Cargo.toml, Cargo.lock, rustfmt.toml
# Outputs:
# Env: RUSTUP_TOOLCHAIN
# Timeout: 2m
# ExitCodes: 3=skipped
set -eu

cargo fmt --version >/dev/null 2>&1 || {
    echo "skipped: rustfmt is not installed (rustup component add rustfmt)"
    exit 3
}
cargo fmt --check
