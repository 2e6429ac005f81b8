#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each public header compiles alone, and twice in one file, as C99, C11 and C++11 without a warning; needs no other
# header than <stddef.h>, <stdint.h> and those of this library; and is short enough to be read in one sitting. helmdesk.h
# has all of the core.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$root/include"

most=350
for header in helmdesk.h helmdesk/*.h; do
    if grep -E '^[[:space:]]*#[[:space:]]*include' "$header" | grep -vE '^#include <(stddef|stdint|helmdesk|helmdesk/[a-z]+)\.h>$'; then
        echo "include/$header includes what it must not"
        exit 1
    fi
    if [ "$(wc -l <"$header")" -gt "$most" ]; then
        echo "include/$header has more than $most lines"
        exit 1
    fi
    case $header in
    helmdesk.h | helmdesk/sqlite.h | helmdesk/dashboard.h) ;;
    *) grep -qF "#include <$header>" helmdesk.h || { echo "include/helmdesk.h lacks $header"; exit 1; } ;;
    esac
done

# compiles COMPILER STANDARD LANGUAGE HEADER
compiles() {
    printf '#include <%s>\n#include <%s>\nint hd_unused_;\n' "$4" "$4" >"$tmp/header.$3"
    # shellcheck disable=SC2086  # a compiler may be several words, such as "ccache gcc"
    $1 "-std=$2" -Wall -Wextra -Wpedantic -pedantic-errors -Werror -I"$root/include" -fsyntax-only "$tmp/header.$3" || {
        echo "$1 -std=$2 does not take include/$4"
        exit 1
    }
}

for header in helmdesk.h helmdesk/*.h; do
    for standard in c99 c11; do compiles "${CC:-cc}" "$standard" c "$header"; done
done

if ! command -v "${CXX:-c++}" >/dev/null; then
    echo "no C++ compiler (install g++)"
    exit 77
fi
for header in helmdesk.h helmdesk/*.h; do
    for standard in c++11 c++17; do compiles "${CXX:-c++}" "$standard" cpp "$header"; done
done
