#!/bin/sh
# Stage: Quality
# Tags: ci, docs
# Description: The documentation builds without a warning
# Dependencies: cargo
# Inputs: src/**, rules/**, Cargo.toml, Cargo.lock, .gitignore
# Outputs:
# Env: RUSTFLAGS, RUSTUP_TOOLCHAIN
# PassEnv: CARGO_TARGET_DIR
# Scratch: target/**
# Resources: cargo
# Timeout: 20m
set -eu

RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --quiet --document-private-items
