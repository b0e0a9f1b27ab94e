#!/bin/sh
# Stage: Quality
# Tags: ci, quick, house
# Description: Imports go down the floors, files and functions are short, every code exists
# Dependencies: cargo
# Inputs: src/**, tests/**, benches/**, rules/**, scripts/**, playbooks/**, Cargo.toml, Cargo.lock, *.md, LICENSE-*
# Outputs:
# Env: RUSTFLAGS, RUSTUP_TOOLCHAIN
# PassEnv: CARGO_TARGET_DIR
# Scratch: target/**
# Resources: cargo
# Timeout: 20m
set -eu

cargo test --quiet --test it house
