# What one does with Inglenook. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := bash

CARGO ?= cargo
BINARY := target/release/inglenook
DAILY := target/daily/inglenook
FUZZ_SECONDS ?= 600

.PHONY: help setup run build watch test bench attack fuzz clean

help: ## This list
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: ## Install what building needs (also done by the other targets)
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

bench: $(BINARY) ## Measure: streams through the release binary, and what else has benches
	@$(CARGO) bench --no-default-features --features ssr
	@cd end2end && npm ci --silent && npm run --silent bench

attack: $(BINARY) ## Floods, slow connections, costly texts and a full disk against a server of its own; AGAINST=BINARY beside an older one
	@cd end2end && npm ci --silent && node attack/attack.mjs $(if $(AGAINST),--against $(abspath $(AGAINST)))

# libFuzzer wants a nightly compiler's flags; a stable one has them, too, when told so.
fuzz: ## Ten minutes (FUZZ_SECONDS) of any text, cut anyhow, through the renderer; needs cargo-fuzz
	@cd end2end && npm ci --silent
	@node fuzz/seeds.mjs
	@cd fuzz && RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --sanitizer none stream -- \
		-max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 -dict=markdown.dict

$(BINARY):
	@scripts/setup.sh
	@scripts/build.sh

clean: ## Remove what was built
	@$(CARGO) clean
