#!/bin/sh
# Installs GitHub's own evaluator of expressions under target/, where a test compares az with it if it is there.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p target/oracle
npm install --no-audit --no-fund --ignore-scripts --prefix target/oracle @actions/expressions@0.3.61
