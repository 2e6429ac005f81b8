#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the peers of `make bench`, or wraps them: OUTDIR/NAME for each that can be had, one line for each that cannot.
#
#   tests/bench/peers/build.sh OUTDIR
#
# CC, CFLAGS, PKG_CONFIG, GO, CARGO and NODE are taken from the environment. What a failed build said is in
# OUTDIR/NAME.log.
set -euo pipefail
export LC_ALL=C.UTF-8
: "${CC:=cc}" "${CFLAGS:=-O2}" "${PKG_CONFIG:=pkg-config}" "${GO:=go}" "${NODE:=node}"

[ $# = 1 ] || {
    echo "usage: $0 OUTDIR" >&2
    exit 2
}
peers=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)

have() {
    command -v "$1" >/dev/null
}

# skip NAME REASON: an executable of an earlier time is not to be taken for this peer
skip() {
    rm -f "$out/$1"
    echo "$1: skipped, $2"
}

# current NAME SOURCE...: OUTDIR/NAME is there and none of the sources is newer
current() {
    local program=$out/$1 source
    shift
    [ -x "$program" ] || return 1
    for source in "$@" "${BASH_SOURCE[0]}"; do
        [ ! "$source" -nt "$program" ] || return 1
    done
}

# logged NAME WHAT COMMAND...: runs it, and says so if it fails
logged() {
    local name=$1 what=$2
    shift 2
    if "$@" >"$out/$name.log" 2>&1 </dev/null; then
        rm -f "$out/$name.log"
    else
        skip "$name" "$what failed, see $out/$name.log"
        return 1
    fi
}

# wrap NAME COMMAND...: a script that becomes the command, with its own arguments behind
wrap() {
    local name=$1
    shift
    # shellcheck disable=SC2016 # "$@" is for the wrapper
    printf '#!/usr/bin/env bash\nexec env%s "$@"\n' "$(printf ' %q' "$@")" >"$out/$name.new"
    chmod +x "$out/$name.new"
    mv "$out/$name.new" "$out/$name"
}

build_evhttp() {
    local compiler cflags flags
    read -r -a compiler <<<"$CC"
    read -r -a cflags <<<"$CFLAGS"
    have "${compiler[0]}" || { skip evhttp "$CC is not there"; return; }
    have "$PKG_CONFIG" || { skip evhttp "$PKG_CONFIG is not there"; return; }
    "$PKG_CONFIG" --exists 'libevent >= 2.1' || { skip evhttp "libevent 2.1 is not there"; return; }
    "$PKG_CONFIG" --exists 'libcrypto >= 3.0' || { skip evhttp "OpenSSL 3 is not there"; return; }
    current evhttp "$peers/evhttp.c" && return
    read -r -a flags <<<"$("$PKG_CONFIG" --cflags --libs libevent libcrypto | tr '\n' ' ')"
    logged evhttp "the build" "${compiler[@]}" -std=c11 -D_POSIX_C_SOURCE=200809L "${cflags[@]}" -o "$out/evhttp" \
        "$peers/evhttp.c" "${flags[@]}"
}

build_nethttp() {
    have "$GO" || { skip nethttp "$GO is not there"; return; }
    current nethttp "$peers/nethttp.go" && return
    logged nethttp "the build" env GOTOOLCHAIN=local GO111MODULE=off CGO_ENABLED=0 "$GO" build -o "$out/nethttp" \
        "$peers/nethttp.go"
}

build_nodehttp() {
    have "$NODE" || { skip nodehttp "$NODE is not there"; return; }
    wrap nodehttp "$NODE" "$peers/http.mjs"
}

# Debian's own undici, else the one that npm brings.
build_undici() {
    local modules=/usr/share/nodejs
    have "$NODE" || { skip undici "$NODE is not there"; return; }
    if [ ! -e "$modules/undici/package.json" ]; then
        modules=$out/node/node_modules
        if [ ! -e "$modules/undici/package.json" ]; then
            have npm || { skip undici "npm package undici is not there"; return; }
            logged undici "npm install" npm install --no-audit --no-fund --prefix "$out/node" undici@6 || return
        fi
    fi
    wrap undici NODE_PATH="$modules" "$NODE" "$peers/undici.mjs"
}

build_aiohttp() {
    local python
    for python in /usr/bin/python3 python3; do
        if have "$python" && "$python" -c 'import aiohttp' 2>/dev/null; then
            wrap aiohttp "$python" "$peers/aiohttp_client.py"
            return
        fi
    done
    skip aiohttp "python3 with aiohttp is not there"
}

# Debian's crates, and for preference Debian's cargo with them. cargo writes beside what it builds, hence the copy.
build_hyper() {
    local crates=/usr/share/cargo/registry cargo=${CARGO:-/usr/bin/cargo} rustc=${RUSTC:-/usr/bin/rustc} crate
    have "$cargo" || cargo=cargo
    have "$rustc" || rustc=rustc
    have "$cargo" || { skip hyper "cargo is not there"; return; }
    have "$rustc" || { skip hyper "rustc is not there"; return; }
    for crate in hyper-0.14 tokio-1 futures-util-0.3 hmac-0.12 sha2-0.10 libc-0.2; do
        compgen -G "$crates/$crate.*" >/dev/null || { skip hyper "crate $crate is not there"; return; }
    done
    current hyper "$peers"/hyper/* && return
    mkdir -p "$out/hyper.d"
    cp "$peers"/hyper/* "$out/hyper.d/"
    rm -f "$out/hyper.d/Cargo.lock" # the crates may be others by now
    logged hyper "the build" env RUSTC="$rustc" "$cargo" build --release --offline --quiet \
        --manifest-path "$out/hyper.d/Cargo.toml" --target-dir "$out/hyper.d/target" \
        --config 'source.crates-io.replace-with="debian"' --config "source.debian.directory=\"$crates\"" || return
    install -m 755 "$out/hyper.d/target/release/hyper-peer" "$out/hyper"
}

for peer in evhttp nethttp undici nodehttp aiohttp hyper; do
    "build_$peer" || true # it has said why
done
