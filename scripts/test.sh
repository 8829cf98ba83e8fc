#!/usr/bin/env bash
# Runs all checks, the quick ones first. `make test` runs setup.sh before.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly SERVER=(--no-default-features --features ssr)
readonly BROWSER=(--lib --no-default-features --features hydrate --target wasm32-unknown-unknown)
# On a machine that compiles once, what makes the next compilation quicker, and lines in backtraces, cost minutes.
[ -z "${CI:-}" ] || export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0
step() { printf '\n== %s (%ds)\n' "$*" "$SECONDS"; }

# Builds the binary with cargo, Node and a C compiler as the only tools on PATH, to show that it needs no others. It is the one
# that compiles sooner, because the release binary differs in nothing but optimisation, which takes minutes.
# rustup's own cargo would put the folder of all installed tools on PATH, so the cargo that it runs is taken instead.
build_with_little() {
  local tools name
  tools=$(mktemp -d)
  for name in cargo rustc; do ln -s "$(rustup which "$name" 2>/dev/null || command -v "$name")" "$tools/$name"; done
  for name in node npm cc as ld ar sh; do ln -s "$(command -v "$name")" "$tools/$name"; done
  PATH=$tools "$BASH" scripts/build.sh --daily
  rm -rf "$tools"
}

step "formatting"
cargo fmt --all --check
step "lints, server"
cargo clippy --quiet "${SERVER[@]}" --all-targets -- -D warnings
step "lints, browser"
cargo clippy --quiet "${BROWSER[@]}" -- -D warnings
step "documentation"
RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --quiet "${SERVER[@]}" --no-deps --lib --document-private-items
step "the build tool"
cargo clippy --quiet --package=site --all-targets -- -D warnings
cargo test --quiet --package=site
step "unit, store, router and process tests"
failed=
cargo nextest run "${SERVER[@]}" || failed=yes
node scripts/slowest.mjs
[ -z "$failed" ]
step "the binary, with cargo, Node and a C compiler alone"
build_with_little
step "browser tests"
(cd end2end && INGLENOOK_BIN=${CARGO_TARGET_DIR:-$PWD/../target}/daily/inglenook npx playwright test)
step "done"
