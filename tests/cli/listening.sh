#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the tests of `listen` and `replay` share: listeners in the background, and what they wrote. Sourced by those,
# after set -euo pipefail. All of it is in $tmp, which goes at the end with every listener.

build=${BUILD:-build}
tool=$(cd "$build" && pwd)/helmdesk
tmp=$(mktemp -d)
export XDG_STATE_HOME=$tmp/state HOME=$tmp LC_ALL=C.UTF-8 NO_COLOR=1
unset HELMDESK_SECRET HELMDESK_STORE http_proxy https_proxy
failures=0
listeners=()
number=0

leave() {
    local pid
    for pid in "${listeners[@]}"; do
        kill -9 "$pid" 2>/dev/null || true
    done
    rm -rf "$tmp"
}
trap leave EXIT

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# same EXPECTED ACTUAL WHAT
same() {
    [ "$1" = "$2" ] || fail "$3: expected '$1', got '$2'"
}

# holds TEXT FILE WHAT; lacks TEXT FILE WHAT
holds() {
    grep -qF -- "$1" "$2" || fail "$3: no '$1' in: $(head -c 2000 "$2")"
}
lacks() {
    ! grep -qF -- "$1" "$2" || fail "$3: '$1' in: $(head -c 2000 "$2")"
}

# until_true WHAT COMMAND...: polls for at most 30 s.
until_true() {
    local what=$1 deadline=$((SECONDS + 30))
    shift
    until "$@"; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            fail "$what: not within 30 s"
            return 1
        fi
        sleep 0.02
    done
}

# run WANTED COMMAND...: stdout in $tmp/out, stderr in $tmp/err, and the exit code must be the one that is wanted.
run() {
    local wanted=$1 code=0
    shift
    "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
    same "$wanted" "$code" "the exit code of: ${*/#$tool/helmdesk} ($(head -c 500 "$tmp/err"))"
}

# listen OPTION...: one in the background, on a free port. Sets pid, url, port, out and err.
listen() {
    number=$((number + 1))
    out=$tmp/listen.$number.out err=$tmp/listen.$number.err
    : >"$err"
    "$tool" listen --port 0 "$@" >"$out" 2>"$err" </dev/null &
    pid=$!
    listeners+=("$pid")
    until_true "listen $*" grep -q '^Listening on http' "$err" || {
        cat "$err"
        exit 1
    }
    url=$(sed -n 's/^Listening on //p' "$err")
    port=$(sed -n 's,^Listening on http://.*:\([0-9]*\)/.*,\1,p' "$err")
}

has_ended() {
    ! kill -0 "$1" 2>/dev/null
}

# ends CODE WHAT: waits until the last listener has ended, with this exit code.
ends() {
    local code=0
    until_true "$2: the end of listen" has_ended "$pid" || kill -9 "$pid"
    wait "$pid" || code=$?
    same "$1" "$code" "$2: the exit code of listen ($(head -c 500 "$err"))"
}

# received COUNT: waits until the last listener, with --json, has told of so many requests.
received() {
    until_true "$1 requests" has_lines $(($1 + 1))
}
has_lines() {
    [ "$(wc -l <"$out")" -ge "$1" ]
}

# send WANTED OPTION...: an event to the last listener.
send() {
    local wanted=$1
    shift
    run "$wanted" "$tool" send "$url" --allow-private "$@"
}

# raw: what a server answers to the bytes of stdin, until it closes; in $tmp/out.
raw() {
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    cat >&3 || true
    cat <&3 >"$tmp/out" || true
    exec 3>&-
}

# post TARGET BODY HEADER...: the answer is in $tmp/out.
post() {
    local target=$1 body=$2
    shift 2
    {
        printf 'POST %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: %d\r\n' "$target" \
            "$(printf %s "$body" | wc -c)"
        [ $# -eq 0 ] || printf '%s\r\n' "$@"
        printf '\r\n%s' "$body"
    } | raw
}

# answers STATUS WHAT: the first line in $tmp/out.
answers() {
    same "$1" "$(sed -n '1s,^HTTP/1.1 \([0-9]*\).*,\1,p' "$tmp/out")" "$2: the status"
}

finish() {
    if [ "$failures" -gt 0 ]; then
        echo "$failures failed"
        exit 1
    fi
}

code=0
"$tool" listen --print-secret >/dev/null 2>&1 || code=$?
if [ "$code" = 69 ]; then
    echo "helmdesk was built without libmicrohttpd"
    exit 77
fi
