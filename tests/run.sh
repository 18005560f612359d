#!/bin/sh
# Every test that needs no other server. One step a line; what a step printed is in build/test-logs. Ends with
# `N passed, N failed`. A single step: tests/run.sh NAME (unit, threads, sim, service, kill9, demo, fuzz).
set -u
cd "$(dirname "$0")/.."
logs=build/test-logs
mkdir -p "$logs"
# Debian's own Python has Debian's python3-yaml; another one on the PATH may not.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
jobs=$(nproc 2>/dev/null || echo 2)
only=${1:-}
passed=0 failed=0

step() { # name, what for, command...
    name=$1 what=$2
    shift 2
    [ -z "$only" ] || [ "$only" = "$name" ] || return 0
    printf '%-9s %-66s ' "$name" "$what"
    from=$(date +%s)
    if "$@" >"$logs/$name.log" 2>&1; then
        passed=$((passed + 1))
        echo "ok, $(($(date +%s) - from)) s: $(tail -n 1 "$logs/$name.log" | cut -c1-100)"
    else
        failed=$((failed + 1))
        echo "FAILED; the end of $logs/$name.log:"
        tail -n 60 "$logs/$name.log"
    fi
}

built() { cmake --preset "$1" && preset=$1 && shift && cmake --build --preset "$preset" -j "$jobs" "$@"; }

unit() {
    built asan && ctest --preset asan -j "$jobs" && ctest --preset asan -N | grep 'Total Tests'
}
threads() {
    built tsan && ctest --preset tsan -R '^test_(net|flow|sandbox)_' -j "$jobs" && echo "no data race in net, flow and sandbox tests"
}
sim() { built release --target sim && build/release/tests/sim/sim --seeds "${SIM_SEEDS:-10000}" --jobs "$jobs"; }
release() { built release --target medreview && ln -sf release/medreview build/medreview; }
service() {
    release && "$python" tests/app/service_test.py --medreview build/medreview && "$python" tests/app/openapi_test.py --medreview build/medreview &&
        tests/interop/sandbox.sh build/medreview
}
kill9() { release && "$python" tests/torture/kill9.py --medreview build/medreview; }
demo() {
    release && build/medreview demo --once && build/medreview rules check && build/medreview rules test &&
        build/medreview demo --once | grep -E '^demo: 50 patients, 110 events, [0-9]+ reviews, [0-9]+ findings, [0-9]+ tasks, 0 lost$'
}

step unit "all rooms under address and undefined sanitizers, corpora replayed" unit
step threads "rooms with threads under the thread sanitizer" threads
step sim "whole services on virtual time, ${SIM_SEEDS:-10000} seeds" sim
step service "the running service against its contract, on the sandbox" service
step kill9 "kill -9 at random moments: nothing lost, nothing doubled" kill9
step demo "the demo, and the examples of every rule" demo
step fuzz "every decoder, ${SECONDS_EACH:-30} s each" tests/fuzz/run.sh
echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
