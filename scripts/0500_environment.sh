#!/bin/sh
# Stage: Validation
# Tags: setup
# Description: Tells whether what az is built and checked with is here
# Cache: never
# Outputs:
set -eu

missing=0
for tool in cargo rustc git; do
    if command -v "$tool" >/dev/null; then
        "$tool" --version
    else
        echo "missing: $tool" >&2
        missing=1
    fi
done
exit "$missing"
