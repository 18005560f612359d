#!/usr/bin/env bash
# The interoperability tests: HAPI FHIR as the server, the HAPI validator as the judge of what is sent.
#   tests/interop/run.sh [PROGRAM]      PROGRAM: the medreview to test (default build/release/medreview)
# Called by `make test-interop`. Everything stays on loopback and ends by itself; ends with "N passed, N failed" and
# a code other than 0 when something failed. Where a JDK or the Maven repository is not to be had, the parts that need
# them are counted as skipped and the reason is said; with CI set that is a failure.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
program=${1:-${MEDREVIEW:-$top/build/release/medreview}}
work=$here/.work/run
passed=0
failed=0
skipped=0
sandbox_pid=

say() { printf '\n== %s\n' "$*"; }

# need COMMAND PACKAGE: there, or installed when we may, or 1.
need() {
  command -v "$1" >/dev/null && return 0
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    echo "installing $2"
    { DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2"; } >/dev/null 2>&1
    command -v "$1" >/dev/null && return 0
  fi
  echo "missing: $1 (Debian package $2)"
  return 1
}

# step SECONDS COMMAND...: runs it, adds the counts of its closing line to ours.
step() {
  local limit=$1 out code
  shift
  out=$work/step.out
  timeout --kill-after=20 "$limit" "$@" 2>&1 | tee "$out" | grep -vE '^[0-9]+ passed, [0-9]+ failed'
  code=${PIPESTATUS[0]}
  if [[ $(tail -1 "$out") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
    if ((code != 0 && BASH_REMATCH[2] == 0)); then failed=$((failed + 1)); fi
  else
    # It ended without saying what it did: that is a failure whatever its code.
    echo "FAILED  ended with $code and without a result: $*"
    failed=$((failed + 1))
  fi
}

finish() {
  [[ -n $sandbox_pid ]] && kill "$sandbox_pid" 2>/dev/null
  HAPI_STATE=$work/hapi "$here/hapi/stop.sh"
}
trap finish EXIT
trap 'exit 130' INT TERM

rm -rf "$work"
mkdir -p "$work"

result() {
  if ((skipped > 0)); then
    [[ -z ${CI:-} ]] || failed=$((failed + 1))
    printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  else
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
  fi
  ((failed == 0))
  exit
}

need python3 python3 || { failed=1; result; }
need curl curl || { failed=1; result; }
if [[ ! -x $program ]]; then
  echo "there is no $program: build it first (make build)"
  failed=1
  result
fi
# A relative name would mean something else to a service that runs in a folder of its own.
program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")

say "the sandbox of medreview, and the service against it"
sandbox_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$program" sandbox --listen "127.0.0.1:$sandbox_port" >"$work/sandbox.log" 2>&1 &
sandbox_pid=$!
sandbox=
for _ in $(seq 100); do
  if [[ $(curl -s -o /dev/null -m 5 -w '%{http_code}' "http://127.0.0.1:$sandbox_port/fhir/metadata") == 200 ]]; then
    sandbox=http://127.0.0.1:$sandbox_port/fhir
    break
  fi
  kill -0 "$sandbox_pid" 2>/dev/null || break
  sleep 0.2
done
if [[ -z $sandbox ]]; then
  tail -5 "$work/sandbox.log"
  echo "FAILED  the sandbox does not answer on /fhir/metadata"
  failed=$((failed + 1))
else
  step 120 python3 "$here/fixture_test.py" --fhir "$sandbox"
  step 600 python3 "$here/e2e.py" --fhir "$sandbox" --medreview "$program" --collect "$work/from-sandbox" \
    --keep "$work/service-sandbox"
fi
kill "$sandbox_pid" 2>/dev/null
wait "$sandbox_pid" 2>/dev/null
sandbox_pid=

say "HAPI FHIR: set-up"
java=yes
need javac openjdk-17-jdk-headless && need mvn maven || java=
if [[ -n $java ]] && ! "$here/hapi/build.sh"; then java=; fi
if [[ -z $java ]]; then
  echo "skipped: HAPI and the validator need a JDK 17, Maven and its repository"
  skipped=$((skipped + 1))
  result
fi

say "the validator notices what it should"
step 300 python3 "$here/validator_test.py"
say "profiles and examples are valid"
step 300 "$here/hapi/validate.sh" --apply-profiles "$top/fhir_profiles"

say "the knowledge in FHIR is valid: every rule, every drug group"
if "$program" rules export --format fhir "$work/knowledge"; then
  step 600 "$here/hapi/validate.sh" --apply-profiles "$work/knowledge"
else
  echo "FAILED  rules export"
  failed=$((failed + 1))
fi

say "HAPI FHIR is what the tests take it for"
# As a stock HAPI: searches are answered from a cache for a minute, references must lead somewhere.
base=$(HAPI_STATE=$work/hapi HAPI_REUSE_SEARCH_MS=60000 HAPI_REFERENTIAL_INTEGRITY=true \
  timeout 300 "$here/hapi/start.sh") || base=
if [[ -z $base ]]; then
  echo "FAILED  HAPI did not start"
  failed=$((failed + 1))
else
  step 180 python3 "$here/fixture_test.py" --fhir "$base"
  say "the service against HAPI FHIR"
  step 900 python3 "$here/e2e.py" --fhir "$base" --medreview "$program" --collect "$work/from-hapi" \
    --keep "$work/service-hapi"
  HAPI_STATE=$work/hapi "$here/hapi/stop.sh"
fi

say "what the service wrote is valid, every version of it"
for folder in "$work/from-sandbox" "$work/from-hapi"; do
  if [[ -d $folder ]]; then
    step 300 "$here/hapi/validate.sh" --apply-profiles "$folder"
  else
    echo "FAILED  nothing was collected in ${folder##*/}"
    failed=$((failed + 1))
  fi
done
result
