# What people and CI type. Every target works in a clean clone.
.PHONY: demo quick test lint deny check contract drift bench bench-real fuzz soak record snap api
.DEFAULT_GOAL := check

# Watch three scripted models propose, review, refine and agree: no account, no network.
demo:
	cargo run --quiet --release -- demo

# While you work: lints, unit tests, and the integration tests that start no processes and try no thousand orders.
# Less than a minute when warm.
QUICK = layers:: documents:: vectors:: transcripts:: journal:: reports:: adapter_ cli_errors:: cli_plans:: \
	protocol_consensus:: protocol_prompts:: debate_prompts::
quick:
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo test --quiet --lib
	cargo test --quiet --test it -- $(QUICK)

# Unit, integration and doc tests; the examples and the crate outside run in them.
# REFINERY_KEEP_TEST_DIRS=1 keeps the folder of a test that fails, and prints where it is.
test:
	cargo test

# Everything that must hold before a commit.
check: lint deny test

lint:
	cargo fmt --check
	rustfmt --check --edition 2024 tests/outside/build.rs tests/outside/src/main.rs
	cargo clippy --all-targets -- -D warnings
	cargo clippy --test contract -- -D warnings
	cargo clippy --no-default-features --lib -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --quiet
	RUSTDOCFLAGS="-D warnings" cargo doc --lib --no-deps --no-default-features --quiet

# Licences, sources and bans of all dependencies (deny.toml); known vulnerabilities where their list can be fetched.
deny:
	scripts/check-dependencies

# The real claude, codex and gemini programs against a loopback stand-in of their vendors' APIs.
contract:
	scripts/install-clis
	cargo test --test contract

# What changed in the newest CLIs since the versions that were tested: prints it, and fails if anything did.
drift:
	scripts/drift

# Time and memory: prints the tables of benches/README.md.
bench:
	cargo bench --bench overhead -- --write
	cargo bench --bench in_process -- --write
	cargo bench --bench slow_disk -- --write

# The real CLIs, kept and started anew for every call, with vendors on the loopback that answer at once.
bench-real:
	scripts/install-clis
	REFINERY_BENCH_WRITE=1 cargo test --test contract bench_real:: -- --ignored --nocapture

# A million drawn cases for each reader of what others write (tests/fuzz.rs); `make test` draws a few hundred.
fuzz:
	PROPTEST_CASES=1000000 cargo test --profile fuzz --test it -- fuzz::

# Five hundred drawn runs of the real program from a new seed (tests/fault_drawn.rs), and five hundred in one process
# (tests/fault_soak.rs); `make test` makes fewer of the drawn ones. What fails prints the line that repeats it.
soak:
	REFINERY_SOAK=500 cargo test --test it -- fault_drawn:: fault_soak:: --nocapture

# Record fixtures/transcripts anew from the real CLIs.
record:
	scripts/record-transcripts

# Accept changed output snapshots after reading them.
snap:
	INSTA_UPDATE=always cargo test --test it
	git diff --stat -- tests

# Accept a changed public surface of the library after reading it.
api:
	REFINERY_ACCEPT_API=1 cargo test --test it library_surface
	git diff --stat -- docs
