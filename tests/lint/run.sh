#!/bin/sh
# Everything that is said about the code without running it.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p build
step() { printf '%-46s' "$1"; shift; if "$@" >build/lint.log 2>&1; then tail -n 1 build/lint.log | grep skipped || echo ok; else echo FAILED; cat build/lint.log; exit 1; fi; }

step "layers (tests/lint/layers.txt)" tests/lint/layers.py
step "banned functions (tests/lint/banned.txt)" tests/lint/banned.py
step "headers stand alone" tests/lint/headers.sh
step "format" tests/lint/format.sh
step "what the repository may name" tests/lint/names.sh
step "hazard log: every control has its test" tests/lint/hazards.py
step "gcc, all warnings errors: configure" cmake --preset debug
step "gcc, all warnings errors: build" cmake --build --preset debug -j "$(nproc)"
step "clang, all warnings errors: configure" cmake --preset clang
step "clang, all warnings errors: build" cmake --build --preset clang -j "$(nproc)"
build/debug/medreview serve --describe-config >build/configuration.md
step "docs/configuration.md is generated" diff -u docs/configuration.md build/configuration.md
build/debug/medreview rules list --format markdown >build/rules.md
step "docs/rules.md is generated" diff -u docs/rules.md build/rules.md
