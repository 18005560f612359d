#!/bin/sh
# Installs what is missing, and only that: setup.sh build|test|lint|interop [...]. Quick when nothing is missing.
# Needs root or sudo to install; otherwise says what to install.
set -eu

codename=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-unknown}")
case $codename in
bookworm) parser=libhttp-parser-dev; clang=14 ;;
*) parser=libllhttp-dev; clang=19 ;;
esac

build="gcc g++ cmake ninja-build pkg-config libuv1-dev libcurl4-openssl-dev libjansson-dev libssl-dev $parser
 libsimdjson-dev libyaml-dev libsqlite3-dev libexpat1-dev libzip-dev libcsv-dev tzdata ca-certificates"
test="libcmocka-dev python3 python3-yaml clang-$clang libclang-rt-$clang-dev"
lint="clang-$clang libclang-rt-$clang-dev clang-format-$clang python3 libcmocka-dev"
interop="openjdk-17-jdk-headless maven python3 iproute2"

wanted=""
for part in "$@"; do
    case $part in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $build $test" ;;
    lint) wanted="$wanted $build $lint" ;;
    interop) wanted="$wanted $build $interop" ;;
    *) echo "setup.sh: unknown part $part" >&2; exit 2 ;;
    esac
done

missing=""
for package in $wanted; do
    # A JDK or Maven from elsewhere serves as well.
    case $package in
    openjdk-17-jdk-headless) command -v javac >/dev/null 2>&1 && continue ;;
    maven) command -v mvn >/dev/null 2>&1 && continue ;;
    python3) command -v python3 >/dev/null 2>&1 && continue ;;
    esac
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ]; then sudo=""
elif command -v sudo >/dev/null 2>&1; then sudo="sudo"
else
    echo "These Debian packages are missing and this user may not install them:$missing" >&2
    exit 3
fi
echo "Installing:$missing"
$sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq
# shellcheck disable=SC2086  # a list of words
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
