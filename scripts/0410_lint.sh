#!/bin/sh
# Stage: Quality
# Tags: ci, lint
# Description: The compiler and clippy have nothing to say, and public items are documented
# Dependencies: cargo
# Inputs: src/**, tests/**, benches/**, rules/**, Cargo.toml, Cargo.lock, clippy.toml
# Outputs:
# Env: RUSTFLAGS, RUSTUP_TOOLCHAIN
# PassEnv: CARGO_TARGET_DIR
# Scratch: target/**
# Resources: cargo
# Timeout: 20m
# ExitCodes: 3=skipped
set -eu

cargo clippy --version >/dev/null 2>&1 || {
    echo "skipped: clippy is not installed (rustup component add clippy)"
    exit 3
}
cargo clippy --all-targets --quiet -- -D warnings
