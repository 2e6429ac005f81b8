# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # for those that source it, and of those that they source
# What the tests of the tool share that have a store, beside cli.sh: $store, named by HELMDESK_STORE, and a receiver.

code=0
"$helmdesk" webhooks list --store "sqlite:$tmp" >/dev/null 2>&1 || code=$?
if [ "$code" = 69 ]; then
    echo "helmdesk was built without SQLite"
    exit 77
fi

none=00000000-0000-7000-8000-000000000000
store=$tmp/store
export HELMDESK_STORE=sqlite:$store

: >"$tmp/requests"
python3 "$root/tests/cli/receiver.py" "$tmp" &
until_true test -e "$tmp/port"
receiver=http://127.0.0.1:$(cat "$tmp/port")

# requests PATH: how many came there
requests() {
    grep -c "\"path\": \"$1" "$tmp/requests" || true
}

# does CODE ARGUMENT...: runs it; what it tells is looked through for secrets at the end
: >"$tmp/told"
does() {
    local wanted=$1
    shift
    run "$@"
    expect "$wanted"
    cat "$tmp/out" "$tmp/err" >>"$tmp/told"
}

# shows CODE ARGUMENT...: the same for what may show a secret
shows() {
    local wanted=$1
    shift
    run "$@"
    expect "$wanted"
}

# both CODE ARGUMENT...: as text, then as JSON, which out, and $tmp/out, hold afterwards
both() {
    does "$@"
    does "$@" --json
    [ -z "$out" ] || json "$tmp/out" 'len(all)' >/dev/null
}

# told EXPRESSION VALUE: what the JSON of the last run says
told() {
    local is
    is=$(json "$tmp/out" "$1")
    [ "$is" = "$2" ] || die "$1 is '$is', not '$2': $out"
}

# lacks PATTERN TEXT
lacks() {
    ! grep -Eq -- "$1" <<<"$2" || die "'$2' says '$1'"
}

# line NAME: what follows this name in out
line() {
    sed -n "s/^$1 *//p" <<<"$out"
}

# empty TEXT
empty() {
    [ -z "$1" ] || die "there is '$1'"
}

# new PATH ARGUMENT...: sets id to that of a new webhook
new() {
    shows 0 webhooks create "$receiver$1" --project acme --allow-private --json "${@:2}"
    id=$(json "$tmp/out" 'all[0]["id"]')
    json "$tmp/out" 'all[0]["secret"]' >>"$tmp/secrets"
}
: >"$tmp/secrets"

# newest WEBHOOK: sets delivery to the id of its newest one
newest() {
    does 0 deliveries list --webhook "$1" --limit 1 --json
    delivery=$(json "$tmp/out" 'all[0]["id"]')
}

# count ARGUMENT...: how many deliveries match these filters
count() {
    "$helmdesk" deliveries export "$@" | wc -l | tr -d ' '
}

has_lines() {
    [ "$(wc -l <"$1")" -ge "$2" ]
}

# ends CODE PID
ends() {
    local is=0
    until_true has_ended "$2"
    wait "$2" || is=$?
    [ "$is" = "$1" ] || die "ended with $is, not $1"
}
