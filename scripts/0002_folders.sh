#!/bin/sh
# Stage: Setup
# Tags: setup
# Description: Makes the folder that built packages are put into
# Inputs:
# Outputs: target/packages/README
set -eu

mkdir -p target/packages
echo "Packages that scripts/0300_package.sh made. All of it can be deleted." >target/packages/README
