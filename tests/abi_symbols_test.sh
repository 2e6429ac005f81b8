#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The shared library exports what include/helmdesk.h declares and tests/abi/symbols.txt lists: no name more or less.
# The static library defines no global name that does not begin with hd_.
# A change of symbols.txt is a change of the ABI, and reviewed as one.
set -euo pipefail
export LC_ALL=C

build=${BUILD:-build}
root=$(cd "$(dirname "$0")/.." && pwd)
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

# A declaration is what stands between HD_API and the first parenthesis; its last word is the name.
tr '\n' ' ' <"$root/include/helmdesk.h" | tr ';' '\n' | grep -oE 'HD_API [^(]*\(' | grep -oE 'hd_[a-z0-9_]+\($' |
    tr -d '(' | sort >"$tmp/declared"
[ -s "$tmp/declared" ] || { echo "no declaration found in include/helmdesk.h"; exit 1; }
same "$root/tests/abi/symbols.txt" "$tmp/declared" "tests/abi/symbols.txt (-) and include/helmdesk.h (+) differ"

# "address type name@@version"; the version node is itself a symbol, of type A.
nm -D --defined-only "$build/libhelmdesk.so" | awk '$2 != "A" { print $2, $3 }' | sed 's/@.*//' >"$tmp/dynamic"
awk '{ print $2 }' "$tmp/dynamic" | sort >"$tmp/exported"
same "$root/tests/abi/symbols.txt" "$tmp/exported" "tests/abi/symbols.txt (-) and the shared library's exports (+) differ"

if grep -v '^T ' "$tmp/dynamic"; then
    echo "the shared library exports something that is no function"
    failed=1
fi

if nm -g --defined-only "$build/libhelmdesk.a" | awk 'NF == 3 && $3 !~ /^hd_/ { print $3; bad = 1 } END { exit !bad }'; then
    echo "the static library defines global names that do not begin with hd_"
    failed=1
fi

exit "$failed"
