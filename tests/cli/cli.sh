# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034  # for those that source it
# What the tests of the tool share beside frame.sh; they source it. $tmp is their home, too.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/frame.sh
. "$root/tests/frame.sh"
helmdesk=$(cd "$BUILD" && pwd)/helmdesk
failures=0
unset HELMDESK_PROXY HELMDESK_SECRET HELMDESK_STORE HELMDESK_STORE_KEY NO_COLOR XDG_STATE_HOME
export HOME=$tmp LC_ALL=C.UTF-8 TERM=xterm

# fail TEXT: the test goes on, and finish ends it
fail() {
    printf 'FAILED: %.2000s\n' "$*"
    failures=$((failures + 1))
}

finish() {
    [ "$failures" = 0 ] || die "$failures failed"
}

# run ARGUMENT...: sets code, and out and err to what was written
run() {
    code=0
    "$helmdesk" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
    out=$(tr -d '\0' <"$tmp/out")
    err=$(tr -d '\0' <"$tmp/err")
}

# run_at_terminal ARGUMENT...: the same at a terminal, where stdin is typed; sets code, and out to what is seen
run_at_terminal() {
    local command
    printf -v command '%q ' "$helmdesk" "$@"
    code=0
    script -qec "$command" /dev/null >"$tmp/terminal" 2>&1 || code=$?
    out=$(tr -d '\0\r' <"$tmp/terminal")
}

# expect CODE: of the last run
expect() {
    [ "$code" = "$1" ] || die "ended with $code, not $1: out '$out', err '$err'"
}

# says PATTERN TEXT: the text has what the extended regular expression describes
says() {
    grep -Eq -- "$1" <<<"$2" || die "'$2' does not say '$1'"
}

# listen NAME ARGUMENT...: starts `helmdesk listen` on a free port; sets port. $tmp/NAME has what it writes.
listen() {
    local name=$1
    shift
    : >"$tmp/$name"
    "$helmdesk" listen --port 0 --json "$@" >"$tmp/$name" 2>"$tmp/$name.err" &
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
