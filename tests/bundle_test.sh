#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The static libraries can be linked whole into one shared library, as a binding does that ships a single file: no name
# is defined twice, none is missing, and all public functions are there.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${BUILD:-build}" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

read -ra libraries <<<"$(${PKG_CONFIG:-pkg-config} --libs libcurl jansson sqlite3) -lmbedcrypto -pthread"
# shellcheck disable=SC2086  # a compiler may be several words, such as "ccache gcc"
${CC:-cc} -shared -o "$tmp/libone.so" -Wl,-z,defs -Wl,--whole-archive "$build"/libhelmdesk.a \
    "$build"/libhelmdesk-sqlite.a "$build"/libhelmdesk-dashboard.a -Wl,--no-whole-archive "${libraries[@]}"

nm -D --defined-only "$tmp/libone.so" | awk '$2 == "T" { print $3 }' | grep '^hd_[^_]' | sort >"$tmp/exported"
sort "$root"/tests/abi/*symbols.txt >"$tmp/wanted"
diff "$tmp/wanted" "$tmp/exported" || {
    echo "one library of all static ones does not have exactly the public functions (> is what it has)"
    exit 1
}
