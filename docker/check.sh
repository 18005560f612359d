#!/usr/bin/env bash
# Builds docker/Dockerfile without a container engine and looks at the result (see README.md).
#   docker/check.sh           all of it
#   docker/check.sh --base    only the base image: does this machine allow debootstrap and buildah at all?
# MEDREVIEW_CONTAINER_DIR: where the base and the images are kept (default build/container).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/.." && pwd)
work=${MEDREVIEW_CONTAINER_DIR:-$top/build/container}
base=localhost/debian:bookworm-slim
image=localhost/medreview:check
passed=0
failed=0

skip() { echo "skipped: $*"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
ok() { passed=$((passed + 1)); echo "ok      $*"; }
bad() { failed=$((failed + 1)); echo "FAILED  $*"; }
finish() { echo "$passed passed, $failed failed"; ((failed == 0)); exit; }

[[ $(id -u) == 0 ]] || skip "debootstrap and chroot need root"
[[ -f /etc/debian_version ]] || skip "not a Debian machine"

missing=()
for tool in buildah debootstrap; do
  command -v "$tool" >/dev/null || [[ -x /usr/sbin/$tool ]] || missing+=("$tool")
done
if ((${#missing[@]})); then
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1 ||
    skip "could not install ${missing[*]}"
fi
export PATH=$PATH:/usr/sbin

mkdir -p "$work"
# A store of its own, with plain copies for layers: overlay mounts are refused inside many build machines.
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
buildah() { command buildah --root "$work/storage" --runroot "$work/run" "$@"; }

if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
  if [[ ! -f $work/root/.complete ]]; then
    rm -rf "$work/root"
    timeout 900 debootstrap --variant=minbase bookworm "$work/root" >"$work/debootstrap.log" 2>&1 ||
      skip "debootstrap did not come through: $(tail -1 "$work/debootstrap.log")"
    # The image gets its packages from where this machine gets them.
    rm -f "$work/root/etc/apt/sources.list"
    cp -r /etc/apt/sources.list.d/debian.sources "$work/root/etc/apt/sources.list.d/" 2>/dev/null ||
      cp /etc/apt/sources.list "$work/root/etc/apt/sources.list"
    rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/*
    touch "$work/root/.complete"
  fi
  container=$(buildah from scratch) || skip "buildah cannot make a container here"
  buildah add -q "$container" "$work/root" / >/dev/null
  buildah config --cmd bash "$container"
  buildah commit -q --format docker "$container" "$base" >/dev/null
  buildah rm "$container" >/dev/null
fi
container=$(buildah from --pull-never "$base")
if [[ $(buildah run "$container" -- cat /etc/debian_version 2>&1) == 12* ]]; then
  ok "base image from debootstrap runs"
else
  buildah rm "$container" >/dev/null
  skip "buildah cannot run a command in a container here"
fi
buildah rm "$container" >/dev/null
[[ ${1:-} != --base ]] || finish

# timeout cannot run a shell function, so the store is named once more.
if timeout "${MEDREVIEW_CONTAINER_TIMEOUT:-1800}" \
  buildah --root "$work/storage" --runroot "$work/run" bud --pull-never --layers \
  --ignorefile "$here/Dockerfile.dockerignore" --build-arg BASE="$base" \
  -f "$here/Dockerfile" -t "$image" "$top" >"$work/build.log" 2>&1; then
  ok "Dockerfile builds"
else
  tail -30 "$work/build.log"
  bad "Dockerfile does not build (log: $work/build.log)"
  finish
fi

container=$(buildah from --pull-never "$image")
trap 'buildah rm "$container" >/dev/null 2>&1 || true' EXIT
inside() { buildah run "$container" -- "$@"; }

user=$(inside id -u)
[[ $user == 10001 ]] && ok "runs as $user" || bad "runs as $user"
libraries=$(inside ldd /usr/local/bin/medreview)
if grep -q 'not found' <<<"$libraries"; then
  bad "libraries missing: $(grep 'not found' <<<"$libraries" | tr -d '\t' | tr '\n' ' ')"
else
  ok "all libraries found"
fi
version=$(inside medreview --version 2>&1) && ok "--version: $version" || bad "--version: $version"
inside sh -c 'test ! -w /usr/local/bin/medreview && test ! -w /etc' && ok "program and /etc are not writable" ||
  bad "the user may write where it must not"
# Listening off loopback without authentication must be refused (2), not served.
code=0
refused=$(inside timeout 20 medreview serve 2>&1) || code=$?
refused=$(grep -v '^Error: exit status' <<<"$refused" || true) # that line is buildah's own
[[ $code == 2 ]] && ok "serve without configuration is refused: $(tail -1 <<<"$refused")" ||
  bad "serve without configuration: exit $code, $(tail -1 <<<"$refused")"

# The main job, inside: sandbox, synthetic patients, events, reviews, worklist.
demo=$(inside timeout 200 medreview demo --once 2>&1 | tail -1) || true
[[ $demo =~ ^demo:\ 50\ patients.*\ 0\ lost$ ]] && ok "$demo" || bad "demo --once: $demo"

# With a configuration it starts, answers and ends with 0 on SIGTERM. Chroot isolation shares the machine's network,
# so it is told to listen on loopback; the FHIR server that it is given does not exist, which may not stop it.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
control=$work/control
rm -rf "$control"
install -d -m 0777 "$control"
# shellcheck disable=SC2016
buildah run -v "$control:/control" "$container" -- env MEDREVIEW_LISTEN="127.0.0.1:$port" MEDREVIEW_FHIR_BASE_URL=http://127.0.0.1:9/fhir \
  MEDREVIEW_FHIR_ALLOW_HTTP=true MEDREVIEW_SITE_ID=check MEDREVIEW_SITE_BASE_URI=https://medreview.check.test \
  MEDREVIEW_SITE_KEY=container-check-0123456789abcdef0123456789 MEDREVIEW_NOTIFY_BEARER=container-check-0123456789 \
  MEDREVIEW_SUBSCRIPTION_MANAGE=false \
  sh -c 'medreview serve & p=$!
         while [ ! -e /control/stop ] && kill -0 $p 2>/dev/null; do sleep 0.2; done
         kill -TERM $p 2>/dev/null; wait $p; echo $? >/control/code' >"$work/serve.log" 2>&1 &
runner=$!
answer=000
for _ in $(seq 100); do
  answer=$(curl -s -o /dev/null -m 2 -w '%{http_code}' "http://127.0.0.1:$port/healthz" || true)
  [[ $answer == 200 ]] && break
  kill -0 "$runner" 2>/dev/null || break
  sleep 0.2
done
[[ $answer == 200 ]] && ok "serve answers on /healthz" || bad "/healthz: $answer; $(tail -3 "$work/serve.log")"
touch "$control/stop"
for _ in $(seq 150); do
  kill -0 "$runner" 2>/dev/null || break
  sleep 0.2
done
code=$(cat "$control/code" 2>/dev/null || echo none)
[[ $code == 0 ]] && ok "SIGTERM ends it with 0" || bad "exit code after SIGTERM: $code"
kill "$runner" 2>/dev/null || true
finish
