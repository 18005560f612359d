#!/bin/sh
# Fuzz smoke: every target for SECONDS_EACH (30) seconds from its corpus; a crash leaves its input in build/fuzz-crashes.
set -eu
cd "$(dirname "$0")/../.."
seconds=${SECONDS_EACH:-30}
mkdir -p build build/fuzz-crashes
cmake --preset fuzz >build/fuzz.configure.log 2>&1 || { cat build/fuzz.configure.log; exit 1; }
targets=""
for source in tests/fuzz/fuzz_*.c; do targets="$targets $(basename "$source" .c)"; done
# shellcheck disable=SC2086
cmake --build --preset fuzz -j "$(nproc)" --target $targets
passed=0 failed=0
for target in $targets; do
    corpus=tests/fuzz/corpus/${target#fuzz_}
    grown=build/fuzz/grown/$target
    mkdir -p "$grown"
    if build/fuzz/tests/fuzz/"$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=0 -verbosity=0 \
        -artifact_prefix=build/fuzz-crashes/"$target"- "$grown" "$corpus" >build/fuzz/"$target".log 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1)); echo "$target FAILED:"; tail -n 40 build/fuzz/"$target".log
    fi
done
echo "fuzz: $passed targets passed, $failed failed, $seconds s each"
[ "$failed" = 0 ]
