# What a contributor needs daily. One profile and always the whole workspace:
# another set of crates or features would compile wasmtime a second time.
CARGO_FLAGS := --release --workspace
SANDGATE := $(or $(CARGO_TARGET_DIR),target)/release/sandgate
# where the example looks for them, wherever cargo builds
POLICIES := $(patsubst %,target/policies/%.wasm,script_detector subscription_limits velocity)

.PHONY: help demo test soak bench lint fmt doc clean wasm-target

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | column -t -s '|' 2>/dev/null || grep '##' Makefile

demo: wasm-target ## judge generated payments and show who was stopped, and why
	@cargo build $(CARGO_FLAGS) --bins
	@mkdir -p target/policies
	@for file in $(POLICIES); do \
		"$(SANDGATE)" build "policies/$$(basename $$file .wasm | tr _ -)" --to $$file || exit 1; \
	done
	@"$(SANDGATE)" demo

test: wasm-target ## run all tests
	cargo test $(CARGO_FLAGS)

soak: wasm-target ## kill runs a thousand times and compare their bytes; takes a few minutes
	cargo test $(CARGO_FLAGS) --test kills -- --kills 1000

bench: wasm-target ## measure, and print the tables of docs/benchmarks.md
	cargo bench --workspace

lint: ## what CI asks for besides the tests: format, clippy, documents
	cargo fmt --all --check
	cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc $(CARGO_FLAGS) --no-deps

fmt: ## format all code
	cargo fmt --all

doc: ## build the documents of all crates, below target/doc
	cargo doc $(CARGO_FLAGS) --no-deps

clean: ## throw away everything that was built
	cargo clean

# adds the target that policies are compiled for, where it is missing
wasm-target:
	@scripts/wasm-target
