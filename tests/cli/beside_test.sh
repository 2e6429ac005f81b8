#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The tool beside a server that has the same store open: what one changes, the other knows of; the server makes the
# deliveries; the log is watched whatever the clocks say.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"

# shellcheck source=tests/cli/storing.sh
. "$(dirname "$0")/storing.sh"

# ---- A server ----

# start_server: pid is $server; it is asked by what is written to descriptor 7, and answers on 8
start_server() {
    rm -f "$tmp/asked" "$tmp/answered"
    mkfifo "$tmp/asked" "$tmp/answered"
    python3 "$root/tests/cli/server.py" "$(dirname "$helmdesk")" "$store" <"$tmp/asked" >"$tmp/answered" &
    server=$!
    exec 7>"$tmp/asked" 8<"$tmp/answered"
    read -r -t 60 answer <&8 || die "the server does not start"
}

# ask WORD...: has the server do something, and sets answer
ask() {
    echo "$*" >&7
    read -r -t 60 answer <&8 || die "the server does not answer: $*"
}

end_server() {
    echo quit >&7
    exec 7>&- 8<&-
    wait "$server" || die "the server ends with $?"
}

is_in_mode() {
    ask mode "$1"
    [ "$answer" = "$2" ]
}

now_ms() {
    echo $((${EPOCHREALTIME/./} / 1000))
}

# soonest MS: the least time that something took; machines are not always fast, but this is
soonest() {
    [ ! -e "$tmp/soonest" ] || [ "$1" -lt "$(cat "$tmp/soonest")" ] || return 0
    echo "$1" >"$tmp/soonest"
}

# within MS WHAT
within() {
    echo "# $2: $(cat "$tmp/soonest") ms"
    [ "$(cat "$tmp/soonest")" -lt "$1" ] || die "$2 took $(cat "$tmp/soonest") ms"
    rm "$tmp/soonest"
}

has_requests() {
    [ "$(requests "$1")" = "$2" ]
}

waits() {
    "$helmdesk" webhooks get "$1" --json >"$tmp/waiting"
    [ "$(json "$tmp/waiting" 'all[0]["waiting"]')" = "$2" ]
}

# ---- The server knows of each change ----

new /ok
crm=$id
start_server

new /ok/second
until_true is_in_mode "$id" on # of one that was made while it runs
for mode in held off on held on; do
    began=$(now_ms)
    does 0 webhooks update "$crm" --mode "$mode"
    until_true is_in_mode "$crm" "$mode"
    soonest $(($(now_ms) - began))
done
within 1000 "a change by the tool, until the server knows of it"
does 0 webhooks delete "$id" --yes
until_true is_in_mode "$id" none

# ... and goes by it
does 0 webhooks hold "$crm"
until_true is_in_mode "$crm" held
ask send acme 1
ask send acme 2
until_true waits "$crm" 2
does 0 webhooks get "$crm"
says '^waiting +2, the oldest since' "$out"
[ "$(requests /ok)" = 0 ] || die "a webhook that is held has sent"
began=$(now_ms)
does 0 webhooks on "$crm"
until_true has_requests /ok 2
soonest $(($(now_ms) - began))
within 1000 "turned on by the tool, until what waited has arrived"
until_true waits "$crm" 0
does 0 webhooks off "$crm"
until_true is_in_mode "$crm" off
ask send acme 3
does 0 webhooks on "$crm"
until_true is_in_mode "$crm" on
ask send acme 4
until_true has_requests /ok 3

# Of ten that change the same webhook at once, none undoes what another one did.
for number in {1..10}; do
    "$helmdesk" webhooks update "$crm" -H "X-Number-$number: 1" >/dev/null 2>&1 &
    changes[number]=$!
done
for number in {1..10}; do wait "${changes[number]}" || die "change $number failed with $?"; done
does 0 webhooks get "$crm" --json
told 'len(all[0]["headers"])' 10

# What the server sends is signed with the secret that the tool has set.
signature_fits() {
    ask send acme 5
    json "$tmp/requests" 'all[-1]["body"]' | tr -d '\n' >"$tmp/body"
    "$helmdesk" verify "$tmp/body" --signature "$(json "$tmp/requests" 'all[-1]["signature"]')" --secret-file "$tmp/own" >/dev/null 2>&1
}
printf 'a secret of our own\n' >"$tmp/own"
does 0 webhooks secret "$crm" replace --yes --secret-file "$tmp/own"
until_true signature_fits

# ---- What the tool puts in, the server delivers ----

# By the server's rules: the tool alone would not be allowed to go to this address.
newest "$crm"
good=$delivery
for _ in {1..3}; do
    began=$(now_ms)
    does 0 deliveries redeliver "$good" --json
    soonest $(($(now_ms) - began))
    told 'all[0]["status"], all[0]["redelivery_of"]' "(200, '$good')"
