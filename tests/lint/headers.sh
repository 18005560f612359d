#!/bin/sh
# Each header compiles by itself, under the strictest flags and with both compilers: a contract can be read alone.
set -eu
cd "$(dirname "$0")/../.."
clang=$(command -v clang-14 || command -v clang-19)
flags="-std=c17 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes -Werror -fsyntax-only -Iinclude -x c"
bad=0
for header in $(find include service -name '*.h' | sort); do
    room=$(dirname "$header")
    for compiler in gcc "$clang"; do
        # shellcheck disable=SC2086
        printf '#include "%s"\n' "$(basename "$header")" | $compiler $flags -I"$room" $(pkg-config --cflags libuv libcurl) - || { echo "$header does not stand alone ($compiler)"; bad=1; }
    done
done
exit $bad
