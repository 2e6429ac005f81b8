# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034  # for those that source it
# What the tests of `listen` and `replay` share beside cli.sh: receivers in the background, what they wrote, and requests
# that no client sends. They source it. A check that fails is told, and the test goes on.

# shellcheck source=tests/cli/cli.sh
. "$(dirname "${BASH_SOURCE[0]}")/cli.sh"

secret=$HOME/.local/state/helmdesk/dev-secret
receivers=0

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

# lines FILE: how many
lines() {
    wc -l <"$1" | tr -d ' '
}

# mode FILE: in octal, as GNU and BSD tell it
mode() {
    stat -c %a "$1" 2>/dev/null || stat -f %Lp "$1"
}

# gives CODE COMMAND...: the exit code must be that; what it wrote is in $tmp/out and $tmp/err
gives() {
    local wanted=$1 code=0
    shift
    "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
    same "$wanted" "$code" "the exit code of: ${*/#$helmdesk/helmdesk} ($(head -c 500 "$tmp/err"))"
}

# receiver OPTION...: a `helmdesk listen` on a free port. Sets pid, url and port; out and err are the files it writes.
receiver() {
    receivers=$((receivers + 1))
    out=$tmp/receiver.$receivers.out err=$tmp/receiver.$receivers.err
    : >"$err"
    "$helmdesk" listen --port 0 "$@" >"$out" 2>"$err" </dev/null &
    pid=$!
    until_true is_listening
    url=$(sed -n 's/.*Listening on \([^"]*\).*/\1/p' "$err")
    port=$(sed -n 's,.*Listening on http://.*:\([0-9]*\)/.*,\1,p' "$err")
}

is_listening() {
    grep -q 'Listening on http' "$err" || { has_ended "$pid" && die "listen has ended: $(cat "$err")"; }
}

# ends CODE WHAT: waits until the receiver has ended, with this exit code
ends() {
    local code=0
    until_true has_ended "$pid"
    wait "$pid" || code=$?
    same "$1" "$code" "$2: the exit code of listen ($(head -c 500 "$err"))"
}

# has_told COUNT: whether the receiver, with --json, has told of so many requests
has_told() {
    [ "$(lines "$out")" -gt "$1" ]
}

# sends CODE OPTION...: an event to the receiver
sends() {
    local wanted=$1
    shift
    gives "$wanted" "$helmdesk" send "$url" --allow-private "$@"
}

# raw: sends stdin to the receiver; what it answers until it closes is in $tmp/out
raw() {
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    cat >&3 || true
    cat <&3 >"$tmp/out" 2>"$tmp/err" || true
    exec 3>&-
}

# post TARGET BODY HEADER...: raw
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

# answers STATUS WHAT: in $tmp/out
answers() {
    same "$1" "$(sed -n '1s,^HTTP/1.1 \([0-9]*\).*,\1,p' "$tmp/out")" "$2: the status"
}

code=0
"$helmdesk" listen --print-secret >/dev/null 2>&1 || code=$?
if [ "$code" = 69 ]; then
    echo "helmdesk was built without libmicrohttpd"
    exit 77
fi