done
within 1000 "sent again by the tool, delivered by the server, and told"
lacks '--deliver' "$err"
many=()
for _ in {1..40}; do many+=("$good"); done
before=$(requests /ok)
does 0 deliveries redeliver "${many[@]}"
says '^40 deliveries in .*: 40 delivered, 0 failed' "$out"
[ "$(requests /ok)" = "$((before + 40))" ] || die "$(requests /ok) requests came, after $before"
total=$(count --webhook "$crm" --tests no --outcome delivered)
does 0 deliveries redeliver --all --again --webhook "$crm" --outcome delivered --yes
says "^$total deliveries in .*: $total delivered" "$out"
does 0 webhooks test "$crm" --allow-private
both 0 stats
told 'all[0]["waiting"]' 0

# A webhook that the rule has paused says so, and nobody waits for it.
new /fail --events ticket.resolved
failing=$id
does 1 webhooks test "$failing" --allow-private
newest "$failing"
until_true is_in_mode "$failing" on
is_paused() {
    does 1 deliveries redeliver "$delivery"
    "$helmdesk" webhooks get "$failing" --json >"$tmp/out"
    [ "$(json "$tmp/out" 'all[0]["state"]')" = paused ]
}
until_true is_paused
does 0 webhooks get "$failing"
says '^state +paused until [0-9-]+ [0-9:]+: deliveries to it kept failing$' "$out"
says '^failed +[0-9]+ in a row since [0-9-]+ [0-9:]+, the last one: [a-z0-9_]+$' "$out"
does 0 webhooks list
says "$failing +acme +json +ticket.resolved +paused" "$out"
does 0 doctor --store "$HELMDESK_STORE"
says "failing +.*$failing.* attempts failed in a row since" "$out"
does 1 deliveries redeliver "$delivery"
says 'Left in the store' "$err"
lacks 'Waiting for a server' "$err"
does 0 webhooks get "$failing" --json
told 'all[0]["waiting"] >= 1, all[0]["waiting_since"] is None, all[0]["paused_until"] is None' '(True, False, False)'
does 0 webhooks discard "$failing" --yes
until_true waits "$failing" 0

# One whose receiver asks for patience says that, and one with a rate what it is. The server has sent the test, so the first
# redelivery waits already.
new /busy --events ticket.resolved --rate 30/min --burst 2
busy=$id
does 1 webhooks test "$busy" --allow-private
newest "$busy"
until_true is_in_mode "$busy" on
does 1 deliveries redeliver "$delivery"
is_throttled() {
    "$helmdesk" webhooks get "$busy" --json >"$tmp/out"
    [ "$(json "$tmp/out" 'all[0]["state"]')" = throttled ]
}
until_true is_throttled
both 0 webhooks get "$busy"
told 'all[0]["throttled_until"] is None, all[0]["paused_until"] is None' '(False, True)'
does 0 webhooks get "$busy"
says '^state +throttled until [0-9-]+ [0-9:]+: its receiver asked for that \(429 or 503\)$' "$out"
does 0 webhooks list
says "$busy +acme +json +ticket.resolved +throttled" "$out"
does 0 webhooks hold "$busy"
does 1 deliveries redeliver "$delivery"
does 0 webhooks get "$busy"
says '^waiting +2, the oldest since [0-9-]+ [0-9:]+; limited to 30/min, burst 2$' "$out"
does 0 webhooks delete "$busy" --yes

# ---- Watching ----

# The wall clock was ten years ahead for a while, and ten years behind: what is in the log says so. What comes is told, each
# once, in the order in which it comes.
python3 - "$store/helmdesk.db" <<'PYTHON'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], timeout=60)
ten_years = 10 * 366 * 86400000
store.execute(f"UPDATE log SET finished_ms = finished_ms + CASE id % 3 WHEN 0 THEN {ten_years} WHEN 1 THEN -{ten_years} ELSE 0 END")
store.commit()
PYTHON
"$helmdesk" deliveries tail --json --limit 3 --webhook "$crm" >"$tmp/tail" 2>"$tmp/tail.err" &
pid=$!
until_true has_lines "$tmp/tail" 3
for number in {1001..1200}; do ask send acme "$number"; done
until_true has_lines "$tmp/tail" 203
does 0 deliveries redeliver "$good" --json
until_true has_lines "$tmp/tail" 204
kill -INT "$pid"
ends 130 "$pid"
[ "$(json "$tmp/tail" 'sorted(one["ticket_number"] for one in all[3:-1]) == list(range(1001, 1201)), len({one["id"] for one in all})')" = \
    '(True, 204)' ] || die "tail has something else: $(cat "$tmp/tail")"
[ "$(json "$tmp/tail" 'all[-1]["id"]')" = "$(json "$tmp/out" 'all[0]["id"]')" ] || die "tail ends with another one"
empty "$(cat "$tmp/tail.err")"

# ---- The end ----

# What waits when the server ends is delivered by the next one, and the tool works on in between.
does 0 webhooks hold "$crm"
until_true is_in_mode "$crm" held
ask send acme 7
until_true waits "$crm" 1
end_server
does 0 webhooks on "$crm"
before=$(requests /ok)
start_server
until_true has_requests /ok $((before + 1))
end_server
