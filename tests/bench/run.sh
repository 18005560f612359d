#!/usr/bin/env bash
# `make bench`: how fast, on one core, on the same bytes. Our stages always; the engines of ../shared/bench/peers too when
# that folder, node and an npm registry are there. Nothing of it is copied into the repository.
#   tests/bench/run.sh [NUMBER OF PATIENTS]
# MEDREVIEW_SHARED: where the folder `shared` is (default: beside the repository). BENCH_BUILD: the CMake build folder
# to use (default: build/release, made by the preset).
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
patients=${1:-1000}
shared=${MEDREVIEW_SHARED:-$top/../shared}
build=${BENCH_BUILD:-$top/build/release}
work=$(mktemp -d "${TMPDIR:-/tmp}/medreview-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT

say() { printf '\n== %s\n' "$*"; }

if [[ -z ${BENCH_BUILD:-} ]]; then
  mkdir -p "$top/build"
  (cd "$top" && cmake --preset release) >"$top/build/bench.log" 2>&1 || { cat "$top/build/bench.log"; exit 1; }
fi
cmake --build "$build" --target mr_bench mr_bench_rules mr_bench_terminology medreview >"$work/build.log" 2>&1 ||
  { cat "$work/build.log"; exit 1; }
bench=$build/tests/bench/mr_bench

say "patients made here: the sandbox's, filled up with results"
"$bench" --n "$patients" | tee "$work/own.txt"

say "rules alone: the whole active set, a patient of twelve medicines"
"$build/tests/bench/mr_bench_rules" || { echo "the bound of the rules is broken"; exit 1; }

say "terminology: a made-up dm+d release of full size"
release=$build/bench-dmd
terms=$build/tests/bench/mr_bench_terminology
rm -rf "$release"
mkdir -p "$release"
trap 'rm -rf "$work" "$release"' EXIT
"$terms" make "$release"
dmd=$release/dmd bonus=$release/bonus
if command -v zip >/dev/null; then # as TRUD delivers it
  (cd "$release/dmd" && zip -q1 ../nhsbsa_dmd_made_up.zip ./*.xml)
  (cd "$release/bonus" && zip -q1 ../nhsbsa_dmdbonus_made_up.zip ./*.xml)
  dmd=$release/nhsbsa_dmd_made_up.zip bonus=$release/nhsbsa_dmdbonus_made_up.zip
fi
broken=0
"$terms" run "$build/medreview" terminology import --dmd "$dmd" --bonus "$bonus" --output "$release/terminology.idx" \
  >"$work/import.txt" 2>"$work/import.log" || { cat "$work/import.log"; broken=1; }
grep -E '^(entity|all |dm\+d|import,)' "$work/import.txt" || true
"$terms" index "$release/terminology.idx" || broken=1
[[ $broken = 0 ]] || { echo "a bound of the terminology is broken"; exit 1; }

# skip REASON: ends well, and says what is not in the numbers.
skip() {
  printf '\nskipped, the peers: %s\n' "$1"
  exit 0
}

[[ -f $shared/bench/peers/gen.js ]] || skip "there is no ../shared/bench/peers"
command -v node >/dev/null || skip "node is not installed"
cp -r "$shared/bench/peers" "$work/peers"
chmod -R u+w "$work/peers"
cd "$work/peers"

say "patients of ../shared/bench/peers"
node gen.js --n "$patients" --seed 42 --out "$work/data"
"$bench" --patients "$work/data/bundles" | tee "$work/shared.txt"

command -v npm >/dev/null || skip "npm is not installed"
timeout 180 npm install --no-audit --no-fund --loglevel=error >"$work/npm.log" 2>&1 ||
  skip "their packages cannot be installed ($(grep -m1 -i 'err' "$work/npm.log" | cut -c1-100))"
engines=plain,jre,fhirpath
if timeout 120 npm run --silent elm >"$work/elm.log" 2>&1; then
  engines=$engines,cqltuned,cql
else
  echo "skipped, CQL: it cannot be translated here"
fi

say "peers on the same bytes (five rules; ours are all that are shipped)"
timeout 600 node run.js --patients "$work/data/bundles" --engines "$engines" --seconds 2 --out "$work/peers.json" ||
  skip "their run failed"

say "side by side, from bytes, patients per CPU second of one core"
node -e '
const fs = require("fs");
const peers = JSON.parse(fs.readFileSync(process.argv[1])).rows.filter(r => r.full && r.full.perCpu);
const found = /^full review from bytes: (\d+)/m.exec(fs.readFileSync(process.argv[2], "utf8"));
const ours = Number(found[1]);
const line = (name, n) => console.log(name.padEnd(46) + String(Math.round(n)).padStart(8) + (ours / n).toFixed(1).padStart(8) + "x");
line("medreview, whole review to JSON", ours);
for (const r of peers) line(r.name.slice(0, 44), r.full.perCpu);
' "$work/peers.json" "$work/shared.txt"
