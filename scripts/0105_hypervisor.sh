#!/bin/sh
# Stage: Infrastructure
# Tags: lab
# Description: Tells whether this machine can run virtual machines
# Cache: never
# Outputs:
# ExitCodes: 3=skipped
set -eu

if [ -r /dev/kvm ]; then
    echo "virtual machines run at full speed (/dev/kvm)"
else
    echo "skipped: there is no /dev/kvm"
    exit 3
fi
