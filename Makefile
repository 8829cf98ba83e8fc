# The commands for building, running and testing Inglenook. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := bash

CARGO ?= cargo
BINARY := target/release/inglenook
DAILY := target/daily/inglenook
FUZZ_SECONDS ?= 600

.PHONY: help setup run build watch test bench attack fuzz pictures clean

help: ## This list
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: ## Install what building needs (the other targets do so, too)
	@scripts/setup.sh

run: setup ## Build quickly and serve; prints the address
	@scripts/build.sh --daily
	@$(DAILY)

build: setup ## One release binary with all its assets: target/release/inglenook
	@scripts/build.sh

watch: ## Serve and reload on every change, with cargo-leptos
	@scripts/setup.sh watch
	@$(CARGO) leptos watch

test: ## Everything: formatting, lints, docs, unit, store, router and browser tests
	@scripts/setup.sh test
	@scripts/test.sh

bench: $(BINARY) ## Measure streams, rendering and the browser, with the release binary
	@$(CARGO) bench --no-default-features --features ssr
	@cd end2end && npm ci --silent && npm run --silent bench

attack: $(BINARY) ## Attack a server of its own with floods, slow connections, costly texts and a full disk; AGAINST=BINARY compares an older binary
	@cd end2end && npm ci --silent && node attack/attack.mjs $(if $(AGAINST),--against $(abspath $(AGAINST)))

# cargo-fuzz wants the flags of a nightly compiler; RUSTC_BOOTSTRAP lets a stable one take them.
fuzz: ## Render random texts in random pieces for ten minutes (FUZZ_SECONDS); needs cargo-fuzz
	@cd end2end && npm ci --silent
	@node fuzz/seeds.mjs
	@cd fuzz && RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --sanitizer none stream -- \
		-max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 -dict=markdown.dict

pictures: $(BINARY) ## Take the pictures of the README, into docs/
	@cd end2end && npm ci --silent && node pictures.mjs

$(BINARY):
	@scripts/setup.sh
	@scripts/build.sh

clean: ## Remove what was built
	@$(CARGO) clean
