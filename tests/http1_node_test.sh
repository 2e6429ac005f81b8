#!/bin/sh
# SPDX-License-Identifier: MIT
# The parser and Node's HTTP client see the same in the same answers; where they do not, the table of differences says why.
#
# BUILD is where libhelmdesk.a is, CC the compiler.
set -eu
export LC_ALL=C

cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
CC=${CC:-cc}

if ! command -v node >/dev/null 2>&1; then
    echo "node is not installed"
    exit 77
fi
if ! node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)'; then
    echo "node $(node --version) is older than 18"
    exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2046,SC2086  # flags are lists of words
$CC -std=c11 -D_POSIX_C_SOURCE=200809L ${CPPFLAGS:-} ${CFLAGS:-} -Iinclude -Isrc -Itests -o "$work/answer_lines" \
    tests/node/answer_lines.c tests/support/outcome.c tests/support/answer_reading.c tests/support/answers_good.c \
    tests/support/answers_bad.c tests/support/answers_seen.c ${LDFLAGS:-} "$BUILD/libhelmdesk.a" \
    $(${PKG_CONFIG:-pkg-config} --libs libcurl jansson) -lmbedcrypto -pthread

"$work/answer_lines" >"$work/answers.txt"
node tests/node/answers.mjs <"$work/answers.txt"
