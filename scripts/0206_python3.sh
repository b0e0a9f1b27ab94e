#!/bin/sh
# Stage: Development
# Tags: tools
# Description: Tells which Python steps would use
# Outputs:
# ExitCodes: 3=skipped
set -eu

command -v python3 >/dev/null || {
    echo "skipped: python3 is not installed"
    exit 3
}
python3 --version
