#!/usr/bin/env bash
# The same end-to-end scenarios that run against HAPI, against `medreview sandbox`: needs nothing but Python and the program.
#   tests/interop/sandbox.sh PROGRAM
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$program" sandbox --listen "127.0.0.1:$port" >"$work/sandbox.log" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; rm -rf "$work"' EXIT
answers() { python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5)' "http://127.0.0.1:$port/fhir/metadata" 2>/dev/null; }
for _ in $(seq 100); do
  answers && break
  kill -0 "$pid" 2>/dev/null || { cat "$work/sandbox.log"; exit 1; }
done
python3 "$here/fixture_test.py" --fhir "http://127.0.0.1:$port/fhir" || exit 1
python3 "$here/e2e.py" --fhir "http://127.0.0.1:$port/fhir" --medreview "$program" --keep "$work/service"
