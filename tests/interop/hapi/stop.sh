#!/usr/bin/env bash
# Stops the server that start.sh started (by its recorded process id), gently first.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
state=${HAPI_STATE:-$here/../.work/hapi}
[[ -s $state/pid ]] || exit 0
pid=$(<"$state/pid")
# A recycled process id must not be hit: it has to be a Java process of ours.
if ! tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q 'interop\.HapiServer'; then
  rm -f "$state/pid"
  exit 0
fi
kill "$pid" 2>/dev/null || true
for _ in $(seq 40); do
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.25
done
kill -9 "$pid" 2>/dev/null || true
rm -f "$state/pid" "$state/port" "$state/base"
