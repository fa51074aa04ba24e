# Consentry: what a developer and CI run. `make setup` installs what Debian 12 lacks besides Rust; the rest calls it first.

CARGO ?= cargo
SUDO  := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: help setup build test demo bench lint
.DEFAULT_GOAL := help

help:
	@echo "make demo [ONCE=1]   see Consentry at work on a throwaway PostgreSQL (ONCE=1: and exit)"
	@echo "make test            every test, the database ones too"
	@echo "make bench           the benchmarks (see benches/README.md)"
	@echo "make lint            rustfmt and clippy, warnings are errors"
	@echo "make setup           install PostgreSQL, libclang and a C compiler by apt, if they are missing"

# PostgreSQL for tests and demo; libclang and a C compiler to build PostgreSQL's grammar (pg_query).
setup:
	@missing=""; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	ls /usr/lib/llvm-*/lib/libclang.so >/dev/null 2>&1 || missing="$$missing libclang-dev"; \
	command -v cc >/dev/null || missing="$$missing build-essential"; \
	[ -z "$$missing" ] || { echo "installing:$$missing"; $(SUDO) apt-get update -q && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; }
	@command -v $(CARGO) >/dev/null || { echo "Rust is missing: https://rustup.rs"; exit 1; }

build: setup
	$(CARGO) build --release --locked

# Without what only a next build would use: it takes as much of the disk as the programs.
test: setup
	CARGO_INCREMENTAL=0 $(CARGO) test --locked --no-fail-fast

demo: build
	@target/release/consentry demo $(if $(ONCE),--once)

bench: setup
	$(CARGO) bench --locked

lint: setup
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
