#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every command, in a pipe and at a terminal, as text and as JSON: its exit code, that JSON is JSON and nothing else, that
# there is colour at a terminal and none in a pipe.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"

listen good
url=http://127.0.0.1:$port/hooks
listen bad --respond 500
bad=http://127.0.0.1:$port/hooks
export HELMDESK_STORE=sqlite:$tmp/store
secret=$("$helmdesk" listen --print-secret)
printf '%s' "$secret" >"$tmp/secret"
"$helmdesk" payload ticket.created >"$tmp/body"
signature=$("$helmdesk" sign --secret-file "$tmp/secret" "$tmp/body")
printf 'POST / HTTP/1.1\r\nX-Helmdesk-Signature: %s\r\n\r\n' "$signature" >"$tmp/request.http"
cat "$tmp/body" >>"$tmp/request.http"

# new NAME URL: makes a webhook and writes its id
new() {
    "$helmdesk" webhooks create "$2" --project acme --name "$1" --secret-file "$tmp/secret" --allow-private --json >"$tmp/made" 2>/dev/null
    json "$tmp/made" 'all[0]["id"]'
}
good=$(new good "$url")
failing=$(new failing "$bad")
"$helmdesk" webhooks test "$good" --allow-private >/dev/null
"$helmdesk" webhooks test "$failing" --allow-private >/dev/null 2>&1 || true
delivery=$("$helmdesk" deliveries list --json --outcome delivered | head -n 1 | sed 's/.*"id":"\([^"]*\)".*/\1/' | head -n 1)
none=00000000-0000-7000-8000-000000000000

# is_json FILE: each line of it is JSON
is_json() {
    python3 -c 'import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    json.loads(line)' "$1" 2>/dev/null
}

in_pipe() {
    local wanted=$1
    shift
    run "$@"
    [ "$code" = "$wanted" ] || fail "in a pipe, '$*' ends with $code, not $wanted: $out $err"
    ! grep -q $'\033' "$tmp/out" "$tmp/err" || fail "in a pipe, '$*' has escape sequences"
}

at_terminal() {
    local wanted=$1
    shift
    run_at_terminal "$@" </dev/null
    [ "$code" = "$wanted" ] || fail "at a terminal, '$*' ends with $code, not $wanted: $out"
}

# both CODE ARGUMENT...: in four ways
both() {
    local wanted=$1
    shift
    in_pipe "$wanted" "$@"
    in_pipe "$wanted" "$@" --json
    is_json "$tmp/out" || fail "'$* --json' writes something else: $out"
    at_terminal "$wanted" "$@"
    at_terminal "$wanted" "$@" --json
    grep '^{' <<<"$out" >"$tmp/lines" || true
    is_json "$tmp/lines" || fail "at a terminal, '$* --json' writes something else: $out"
}

# text CODE ARGUMENT...: what is text, whatever is asked for
text() {
    in_pipe "$@"
    at_terminal "$@"
}

