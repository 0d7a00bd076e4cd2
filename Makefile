# What a contributor needs daily. One profile and always the whole workspace:
# another set of crates or features would compile wasmtime a second time.
CARGO_FLAGS := --release --workspace
SANDGATE := $(or $(CARGO_TARGET_DIR),target)/release/sandgate
# where the example looks for them, wherever cargo builds
POLICIES := $(patsubst %,target/policies/%.wasm,script_detector subscription_limits velocity)

# what C libraries are built with, where a machine has it in no usual place
TOOLS = tools=$$(scripts/build-tools) && eval "$$tools" &&
# with the real servers, which are stopped afterwards unless they ran before
SERVERS := scripts/services with --

.PHONY: help demo test soak bench services services-stop lint fmt doc clean wasm-target

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | column -t -s '|' 2>/dev/null || grep '##' Makefile

demo: wasm-target ## judge generated payments and show who was stopped, and why
	@$(TOOLS) cargo build $(CARGO_FLAGS) --bins
	@mkdir -p target/policies
	@for file in $(POLICIES); do \
		"$(SANDGATE)" build "policies/$$(basename $$file .wasm | tr _ -)" --to $$file || exit 1; \
	done
	@"$(SANDGATE)" demo

test: wasm-target ## run all tests, against a real Kafka, Redis and PostgreSQL
	@$(TOOLS) $(SERVERS) cargo test $(CARGO_FLAGS)

soak: wasm-target ## kill runs a thousand times, and strike a hundred fleets in every way; takes most of an hour
	@$(TOOLS) $(SERVERS) cargo test $(CARGO_FLAGS) --test kills --test fleet -- --kills 1000 --runs 100

bench: wasm-target ## measure, and print the tables of docs/benchmarks.md
	@$(TOOLS) $(SERVERS) cargo bench --workspace

services: ## start the servers that the tests need, for `cargo test` by hand; says where they are
	@scripts/services start && scripts/services env

services-stop: ## stop them, and remove what they stored
	@scripts/services stop

lint: ## what CI asks for besides the tests: format, clippy, documents
	cargo fmt --all --check
	$(TOOLS) cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings
	$(TOOLS) RUSTDOCFLAGS="-D warnings" cargo doc $(CARGO_FLAGS) --no-deps

fmt: ## format all code
	cargo fmt --all

doc: ## build the documents of all crates, below target/doc
	$(TOOLS) cargo doc $(CARGO_FLAGS) --no-deps

clean: ## throw away everything that was built
	cargo clean

# adds the target that policies are compiled for, where it is missing
wasm-target:
	@scripts/wasm-target
