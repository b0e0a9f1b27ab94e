#!/bin/sh
# Stage: Testing
# Tags: tests
# Description: Runs the tests that stand beside the modules
# Dependencies: cargo
# Env: RUSTFLAGS, RUSTUP_TOOLCHAIN
# PassEnv: CARGO_TARGET_DIR
# Scratch: target/**
# Resources: cargo
# Timeout: 40m
set -eu

cargo test --lib --quiet
