#!/bin/sh
# The repository speaks of the project alone: no absolute path of somebody's machine, no unfinished business.
set -eu
cd "$(dirname "$0")/../.."
bad=0
if git grep -nE '(/home/[a-z]|/Users/[A-Za-z])' -- . ':!tests/lint/names.sh'; then echo "a machine's path is named"; bad=1; fi
if git grep -nE '\b(TODO|FIXME|XXX)\b' -- service include tests docs openapi docker fhir_profiles ':!tests/lint/names.sh'; then echo "unfinished business: do it, or say it in the issue"; bad=1; fi
exit $bad
