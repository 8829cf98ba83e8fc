#!/usr/bin/env bash
# Builds the server with its site, with the build tool in tools/site: the fastest server, in target/release, or with --daily
# one that compiles sooner, in target/daily.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."
target=${CARGO_TARGET_DIR:-target}
[ -x "$target/debug/site" ] || printf 'build: compiling the build tool (usually 1 min, once)\n' >&2
exec cargo run --quiet --package=site -- "$@"
