# Two commands do everything: `make quickstart` and `make test`.
SHELL := /bin/bash
APT_PACKAGES := liblua5.4-dev libopenblas-dev libpcre2-dev zlib1g-dev libedit-dev libssl-dev pkg-config gnuplot-nox
PKG_CONFIG_NAMES := lua5.4 openblas libpcre2-8 zlib libedit libcrypto
BINARY := .build/release/rhoscript
SWIFT_BUILD := swift build -c release

.PHONY: all setup swift packages build quickstart test test-models fuzz lock verify bench lint docs clean

all: build

## setup: install what is missing (Debian packages; Swift itself must be there)
setup: swift packages

swift:
	@command -v swift >/dev/null || { echo "Swift is missing: install the Swift 6.1 toolchain or later (swift.org/install) and put 'swift' on PATH." >&2; exit 1; }

packages:
	@if ! { command -v pkg-config && pkg-config --exists $(PKG_CONFIG_NAMES) && command -v gnuplot; } >/dev/null 2>&1; then \
		command -v apt-get >/dev/null || { echo "Missing libraries, and no apt-get to install them with: $(APT_PACKAGES)" >&2; exit 1; }; \
		sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		$$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(APT_PACKAGES); \
	fi

## build: the release build of rhoscript and rhobench
build: setup
	$(SWIFT_BUILD) --product rhoscript
	$(SWIFT_BUILD) --product rhobench
	$(SWIFT_BUILD) --product rhoserve

## quickstart: train reference, full, selective and random arms on the embedded corpus; table, plots, HTML report
quickstart: setup
	$(SWIFT_BUILD) --product rhoscript
	$(BINARY) run experiments/quickstart.lua $(ARGS)

## test: every test, against the same release build
test: setup
	$(SWIFT_BUILD) --build-tests
	swift test -c release --skip-build --disable-xctest

## test-models: hold a real pretrained model to transformers (fetches it with pip; see Tests/Models)
test-models: setup
	$(SWIFT_BUILD) --product rhoscript
	Tests/Models/run

## fuzz: N damaged files for every reader and N senseless calls of the Lua surface; FORMATS picks some
fuzz: setup
	$(SWIFT_BUILD) --product rhofuzz
	.build/release/rhofuzz --n $(or $(N),20000) $(FORMATS)

## lock: run every experiment at smoke size, and freeze data, code and results in experiments/*.lock.json
lock: build
	@for file in experiments/*.lua; do \
		$(BINARY) $$file --set preset=smoke --quiet --force --out runs/lock/$$(basename $$file .lua) >/dev/null || exit 1; \
	done
	@for file in experiments/*.lua; do \
		$(BINARY) lock runs/lock/$$(basename $$file .lua) --tolerance $(or $(TOLERANCE),1e-3) || exit 1; \
	done

## verify: run every locked experiment again, and hold it to its lock file
verify: build
	$(BINARY) verify experiments

## bench: measure kernels, steps, scoring and tokenizers; PEER=1 adds PyTorch and tokenizers from PyPI
bench: build
	PEER=$(PEER) TEXT=$(TEXT) docs/benchmarks/run

## lint: formatting rules
lint: swift
	swift format lint --strict --recursive Sources Tests stdlib-lua Package.swift

## docs: regenerate the manual and the editor stubs from the declarations
docs: build
	$(BINARY) docs

clean:
	rm -rf .build runs
