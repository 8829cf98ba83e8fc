#!/usr/bin/env bash
# All checks, the quick ones first. `make test` has set the machine up before.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly SERVER=(--no-default-features --features ssr)
readonly BROWSER=(--lib --no-default-features --features hydrate --target wasm32-unknown-unknown)
step() { printf '\n== %s (%ds)\n' "$*" "$SECONDS"; }

step "formatting"
cargo fmt --check
step "lints, server"
cargo clippy --quiet "${SERVER[@]}" --all-targets -- -D warnings
step "lints, browser"
cargo clippy --quiet "${BROWSER[@]}" -- -D warnings
step "documentation"
RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --quiet "${SERVER[@]}" --no-deps --lib --document-private-items
step "unit, store and router tests"
cargo test "${SERVER[@]}"
step "the release binary"
scripts/build.sh
step "browser tests"
(cd end2end && npx playwright test)
step "done"
