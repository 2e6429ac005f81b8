#!/bin/sh
# SPDX-License-Identifier: MIT
# The receiver on the product's page, in real Node, and the library agree on every signature, right or wrong.
#
# BUILD is where libhelmdesk.a is, CC the compiler, SEED what the random bodies and secrets follow from, COUNT how many.
set -eu
export LC_ALL=C

cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
CC=${CC:-cc}
SEED=${SEED:-20250115}
COUNT=${COUNT:-1500}

if ! command -v node >/dev/null 2>&1; then
    echo "node is not installed"
    exit 77
fi
if ! node -e 'process.exit(typeof Request === "function" ? 0 : 1)'; then
    echo "node $(node --version) is older than 18"
    exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2046,SC2086  # flags are lists of words
$CC -std=c11 -D_POSIX_C_SOURCE=200809L ${CPPFLAGS:-} ${CFLAGS:-} -Iinclude -o "$work/sign_lines" \
    tests/node/sign_lines.c ${LDFLAGS:-} "$BUILD/libhelmdesk.a" \
    $(${PKG_CONFIG:-pkg-config} --libs libcurl jansson) -lmbedcrypto -pthread

echo "seed $SEED"
"$work/sign_lines" emit "$SEED" "$COUNT" >"$work/library.txt"
node tests/node/verify.mjs check "$work/library.txt"
node tests/node/verify.mjs sign "$SEED" "$COUNT" >"$work/node.txt"
"$work/sign_lines" verify <"$work/node.txt"
