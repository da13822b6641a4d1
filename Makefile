# Two commands do all the set-up themselves: `make demo` and `make test`. `make` alone lists them all.

.DEFAULT_GOAL := help
.PHONY: help demo test parity fuzz check bench dist setup

# A fresh rustup is not in the PATH of the shell that called make.
export PATH := $(PATH):$(HOME)/.cargo/bin

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: ## a tour of two minutes against a real Kafka; KEEP=1 leaves it running
	@scripts/demo

test: ## set-up, a real Kafka, build, every test; TEST_THREADS=n
	@scripts/test

parity: ## the same questions to a broker and to Doorkeeper, answer for answer, into docs/parity.md; SEED=n CASES=n, LONG=1 to keep the run, CASES=0 to write the page only
	@scripts/setup
	cargo build -p doorkeeper
	SEED=$(or $(SEED),1) CASES=$(or $(CASES),6000) PARITY_PAGE=1 PARITY_LONG=$(LONG) cargo test -p end-to-end --test parity -- --nocapture --test-threads=1

fuzz: ## ten times the mutated frames of `make test`, from another seed; SEED=n INPUTS=n
	@scripts/setup
	FUZZ_SEED=$(or $(SEED),2) FUZZ_FRAMES=$(or $(INPUTS),10000000) cargo test -p protocol --test fuzz -- --nocapture
	FUZZ_SEED=$(or $(SEED),2) FUZZ_INPUTS=$(or $(INPUTS),10000000) cargo test -p apis --test fuzz_handlers -- --nocapture

check: ## format, lints, and licences and advisories if cargo-deny is there
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny check; else echo 'cargo-deny is not installed: licences and advisories were not checked'; fi

bench: ## benchmarks, beside HAProxy on the same load
	@scripts/setup bench
	cargo build --release -p doorkeeper
	cargo bench -p benches

dist: ## release binary and image from scratch, in dist/
	@scripts/setup
	@scripts/dist

setup: ## only look for what is needed, and install what is missing
	@scripts/setup
