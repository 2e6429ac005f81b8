#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every C example of README.md compiles without a warning against the public header and links with the library, and
# what it says of itself is true: how long it is, which files it points to.
set -euo pipefail
: "${BUILD:=build}" "${CC:=cc}" "${PKG_CONFIG:=pkg-config}"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

awk -v dir="$tmp" '
    /^```c$/ { file = sprintf("%s/%d.c", dir, ++count); next }
    /^```$/ { file = "" }
    file { print > file }
' README.md

read -r -a libs <<<"$($PKG_CONFIG --libs libcurl jansson)"
programs=0
for source in "$tmp"/*.c; do
    flags=(-std=c99 -Wall -Wextra -Wpedantic -Werror -Iinclude)
    if grep -q '^int main' "$source"; then
        $CC "${flags[@]}" -o "$tmp/program" "$source" "$BUILD/libhelmdesk.a" "${libs[@]}" -lmbedcrypto -pthread
        programs=$((programs + 1))
    else
        $CC "${flags[@]}" -c -o "$tmp/part.o" "$source"
    fi
done
[ "$programs" -ge 1 ] || { echo "README.md has no complete program any more"; exit 1; }

{
    grep -oE '\]\([A-Za-z][A-Za-z0-9_./-]*\)' README.md | tr -d '()]'
    grep -oE 'src(set)?="[^"]*"' README.md | cut -d '"' -f 2
} | while read -r file; do
    [ -e "$file" ] || { echo "README.md points to $file, which is not there"; exit 1; }
done
lines=$(wc -l <README.md)
[ "$lines" -le 300 ] || { echo "README.md has $lines lines, more than 300"; exit 1; }
echo "README.md: $lines lines, every C example compiles"
