# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            says what there is to make
# make run        sets everything up and shows rt0 at work
# make test       sets everything up and runs all tests

SHELL := bash
.DEFAULT_GOAL := help

# Where the fixtures' executables are kept, for all clones; package fixtures has the same default.
ifndef RT0_CACHE
ifeq ($(HOME),)
RT0_CACHE := $(CURDIR)/.cache/rt0
else ifeq ($(shell uname -s),Darwin)
RT0_CACHE := $(HOME)/Library/Caches/rt0
else
RT0_CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/rt0
endif
endif
export RT0_CACHE

# Further arguments: make test ARGS='-run TestBoot ./harness', make bench ARGS='-n 50'.
ARGS ?=
# How long each fuzz target runs.
FUZZTIME ?= 60s

.PHONY: help
help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## put the CPU engine (Unicorn) into .deps, unless it is there
	@scripts/deps.sh

# With a static engine and a static C library, bin/rt0 is static: it runs on any Linux of this architecture. Go's own resolver and user
# look-up take the place of the C library's, which cannot be static; rt0 uses neither.
.PHONY: build
build: deps ## build bin/rt0
	@libc=$$($${CC:-gcc} -print-file-name=libc.a); \
	if [ -e .deps/lib/librt0-run-make-deps.a ] && [ -f "$$libc" ] && [ "$$(uname -s)" = Linux ]; then \
		set -x; CGO_LDFLAGS='-O2 -g -static' go build -tags netgo,osusergo -o bin/rt0 ./cmd/rt0; \
	else \
		set -x; go build -o bin/rt0 ./cmd/rt0; \
	fi

.PHONY: run
run: build ## boot the fixtures on every architecture and many machines, and print the table
	@go run ./scripts/firstlight $(ARGS)

.PHONY: test
test: deps test-tools ## run all tests
	@scripts/env.sh go test -timeout 45m $(or $(ARGS),./...)

.PHONY: test-short
test-short: deps test-tools ## run the tests that need no further toolchain
	@scripts/env.sh go test -short -timeout 45m $(or $(ARGS),./...)

.PHONY: test-tools
test-tools:
	@scripts/tool.sh strace strace || echo 'tests that compare with the real kernel will be skipped' >&2
	@scripts/tool.sh qemu-mips64el qemu-user || echo 'tests that compare with qemu-user will be skipped' >&2
	@scripts/tool.sh /usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1 libc6-arm64-cross libc6-ppc64el-cross libc6-s390x-cross || \
		echo 'tests that compare position-independent programs with qemu-user will be skipped' >&2
	@scripts/tool.sh chromium chromium chromium-common || echo 'tests of the HTML page in a browser will be skipped' >&2

.PHONY: zoo
zoo: build ## reproduce the zoo of start-up bugs, every release on every architecture (fetches some 40 toolchains)
	@bin/rt0 zoo $(ARGS)

.PHONY: releases
releases: deps ## boot Go 1.5 to 1.27 and write docs/releases.json and the page (fetches 23 toolchains)
	go run ./scripts/releases -boot docs

.PHONY: check
check: deps ## format, vet, staticcheck, generated files, go.mod, the order of the house
	@scripts/check.sh

.PHONY: bench
bench: build ## compare with Debian's qemu-user, side by side
	@scripts/tool.sh qemu-mips64el qemu-user
	@scripts/env.sh go run ./scripts/bench $(ARGS)

.PHONY: fuzz
fuzz: deps ## run every fuzz target for FUZZTIME (60s)
	@scripts/fuzz.sh $(FUZZTIME)

.PHONY: generate
generate: ## write the generated files anew
	go generate ./...

.PHONY: clean
clean: ## remove what was built, and the fixtures' cache as well unless KEEP_CACHE=1
	rm -rf bin
	$(if $(KEEP_CACHE),,rm -rf "$(RT0_CACHE)/builds")

.PHONY: clean-cache
clean-cache: ## remove the fixtures' cache only
	rm -rf "$(RT0_CACHE)/builds"

.PHONY: distclean
distclean: clean ## remove .deps as well
	rm -rf .deps
