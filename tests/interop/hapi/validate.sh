#!/usr/bin/env bash
# Validates FHIR files offline: validate.sh [--profiles DIR]... [--apply-profiles] [--info] FILE_OR_DIRECTORY...
# By default the profiles of this repository are loaded.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
"$here/build.sh"
exec java -DFHIR_LOG_PARSER=ERROR -Xmx1g -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
  -cp "$here/target/classes:$(<"$here/target/classpath.txt")" \
  org.example.medreview.interop.Validator --profiles "$here/../../../fhir_profiles" "$@"
