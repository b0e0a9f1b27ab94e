#!/bin/sh
# Stage: Development
# Tags: tools
# Description: Tells which Node.js steps would use
# Outputs:
# ExitCodes: 3=skipped
set -eu

command -v node >/dev/null || {
    echo "skipped: node is not installed"
    exit 3
}
node --version
