#!/usr/bin/env bash
# Starts the HAPI FHIR server in the background, waits until it answers and prints its base URL.
# Environment: PORT (0: any free one), HAPI_STATE (folder for pid, port and log; several servers need several),
# HAPI_START_TIMEOUT (seconds, 180), and those that HapiServer.java names.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
state=${HAPI_STATE:-$here/../.work/hapi}
deadline=$((SECONDS + ${HAPI_START_TIMEOUT:-180}))

"$here/build.sh"
mkdir -p "$state"
state=$(cd "$state" && pwd)
if [[ -s $state/pid ]] && kill -0 "$(<"$state/pid")" 2>/dev/null; then
  echo "a server of this folder runs already: $(cat "$state/base" 2>/dev/null || echo starting)" >&2
  exit 1
fi
rm -f "$state/port" "$state/base" "$state/pid"

deadline=$((SECONDS + ${HAPI_START_TIMEOUT:-180}))
# C1 code only: a server that lives for a minute on two cores never earns the optimising compiler back.
PORT=${PORT:-0} PORT_FILE=$state/port \
  nohup java -Xmx1536m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
  -cp "$here/target/classes:$(<"$here/target/classpath.txt")" \
  org.example.medreview.interop.HapiServer >"$state/log" 2>&1 </dev/null &
echo $! >"$state/pid"

fail() {
  echo "HAPI did not start: $1; the end of its log:" >&2
  tail -25 "$state/log" >&2
  "$here/stop.sh" || true
  exit 1
}

while ((SECONDS < deadline)); do
  kill -0 "$(<"$state/pid")" 2>/dev/null || fail "the process has ended"
  if [[ -s $state/port ]]; then
    base=http://127.0.0.1:$(<"$state/port")/fhir
    if [[ $(curl -s -o /dev/null -m 30 -w '%{http_code}' "$base/metadata") == 200 ]]; then
      echo "$base" | tee "$state/base"
      exit 0
    fi
  fi
  sleep 0.5
done
fail "no answer within ${HAPI_START_TIMEOUT:-180} s"
