# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034  # for those that source it
# What the tests of the tool share; they source it. A directory of their own is $tmp, their home too, and what they start
# in the background by background() ends with them.
: "${BUILD:=build}"
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
helmdesk=$(cd "$BUILD" && pwd)/helmdesk
tmp=$(mktemp -d)
children=()
unset HELMDESK_SECRET HELMDESK_STORE HELMDESK_STORE_KEY NO_COLOR XDG_STATE_HOME
export HOME=$tmp LC_ALL=C.UTF-8 TERM=xterm

end_all() {
    local status=$? child
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    for child in "${children[@]}"; do wait "$child" 2>/dev/null || true; done
    rm -rf "$tmp"
    exit "$status"
}
trap end_all EXIT

die() {
    echo "$*"
    exit 1
}

# run ARGUMENT...: sets code, and out and err to what was written
run() {
    code=0
    "$helmdesk" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
    out=$(tr -d '\0' <"$tmp/out")
    err=$(tr -d '\0' <"$tmp/err")
}

# expect CODE: of the last run
expect() {
    [ "$code" = "$1" ] || die "ended with $code, not $1: out '$out', err '$err'"
}

# says PATTERN TEXT: the text has what the extended regular expression describes
says() {
    grep -Eq -- "$1" <<<"$2" || die "'$2' does not say '$1'"
}

# until COMMAND...: waits until it succeeds
until_true() {
    local end=$((SECONDS + 60))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || die "never came true: $*"
        sleep 0.05
    done
}

# listen NAME ARGUMENT...: starts `helmdesk listen` on a free port; sets port and listener. $tmp/NAME has what it writes.
listen() {
    local name=$1
    shift
    : >"$tmp/$name"
    "$helmdesk" listen --port 0 --json "$@" >"$tmp/$name" 2>"$tmp/$name.err" &
    listener=$!
    children+=("$listener")
    until_true grep -q listening "$tmp/$name"
    port=$(sed -n '1s|.*http://[^/]*:\([0-9]*\)/.*|\1|p' "$tmp/$name")
}

# received NAME: how many requests it has shown
received() {
    echo $(($(wc -l <"$tmp/$1") - 1))
}

has_received() {
    [ "$(received "$1")" -ge "$2" ]
}

# json FILE EXPRESSION: what a Python expression says of the list of objects in a file, one a line: `all`
json() {
    python3 -c 'import json, sys
all = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8") if line.strip()]
print(eval(sys.argv[2]))' "$1" "$2"
}
