#!/bin/sh
# Stage: Development
# Tags: tools
# Description: Tells which Git steps would use
# Outputs:
# ExitCodes: 3=skipped
set -eu

command -v git >/dev/null || {
    echo "skipped: git is not installed"
    exit 3
}
git --version
