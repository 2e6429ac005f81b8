#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# README.md is true: each of its C blocks compiles without a warning and does what is said of it, programs by the very
# lines that stand below them; its files are there; and it is short enough to be read.
set -euo pipefail
: "${BUILD:=build}" "${CC:=cc}" "${PKG_CONFIG:=pkg-config}"

root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$BUILD" && pwd)
tmp=$(mktemp -d)
listener=
finish() {
    [ -z "$listener" ] || kill "$listener" 2>/dev/null || true
    rm -rf "$tmp"
}
trap finish EXIT

die() {
    echo "README.md: $*"
    exit 1
}

# shows TEXT: fails if what was shown last has no such line
shows() {
    grep -qE "$1" "$tmp/shown" || die "'$1' is not shown, but: $(cat "$tmp/shown")"
}

# What stands below each heading, by the number and the language of the block: 4.c, 5.sh
awk -v dir="$tmp" '
    /^```(c|sh)$/ { language = substr($0, 4); file = sprintf("%s/%d.%s", dir, ++count, language); next }
    /^```/ { file = "" }
    file { print > file }
' "$root/README.md"

# README's own words for compiling lead to the libraries that have just been built.
mkdir "$tmp/bin"
read -r -a libs <<<"$($PKG_CONFIG --libs libcurl jansson)"
strict=(-std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror "-I$root/include")
printf '#!/bin/sh\necho "%s"\n' "${strict[*]} $build/libhelmdesk.a ${libs[*]} -lmbedcrypto -pthread" >"$tmp/bin/pkg-config"
read -r -a compiler <<<"$CC"
compiler[0]=$(command -v "${compiler[0]}")
printf '#!/bin/sh\nexec %s "$@"\n' "${compiler[*]}" >"$tmp/bin/cc"
ln -s "$build/helmdesk" "$tmp/bin/helmdesk"
chmod +x "$tmp/bin/"*
export PATH="$tmp/bin:$PATH"

# part BLOCK DRIVER ARGUMENT...: a block that is no program, called by one of tests/readme
part() {
    local block=$1 driver=$2 static=("$build/libhelmdesk.a")
    shift 2
    cp "$block" "$tmp/block.c"
    [ "$driver" != store ] || static=("$build/libhelmdesk-sqlite.a" "$build/libhelmdesk.a" -lsqlite3)
    "${compiler[@]}" "${strict[@]}" "-I$tmp" -o "$tmp/$driver" "$root/tests/readme/$driver.c" "${static[@]}" "${libs[@]}" -lmbedcrypto \
        -pthread
    "$tmp/$driver" "$@" >"$tmp/shown" || die "$driver ended with $?"
}

# lines FILE: the commands of a block, with the programs beside them
lines() {
    (cd "$tmp" && bash -euo pipefail "$1" >shown 2>&1 </dev/null) || die "$1 failed: $(cat "$tmp/shown")"
}

programs=0
for block in $(find "$tmp" -name '*.c' -path "$tmp/[0-9]*" | sort -V); do
    commands=${block%/*}/$(($(basename "$block" .c) + 1)).sh
    case $(cat "$block") in
    *hd_webhook_send*)
        cp "$block" "$tmp/send.c"
        HELMDESK_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw "$build/helmdesk" listen --port 0 >"$tmp/listened" \
            2>"$tmp/listening" &
        listener=$!
        for _ in $(seq 600); do
            port=$(sed -nE 's|.*Listening on http://[^:]*:([0-9]+).*|\1|p' "$tmp/listening")
            [ -z "$port" ] || break
            sleep 0.1
        done
        [ -n "$port" ] || die "no listener: $(cat "$tmp/listening")"
        grep -q '^helmdesk listen --port 8787 &' "$commands" || die "the receiver of the first program is another one"
        grep -v '^helmdesk listen' "$commands" >"$tmp/commands"
        sed -i "s/^export HELMDESK_SECRET=.*/export HELMDESK_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw/" "$tmp/commands"
        sed -i "s/8787/$port/g" "$tmp/send.c"
        lines "$tmp/commands"
        shows '^delivered: The receiver confirmed the delivery\.$'
        grep -q '✓ signature' "$tmp/listened" || die "the receiver says: $(cat "$tmp/listened")"
        programs=$((programs + 1))
        ;;
    *hd_verify*)
        cp "$block" "$tmp/verify.c"
        export HELMDESK_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
        lines "$commands"
        shows "^ticket\.created: ticket #42, Can't reset password$"
        (cd "$tmp" && ./verify "$(printf '0%.0s' $(seq 64))" <body.json >shown) && die "a wrong signature is taken"
        shows '^refused: the signature'
        programs=$((programs + 1))
        ;;
    *make_receiver*) part "$block" receive && shows '^receiver: 200 200 401 401$' ;;
    *print_reports*) part "$block" reports && shows 'attempt 1: failed \(HTTP 0\)\. The address is not public' ;;
    *make_client*) [ ! -e "$build/libhelmdesk-sqlite.a" ] || { part "$block" store "$tmp/kept" && shows '^store: kept$'; } ;;
    *) die "a C block that no test runs: $(head -3 "$block")" ;;
    esac
done
[ "$programs" = 2 ] || die "it has $programs complete programs, not two"

{
    grep -oE '\]\([A-Za-z][A-Za-z0-9_./-]*(#[a-z-]+)?\)' "$root/README.md" | tr -d '()]' | sed 's/#.*//'
    grep -oE 'src(set)?="[^"]*"' "$root/README.md" | cut -d '"' -f 2
} | while read -r file; do
    [ -e "$root/$file" ] || die "it points to $file, which is not there"
done
count=$(wc -l <"$root/README.md")
[ "$count" -le 250 ] || die "it has $count lines, more than 250"
long=$(grep -vE '^(\||<|  <)' "$root/README.md" | awk 'length > 100' | head -1)
[ -z "$long" ] || die "a line is longer than 100 characters: $long"
echo "README.md: $count lines, every C block compiled and run"
