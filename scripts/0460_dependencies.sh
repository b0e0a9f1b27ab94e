#!/bin/sh
# Stage: Quality
# Tags: ci, dependencies
# Description: The licences and sources of all dependencies are allowed
# Dependencies: cargo, cargo-deny (optional)
# Inputs: Cargo.toml, Cargo.lock, deny.toml
# Outputs:
# Timeout: 5m
# Resources: cargo
# ExitCodes: 3=skipped
set -eu

# Versions before 0.16 cannot read what today's cargo says.
minor=$(cargo deny --version 2>/dev/null | sed -n 's/^cargo-deny 0\.\([0-9]*\)\..*/\1/p')
[ "${minor:-0}" -ge 16 ] || {
    echo "skipped: cargo-deny 0.16 or later is not installed (cargo install cargo-deny --locked)"
    exit 3
}
# cargo-deny looks at every platform's dependencies, also those that no build here has wanted yet.
cargo metadata --format-version 1 --locked >/dev/null || {
    echo "skipped: not all dependencies are on this machine, and they cannot be fetched"
    exit 3
}
# No advisories: they change by themselves, so no result of theirs could be reused.
cargo deny --offline --log-level error check bans licenses sources
