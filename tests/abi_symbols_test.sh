#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each shared library exports what its header declares and its list in tests/abi names: no name more or less.
# Each static library defines no global name that does not begin with hd_.
# A change of a list is a change of the ABI, and reviewed as one.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${BUILD:-build}" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

# same FILE FILE WHAT: fails if the lists differ; "-" is what only the first has, "+" what only the second has
same() {
    if ! diff -U0 "$1" "$2" >"$tmp/diff"; then
        echo "$3:"
        grep -E '^[-+][^-+]' "$tmp/diff"
        failed=1
    fi
}

# check LIBRARY LIST HEADER...
check() {
    local library=$1 list=$2 header
    shift 2
    header=$*
    cd "$root"
    # A declaration is what stands between HD_API and the first parenthesis; its last word is the name.
    cat "$@" | tr '\n' ' ' | tr ';' '\n' | grep -oE 'HD_API [^(]*\(' | grep -oE 'hd_[a-z0-9_]+\($' |
        tr -d '(' | sort >"$tmp/declared"
    [ -s "$tmp/declared" ] || { echo "no declaration found in $header"; exit 1; }
    same "$root/$list" "$tmp/declared" "$list (-) and $header (+) differ"

    # "address type name@@version"; the version node is itself a symbol, of type A.
    nm -D --defined-only "$build/$library.so" | awk '$2 != "A" { print $2, $3 }' | sed 's/@.*//' >"$tmp/dynamic"
    awk '{ print $2 }' "$tmp/dynamic" | sort >"$tmp/exported"
    same "$root/$list" "$tmp/exported" "$list (-) and the exports of $library.so (+) differ"

    if grep -v '^T ' "$tmp/dynamic"; then
        echo "$library.so exports something that is no function"
        failed=1
    fi

    if nm -g --defined-only "$build/$library.a" | awk 'NF == 3 && $3 !~ /^hd_/ { print $3; bad = 1 } END { exit !bad }'; then
        echo "$library.a defines global names that do not begin with hd_"
        failed=1
    fi
}

# helmdesk.h names the headers of the core.
mapfile -t core < <(sed -n 's|^#include <\(helmdesk/.*\)>$|include/\1|p' "$root/include/helmdesk.h")
check libhelmdesk tests/abi/symbols.txt "${core[@]}"
check libhelmdesk-sqlite tests/abi/sqlite_symbols.txt include/helmdesk/sqlite.h
check libhelmdesk-dashboard tests/abi/dashboard_symbols.txt include/helmdesk/dashboard.h

exit "$failed"
