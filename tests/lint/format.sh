#!/bin/sh
# Checks the format of our C and C++ files, or writes it with --write. The release of clang-format is pinned: another one
# would disagree with itself.
set -eu
cd "$(dirname "$0")/../.."
for tool in clang-format-14 clang-format-19; do command -v $tool >/dev/null 2>&1 && break; done
files=$(find service include tests -name '*.[ch]' -o -name '*.cpp' | sort)
if [ "${1:-}" = --write ]; then
    echo "$files" | xargs "$tool" -i
elif [ "$tool" = clang-format-14 ]; then
    echo "$files" | xargs "$tool" --dry-run -Werror
else
    echo "format: skipped, clang-format-14 is not packaged on this Debian"
fi
