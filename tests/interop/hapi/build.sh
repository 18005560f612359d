#!/usr/bin/env bash
# Builds the fixture with Maven, and only when a source is newer than the last build.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here"
mkdir -p target
# Two callers at once (server and validator) must not compile into one folder.
exec 9>target/.lock
flock 9

fresh() {
  [[ -s target/classpath.txt && -f target/.built ]] || return 1
  [[ -z $(find pom.xml src -newer target/.built -print -quit) ]] || return 1
  # The jars live in the local repository, which somebody may have emptied since.
  local jar
  IFS=: read -ra jars <target/classpath.txt
  for jar in "${jars[@]}"; do [[ -f $jar ]] || return 1; done
}

if ! fresh; then
  echo "building the HAPI fixture (the first time it downloads about 400 MB)" >&2
  rm -f target/.built
  timeout "${HAPI_BUILD_TIMEOUT:-900}" \
    mvn -q -B -ntp compile dependency:build-classpath -Dmdep.outputFile=target/classpath.txt >target/build.log 2>&1 ||
    { tail -30 target/build.log >&2; echo "the HAPI fixture did not build" >&2; exit 1; }
  touch target/.built
fi
