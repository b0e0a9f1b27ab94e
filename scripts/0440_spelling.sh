#!/bin/sh
# Stage: Quality
# Tags: ci, spelling
# Description: Words are spelled as in a dictionary
# Dependencies: typos (optional)
# Inputs: src/**, tests/**, benches/**, rules/**, scripts/**, playbooks/**, .ci/run, .ci/fuzz, *.md, *.toml, .gitignore
# Outputs:
# Timeout: 2m
# ExitCodes: 3=skipped
set -eu

command -v typos >/dev/null || {
    echo "skipped: typos is not installed (pip install typos)"
    exit 3
}
set -- .ci/run .ci/fuzz ./*.md ./*.toml
for folder in src tests benches rules scripts playbooks; do
    if [ -d "$folder" ]; then set -- "$@" "$folder"; fi
done
typos --format brief "$@"
