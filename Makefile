# What one does with Inglenook. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := bash

CARGO ?= cargo
BINARY := target/release/inglenook

.PHONY: help setup run build watch test bench clean

help: ## This list
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: ## Install what building needs (also done by the other targets)
	@scripts/setup.sh

run: build ## Build and serve; prints the address
	@$(BINARY)

build: setup ## One release binary with all its assets: target/release/inglenook
	@scripts/build.sh

watch: setup ## Serve and reload on every change
	@$(CARGO) leptos watch

test: ## Everything: formatting, lints, docs, unit, store, router and browser tests
	@scripts/setup.sh test
	@scripts/test.sh

bench: $(BINARY) ## Measure: streams through the release binary, and what else has benches
	@$(CARGO) bench --no-default-features --features ssr

$(BINARY):
	@scripts/setup.sh
	@scripts/build.sh

clean: ## Remove what was built
	@$(CARGO) clean
