#!/bin/sh
# Stage: Deployment
# Tags: release
# Description: Builds az for release and puts it into a package with its licences
# Dependencies: cargo, 0002
# Inputs: src/**, rules/**, Cargo.toml, Cargo.lock, LICENSE-MIT, LICENSE-APACHE, README.md
# Outputs: target/packages/az.tar.gz
# Env: RUSTFLAGS, RUSTUP_TOOLCHAIN
# PassEnv: CARGO_TARGET_DIR
# Scratch: target/release/**
# Resources: cargo
# Timeout: 40m
set -eu

cargo build --release --quiet --bin az
tar --create --gzip --file target/packages/az.tar.gz \
    --directory "${CARGO_TARGET_DIR:-target}/release" az \
    --directory "$PWD" LICENSE-MIT LICENSE-APACHE README.md
echo "target/packages/az.tar.gz: $(du -h target/packages/az.tar.gz | cut -f1)"
