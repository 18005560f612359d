# Thin: CMake does the work (CMakePresets.json). Every target does its own set-up; the second run is quick.
SHELL := /bin/sh
setup := service/cmake/setup.sh
jobs := $(shell nproc 2>/dev/null || echo 2)
cmake_build = cmake --preset $(1) >build/$(1).configure.log 2>&1 || { cat build/$(1).configure.log; exit 1; }; \
	cmake --build --preset $(1) -j $(jobs) $(2)

.PHONY: build demo test test-interop test-all lint format bench clean
.DEFAULT_GOAL := build

build: ## the binary, at build/medreview
	@$(setup) build
	@mkdir -p build
	@$(call cmake_build,release,--target medreview)
	@ln -sf release/medreview build/medreview

demo: build ## the main job on synthetic patients; Ctrl-C stops it
	@build/medreview demo

test: build ## every test that needs no other server
	@$(setup) test
	@tests/run.sh

test-interop: build ## the real servers: HAPI FHIR and its validator
	@$(setup) interop
	@tests/interop/run.sh build/medreview

test-all: test test-interop

lint: ## layers, headers, banned functions, format, both compilers without a warning
	@$(setup) lint
	@tests/lint/run.sh

format:
	@$(setup) lint
	@tests/lint/format.sh --write

bench: build ## ratios in one run, on the same bytes
	@$(setup) test
	@tests/bench/run.sh

clean:
	@rm -rf build