both 0 sign --secret-file "$tmp/secret" "$tmp/body"
both 2 sign --secret-file "$tmp/secret" "$tmp/none"
both 2 sign --secret-file "$tmp/secret" "$tmp/body" "$tmp/body"
both 0 verify --secret-file "$tmp/secret" "$tmp/body" --signature "$signature"
both 0 verify --secret-file "$tmp/secret" --request "$tmp/request.http"
both 1 verify --secret-file "$tmp/body" "$tmp/secret" --signature "$signature"
both 2 verify --secret-file "$tmp/secret" "$tmp/body"
both 0 payload ticket.created
both 0 payload message.received --slack
both 0 payload --list
both 2 payload ticket.opened
both 0 send "$url" ticket.created --allow-private
both 0 send "$url" ticket.created --allow-private --count 20
both 0 send "$url" ticket.created --allow-private --dry-run
both 0 send "$url" ticket.created --allow-private --curl
both 1 send "$bad" ticket.created --allow-private
both 1 send "$bad" ticket.created --allow-private --count 20
both 2 send "$url"
both 3 send http://127.0.0.1:1/ ticket.created --allow-private
both 4 send "$url" ticket.created
both 1 listen --port 0 --count 1 --timeout 100ms
both 0 listen --port 0 --timeout 100ms
both 0 listen --print-secret
both 2 listen --port 65536
both 2 listen --host nowhere
both 2 listen --respond sometimes
both 0 replay "$tmp/request.http" --to "$url" --allow-private --resign --secret-file "$tmp/secret"
both 1 replay "$tmp/request.http" --to "$bad" --allow-private
both 2 replay "$tmp/body" --to "$url" --allow-private
both 2 replay "$tmp/request.http"
both 3 replay "$tmp/request.http" --to http://127.0.0.1:1/ --allow-private
both 4 replay "$tmp/request.http" --to "$url"
both 0 webhooks list
both 0 webhooks list --project nobody
both 5 webhooks list --store "sqlite:$tmp/nowhere"
both 2 webhooks list --store nonsense
both 69 webhooks list --store postgres://db
both 0 webhooks get "$good"
both 1 webhooks get nobody
both 2 webhooks get
both 0 webhooks create https://example.com/hooks --project acme
both 2 webhooks create https://example.com/hooks
both 4 webhooks create http://example.com/hooks --project acme
both 0 webhooks update "$good" --name 'another name'
both 1 webhooks update nobody --name x
both 2 webhooks update "$good"
both 0 webhooks hold "$good"
both 0 webhooks off "$good"
both 0 webhooks on "$good"
both 1 webhooks hold nobody
both 1 webhooks off nobody
both 1 webhooks on nobody
both 2 webhooks update "$good" --mode paused
both 0 webhooks discard "$good" --yes
both 1 webhooks discard nobody --yes
both 0 webhooks test "$good" --allow-private
both 1 webhooks test "$failing" --allow-private
both 4 webhooks test "$good"
both 2 webhooks test "$good" ticket.opened
both 0 webhooks secret "$good" reveal
both 0 webhooks secret "$good" stage --yes
in_pipe 0 webhooks secret "$good" unstage
both 1 webhooks secret "$good" unstage
both 2 webhooks secret "$good" publish
both 0 webhooks secret "$failing" replace --yes
both 1 webhooks secret "$failing" undo
for _ in 1 2; do # each has to be there when it is deleted
    in_pipe 0 webhooks delete "$(new doomed "$url")" --yes
    in_pipe 0 webhooks delete "$(new doomed "$url")" --yes --json
    is_json "$tmp/out" || fail "webhooks delete --json writes $out"
    at_terminal 0 webhooks delete "$(new doomed "$url")" --yes
done
both 1 webhooks delete nobody --yes
both 2 webhooks delete "$good" --no-input
both 0 deliveries list
both 0 deliveries list --outcome failed --status 5xx --reason http_5xx --since 1h --tests only --project acme --event ticket.created
both 0 deliveries list --text nothing-has-this
both 2 deliveries list --since yesterday
both 2 deliveries list --since 20250115
both 2 deliveries list --reason weather
both 2 deliveries list --cursor nonsense
both 0 deliveries get "$delivery"
both 1 deliveries get "$none"
both 2 deliveries get nonsense
both 0 deliveries redeliver "$delivery" --deliver --allow-private
both 1 deliveries redeliver "$none"
both 2 deliveries redeliver
both 2 deliveries redeliver --all --no-input
both 0 deliveries redeliver --all --yes --deliver --allow-private --webhook "$good"
both 0 deliveries export
both 0 stats
both 0 stats --since 2h --bucket 30m
both 2 stats --bucket 1s --since 30d
both 0 doctor
both 0 doctor "$url" --allow-private
both 3 doctor http://127.0.0.1:1/ --allow-private
both 4 doctor "$url"
text 0 completion bash
both 2 completion csh
text 0 help
text 0 help webhooks
text 0 help webhooks create
both 2 help nonsense
both 0 version
both 0 version -v
both 2 nonsense
both 2 webhooks nonsense
both 2 webhooks
both 2 sign --nonsense
both 2 sign --header=yes

# Colour: at a terminal, unless NO_COLOR is there, TERM is dumb or --color says so; in a pipe only if asked for.
colored() { grep -q $'\033\[3' "$1"; }
at_terminal 0 deliveries list
colored "$tmp/terminal" || fail "no colour at a terminal"
NO_COLOR=1 at_terminal 0 deliveries list
! colored "$tmp/terminal" || fail "colour in spite of NO_COLOR"
TERM=dumb at_terminal 0 deliveries list
! colored "$tmp/terminal" || fail "colour at a dumb terminal"
at_terminal 0 deliveries list --color never
! colored "$tmp/terminal" || fail "colour in spite of --color never"
run --color always deliveries list
colored "$tmp/out" || fail "no colour with --color always"

# Where there is no UTF-8, there is none in what the tool says itself.
LC_ALL=C run deliveries list
[ "$code" = 0 ] || fail "LC_ALL=C ends with $code"
! LC_ALL=C grep -q '[^ -~]' "$tmp/out" || fail "LC_ALL=C: $out"

# What is misspelled is guessed.
run snd
says "Did you mean 'send'" "$err"
run webhooks lst
says "Did you mean 'webhooks list'" "$err"
run send "$url" ticket.created --cuont 3
says "Did you mean '--count'" "$err"
finish
