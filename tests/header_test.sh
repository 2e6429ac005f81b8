#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# include/helmdesk.h compiles alone, twice in one file, as C99, C11 and C++11 without a warning, and needs no other
# header than <stddef.h> and <stdint.h>.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

included=$(grep -E '^[[:space:]]*#[[:space:]]*include' "$root/include/helmdesk.h" | sort | tr '\n' ' ')
if [ "$included" != '#include <stddef.h> #include <stdint.h> ' ]; then
    echo "include/helmdesk.h includes: $included"
    exit 1
fi

for header in helmdesk helmdesk helmdesk/sqlite helmdesk/dashboard; do echo "#include <$header.h>"; done >"$tmp/header.c"
echo 'int hd_unused_;' >>"$tmp/header.c"
cp "$tmp/header.c" "$tmp/header.cpp"

# compiles COMPILER STANDARD FILE
compiles() {
    # shellcheck disable=SC2086  # a compiler may be several words, such as "ccache gcc"
    $1 "-std=$2" -Wall -Wextra -Wpedantic -pedantic-errors -Werror -I"$root/include" -fsyntax-only "$3" || {
        echo "$1 -std=$2 does not take include/helmdesk.h"
        exit 1
    }
}

for standard in c99 c11; do compiles "${CC:-cc}" "$standard" "$tmp/header.c"; done

if ! command -v "${CXX:-c++}" >/dev/null; then
    echo "no C++ compiler (install g++)"
    exit 77
fi
for standard in c++11 c++17; do compiles "${CXX:-c++}" "$standard" "$tmp/header.cpp"; done
