# Two commands do everything on a machine with Rust, Python and make:
#   make run    builds tribunal, runs the examples of the root pipeline, shows the report
#   make test   all tests
CARGO ?= cargo
PYTHON ?= python3
VENV := target/venv
READY := $(VENV)/ready
LANGUAGES := target/languages
# The program that runs and is looked at. One that is named here is taken as it is; else it is built, as it is released.
ifndef TRIBUNAL
TRIBUNAL := target/release/tribunal
BUILD := $(CARGO) build --release --locked
endif
# The suites of pipeline.toml find pytest here.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: run pipeline checks test test-page test-ci test-cluster setup setup-examples setup-languages lint deny doc dist fuzz table bench bench-judges bench-languages bench-judging bench-reporter bench-kubernetes clean

run: setup setup-examples
	$(BUILD)
	$(TRIBUNAL) run --label kind=example $$(examples/suites)

# The project's own pipeline, whole: examples, format, lints, tests.
pipeline: setup setup-examples
	$(BUILD)
	$(TRIBUNAL) run $$(examples/suites)

# Its suites that look at the source alone: format and lints.
checks:
	$(BUILD)
	$(TRIBUNAL) run --label kind=check

test: setup setup-examples setup-languages
	$(CARGO) test --workspace --locked

# The HTML report in headless Chromium. Without Chromium or npm it is skipped, loudly.
test-page:
	$(BUILD)
	tests/page/run $(TRIBUNAL)

# The jobs of examples/ci, the log and the JUnit files, by the CI systems' own schemas and tools. What cannot be had
# here is skipped, loudly.
test-ci:
	$(BUILD)
	tests/ci/run $(TRIBUNAL)

# The compilers of judges in Python, C and Zig, from PyPI; half a gigabyte, kept in target/. Its programs name the
# folder they were made in: where that is gone, they are made anew. target/ may be a link into a cache that stays.
setup-languages:
	@$(LANGUAGES)/bin/componentize-py --version >/dev/null 2>&1 || rm -f $(LANGUAGES)/ready
	@$(MAKE) --no-print-directory $(LANGUAGES)/ready

$(LANGUAGES)/ready: plugins/templates/requirements.txt
	@mkdir -p target/
	folder=$$(cd target && pwd -P)/languages && $(PYTHON) -m venv --clear "$$folder" && \
	  "$$folder"/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# The tests that need a Kubernetes cluster: on the one of KUBECONFIG, or on one of our own on loopback, which
# needs root, Go and Debian and is ended afterwards. Without either they are skipped, loudly. Its log files are
# small, so that they rotate.
test-cluster: export TRIBUNAL_CLUSTER_LOG_MAX_SIZE ?= 1Mi
test-cluster: export TRIBUNAL_CLUSTER_LOG_INTERVAL ?= 3s
test-cluster:
	tests/cluster/with $(CARGO) test --workspace --locked --test kubernetes

# What the builds and suites need besides Rust itself; does nothing when it is there. As below, programs name their folder.
setup:
	@$(VENV)/bin/pytest --version >/dev/null 2>&1 || rm -f $(READY)
	@$(MAKE) --no-print-directory $(READY)
	@for target in wasm32-unknown-unknown wasm32-wasip1 wasm32-wasip2 x86_64-unknown-linux-musl aarch64-unknown-linux-musl; do \
	  rustup target list --installed | grep -q "^$$target$$" || rustup target add $$target || exit 1; \
	done

$(READY): examples/requirements.txt
	@mkdir -p target/
	folder=$$(cd target && pwd -P)/venv && $(PYTHON) -m venv --clear "$$folder" && \
	  "$$folder"/bin/python -m pip install --quiet --disable-pip-version-check -r examples/requirements.txt
	@touch $@

# The packages of npm that the examples need, by their lock files. Without npm those examples are skipped, loudly.
setup-examples: $(patsubst %/package-lock.json,%/node_modules/.package-lock.json,$(wildcard examples/*/package-lock.json))

examples/%/node_modules/.package-lock.json: examples/%/package-lock.json
	@if command -v npm >/dev/null; then \
	  cd examples/$* && npm ci --no-audit --no-fund --silent && touch node_modules/.package-lock.json; \
	else echo "SKIPPED: the packages of examples/$*, for want of npm" >&2; fi

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

deny:
	@command -v cargo-deny >/dev/null || $(CARGO) install cargo-deny --locked --version 0.20.2
	$(CARGO) deny --all-features check bans licenses sources

# The archives of a release: static programs for x86_64 and aarch64, with checksums, in target/dist.
dist:
	release/build

bench:
	cargo build --release --locked && $(PYTHON) benches/peers.py

# What showing a run costs, as a share of a core.
bench-reporter:
	$(CARGO) bench -p tribunal --locked --bench reporter

# Judges in every language: loading, a small log, a large one.
bench-languages: setup-languages
	$(CARGO) build --release --locked && $(PYTHON) benches/languages.py

# Judges at work: judged again, reloaded, and 500 that wait.
bench-judging: setup
	$(CARGO) build --release --locked && $(PYTHON) benches/rejudge.py && $(PYTHON) benches/waiting.py

# Beside kubectl and stern, on clusters of our own: needs root, Go and Debian.
bench-kubernetes:
	$(CARGO) build --release --locked && $(PYTHON) benches/kubernetes.py

# The judges beside their peers: needs pip for junitparser and lxml.
bench-judges: setup
	$(CARGO) build --release --locked && $(PYTHON) benches/judges.py

# Every judge and the codec of sealed capture, for SECONDS each; TARGETS names some of them.
fuzz: SECONDS ?= 60
fuzz:
	$(CARGO) run --release --locked -p tribunal-fuzz -- --seconds $(SECONDS) $(TARGETS)

# Writes plugins/TABLE.md anew.
table:
	TRIBUNAL_TABLE_UPDATE=1 $(CARGO) test --locked -p tribunal-judges --test table

clean:
	$(CARGO) clean
