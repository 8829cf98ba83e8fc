#!/usr/bin/env bash
# The server with its site, by the build tool in tools/site: the best one in target/release, or with --daily one
# that is there sooner, in target/daily.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."
target=${CARGO_TARGET_DIR:-target}
[ -x "$target/debug/site" ] || printf 'build: compiling the build tool (usually 1 min, once)\n' >&2
exec cargo run --quiet --package=site -- "$@"
