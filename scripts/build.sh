#!/usr/bin/env bash
# The release binary. The browser's part comes first, as the server carries it; cargo-leptos alone would
# build both at once.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo leptos build --release --frontend-only
cargo leptos build --release --server-only
