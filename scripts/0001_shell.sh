#!/bin/sh
# Stage: Setup
# Tags: setup
# Description: Tells which shell and which system steps run with
# Outputs:
set -eu

echo "$(uname -sr), sh is $(readlink -f "$(command -v sh)")"
