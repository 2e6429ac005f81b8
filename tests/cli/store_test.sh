#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the tool does with a store that no server has open: webhooks, secrets, the log, sending again. What it does beside a
# server is in beside_test.sh.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"

# shellcheck source=tests/cli/storing.sh
. "$(dirname "$0")/storing.sh"

# ---- Helpers ----

# answer TEXT ARGUMENT...: runs it at a terminal where somebody answers; sets code, and out to what is seen
answer() {
    run_at_terminal "${@:2}" <<<"$1"
}

# ---- Which store ----

for command in 'webhooks list' 'webhooks get x' 'webhooks update x --name y' 'webhooks delete x --yes' 'webhooks hold x' \
    'webhooks on x' 'webhooks off x' 'webhooks discard x' 'webhooks test x' 'webhooks secret x reveal' 'webhooks secret x stage' 'deliveries list' \
    "deliveries get $none" 'deliveries tail' "deliveries redeliver $none" 'deliveries export' 'stats'; do
    read -ra words <<<"$command"
    both 5 "${words[@]}"
    says 'there is no store in' "$err"
    [ ! -e "$store" ] || die "$command has made a directory"
    HELMDESK_STORE='' does 2 "${words[@]}"
    says '--store sqlite:DIR' "$err"
    does 2 "${words[@]}" --store "$store"
    says 'sqlite:/' "$err"
    does 69 "${words[@]}" --store postgres://db
    says 'PostgreSQL' "$err"
done
mkdir "$tmp/empty" "$tmp/damaged"
does 5 webhooks hold x --store "sqlite:$tmp/empty"
empty "$(ls -A "$tmp/empty")"
echo 'this is no database, however long it is looked at' >"$tmp/damaged/helmdesk.db"
both 5 deliveries list --store "sqlite:$tmp/damaged"
says 'database is damaged' "$err"

# ---- Creating ----

does 2 webhooks create "$receiver/ok" --allow-private
says 'project' "$err"
does 4 webhooks create "$receiver/ok" --project acme
says 'allow-private' "$err"
does 4 webhooks create https://127.0.0.1/ --project acme
does 2 webhooks create 'not a url' --project acme
does 2 webhooks create https://example.com/ --project acme --events ticket.opened
does 2 webhooks create https://example.com/ --project acme --attempts 21
does 2 webhooks create https://example.com/ --project 'a b'
[ ! -e "$store" ] || die "a webhook that is refused has made a store"
both 5 webhooks create https://example.com/ --project acme --store "sqlite:$tmp/not/there"
says 'cannot make a store .*: the directory above it is missing' "$err"

shows 0 webhooks create "$receiver/ok?token=in-the-url" --project acme --name 'CRM sync' --allow-private -H 'X-Tenant: in-the-header'
crm_secret=$(line secret)
crm=$(line id)
says '^whsec_.{44}$' "$crm_secret"
says 'Give the secret' "$err"
lacks 'in-the-' "$out$err"
printf '%s\n' "$crm_secret" in-the-url in-the-header >>"$tmp/secrets"
printf %s "$crm_secret" >"$tmp/crm.secret"

printf '%s\n' "$receiver/fail/from-stdin" >"$tmp/url"
code=0
"$helmdesk" webhooks create - --project other --allow-private --events ticket.created,ticket.resolved --attempts 3 \
    --in-flight 2 --ordered yes --standard --json <"$tmp/url" >"$tmp/out" 2>"$tmp/err" || code=$?
out=$(cat "$tmp/out") err=$(cat "$tmp/err")
expect 0
failing=$(json "$tmp/out" 'all[0]["id"]')
told 'sorted(all[0])' "['client_certificate', 'events', 'format', 'headers', 'id', 'max_attempts', 'max_in_flight', 'mode', 'name', 'ordered', 'pause_rule', 'project', \
'rate', 'retry_first_ms', 'retry_max_ms', 'schema', 'secret', 'secret_previous', 'secret_staged', 'standard_headers', 'url_masked', 'version']"
told 'all[0]["events"], all[0]["max_attempts"], all[0]["max_in_flight"], all[0]["ordered"], all[0]["standard_headers"]' \
    "(['ticket.created', 'ticket.resolved'], 3, 2, True, True)"
json "$tmp/out" 'all[0]["secret"]' >>"$tmp/secrets"
echo from-stdin >>"$tmp/secrets"

printf 'a secret of our own\n' >"$tmp/own"
new /slow --mode off --secret-file "$tmp/own"
slow=$id
told 'all[0]["secret"], all[0]["mode"]' "('a secret of our own', 'off')"

shows 0 webhooks create https://hooks.slack.com/services/T0/B0/in-slacks-url --project slack
says '--format slack' "$err"
shows 0 webhooks create https://hooks.slack.com/services/T0/B0/in-slacks-url --project slack --format slack
lacks 'slack' "$err"
shows 0 webhooks create https://example.com/ --project slack --format slack
says "none of Slack's" "$err"
echo in-slacks-url >>"$tmp/secrets"

# ---- Listing ----

does 0 webhooks list
says '^NAME +ID +PROJECT +FORMAT +EVENTS +STATE +ADDRESS$' "$out"
says "^CRM sync +$crm +acme +json +all +on +http://127" "$out"
says "$slow +acme +json +all +off" "$out"
[ "$(grep -n acme <<<"$out" | sed 's/^\([0-9]*:.*\)acme.*/\1/' | sed 's/^[0-9]*://' | awk '{print length}' | sort -u | wc -l)" = 1 ] ||
    die "columns are not aligned: $out"
both 0 webhooks list --project acme
told 'len(all), {webhook["project"] for webhook in all}' "(2, {'acme'})"
both 0 webhooks list --project nobody
empty "$out"
says 'nobody' "$err"
both 0 webhooks get "$crm"
told 'all[0]["state"], all[0]["paused_until"], all[0]["throttled_until"], all[0]["waiting"], all[0]["waiting_since"]' \
    "('on', None, None, 0, None)"
told 'all[0]["name"], all[0]["headers"], "url" in all[0]' "('CRM sync', [['X-Tenant', None]], False)"
shows 0 webhooks get "$crm" --reveal
says 'in-the-url' "$out"
says 'X-Tenant: in-the-header' "$out"
both 1 webhooks get "$none"
says 'webhooks list' "$err"
says $'\033\[1m' "$(printf '' | TERM=xterm script -qec "$helmdesk webhooks list" /dev/null)"

# ---- Changing ----

# is_in_mode ID on|held|off
is_in_mode() {
    does 0 webhooks get "$1" --json
    told 'all[0]["mode"]' "$2"
}

# Its address needs --allow-private, which a server has, and the tool here has not: it stays on all the same.
both 0 webhooks update "$crm" --name 'CRM'
told 'all[0]["name"], all[0]["mode"], all[0]["version"]' "('CRM', 'on', 3)"
both 0 webhooks update "$crm" --events message.received --attempts 2 --ordered yes
told 'all[0]["events"], all[0]["max_attempts"], all[0]["ordered"]' "(['message.received'], 2, True)"
does 0 webhooks update "$crm" --events all --attempts 1 --ordered no
both 0 webhooks update "$crm" --rate 30/min --burst 5
told 'all[0]["rate"]' "{'count': 30, 'period_ms': 60000, 'burst': 5}"
both 0 webhooks update "$crm" --rate 10/s
told 'all[0]["rate"]' "{'count': 10, 'period_ms': 1000, 'burst': 5}"
both 0 webhooks update "$crm" --burst 1
told 'all[0]["rate"]["burst"]' 1
for rate in 10 10/ /s 10/ms 0/s -1/s 1.5/s 10/s,5 99999999999/s; do
    both 2 webhooks update "$crm" --rate "$rate"
    says "rate cannot be '$rate'" "$err"
done
both 2 webhooks update "$crm" --rate 10/h
says 'from 1 a minute to 1,000 a second' "$err"
both 2 webhooks update "$crm" --burst 1001
both 0 webhooks update "$crm" --rate none
told 'all[0]["rate"]' None
both 2 webhooks update "$crm" --burst 3
says 'goes with a rate' "$err"
does 0 webhooks update "$crm" -H 'X-Other: 1' --json
told '[header[0] for header in all[0]["headers"]]' "['X-Tenant', 'X-Other']"
does 0 webhooks update "$crm" -H 'X-Other:' --json
told '[header[0] for header in all[0]["headers"]]' "['X-Tenant']"
both 2 webhooks update "$crm"
says 'nothing is to be changed' "$err"
both 4 webhooks update "$crm" --url http://example.com/
does 2 webhooks update "$crm" --attempts many
both 1 webhooks update "$none" --name x
does 0 webhooks update "$failing" --url "$receiver/fail" --allow-private
does 0 webhooks get "$failing"
says '^waiting +0$' "$out"
lacks '^state' "$out"
is_in_mode "$crm" on
both 0 webhooks hold "$crm"
is_in_mode "$crm" held
both 0 webhooks off "$crm"
is_in_mode "$crm" off
both 0 webhooks update "$crm" --mode held
is_in_mode "$crm" held
does 2 webhooks update "$crm" --mode paused
both 0 webhooks on "$crm"
is_in_mode "$crm" on

# ---- Testing ----

both 0 stats
told 'all[0]["success_percent"], all[0]["waiting"]' '(None, 0)'
both 0 deliveries list
says 'There are no deliveries yet' "$err"
told 'all' "[{'next_cursor': None}]"
both 0 webhooks test "$crm" --allow-private
told 'all[0]["status"], all[0]["test"], all[0]["event"]' "(200, True, 'ticket.created')"
does 0 webhooks test "$crm" message.received --allow-private
says 'POST http://127.0.0.1:[0-9]+/…-url → 200 in [0-9]+ ms' "$out"
both 1 webhooks test "$failing" --allow-private
told 'all[0]["status"], all[0]["reason"]' "(500, 'http_5xx')"
both 4 webhooks test "$crm"
told 'all[0]["reason"]' blocked
does 2 webhooks test "$crm" ticket.opened
both 1 webhooks test "$none" --allow-private
is_in_mode "$crm" on
[ "$(requests /ok)" = 3 ] || die "there are not 3 requests: $(cat "$tmp/requests")"
[ "$(json "$tmp/requests" 'all[0]["tenant"]')" = in-the-header ] || die "the header did not come"

# ---- Secrets ----

# signed_with NAME: the newest delivery of the CRM is signed with the secret in this file
signed_with() {
    does 0 webhooks test "$crm" --allow-private
    json "$tmp/requests" 'all[-1]["body"]' | tr -d '\n' >"$tmp/body"
    does 0 verify "$tmp/body" --signature "$(json "$tmp/requests" 'all[-1]["signature"]')" --secret-file "$tmp/$1"
}

signed_with crm.secret
both 1 webhooks secret "$crm" activate
says 'stage' "$err"
both 1 webhooks secret "$crm" undo
shows 0 webhooks secret "$crm" stage
says '^next +whsec_' "$out"
empty "$(line present)"
says 'Give the next one to the receiver.*activate' "$err"
line next | tee -a "$tmp/secrets" | tr -d '\n' >"$tmp/next.secret"
signed_with crm.secret
shows 0 webhooks secret "$crm" reveal
[ "$(line present) $(line next)" = "$crm_secret $(cat "$tmp/next.secret")" ] || die "secrets are others: $out"
does 0 webhooks secret "$crm" activate --json
told 'all[0]["secret_staged"], all[0]["previous_kept"], "secret" in all[0]' '(False, True, False)'
signed_with next.secret
does 0 webhooks secret "$crm" undo
empty "$out"
signed_with crm.secret
does 0 webhooks secret "$crm" activate
shows 0 webhooks secret "$crm" reveal --json
told 'all[0]["previous"]' "$crm_secret"
both 0 webhooks secret "$crm" forget
told 'all[0]["previous_kept"]' False
signed_with next.secret
does 0 webhooks secret "$crm" stage --secret-file "$tmp/own"
empty "$out"
both 2 webhooks secret "$crm" replace
says '--yes' "$err"
shows 0 webhooks secret "$crm" replace --yes --json
json "$tmp/out" 'all[0]["secret"]' | tee -a "$tmp/secrets" | tr -d '\n' >"$tmp/replaced"
signed_with replaced
both 2 webhooks secret "$crm" publish
both 1 webhooks secret "$none" reveal
is_in_mode "$crm" on

# ---- The log ----

# ids ARGUMENT...: of these deliveries
ids() {
    "$helmdesk" deliveries list --json "$@" >"$tmp/listed" 2>>"$tmp/told"
    json "$tmp/listed" '" ".join(one["id"] for one in all[:-1])'
}

newest "$crm"
both 0 deliveries get "$delivery"
told 'all[0]["request"]["body"][:26], all[0]["response"]["body"]' "('{\"event\":\"ticket.created\",', '\\x1b[31m<red>\\n')"
does 0 deliveries get "$delivery"
says '"number":42' "$out"
says '^HTTP/1.1 200' "$out"
says '\\u001b\[31m<red>' "$out"
lacks $'\033' "$out"
newest "$failing"
does 0 deliveries get "$delivery"
says 'attempt 1  failed 500' "$out"
says 'Look at its own log' "$out"
both 1 deliveries get "$none"
both 2 deliveries get x

[ "$(count)" = "$(($(count --outcome delivered) + $(count --outcome failed)))" ] || die "outcomes do not add up"
[ "$(count --status 500)" = 2 ] || die "--status 500: $(count --status 500)"
[ "$(count --status 5xx)" = 2 ] || die "--status 5xx"
[ "$(count --status 500-503 --reason http_5xx)" = 2 ] || die "--status 500-503"
[ "$(count --status 404)" = 0 ] || die "--status 404"
[ "$(count --status 404,5xx)" = 2 ] || die "--status 404,5xx"
[ "$(count --outcome failed,canceled --reason dns,http_5xx)" = 2 ] || die "two outcomes and two reasons"
[ "$(count --reason blocked)" = 2 ] || die "--reason blocked"
[ "$(count --event message.received)" = 1 ] || die "--event"
[ "$(count --project other)" = 2 ] || die "--project"
[ "$(count --webhook "$failing")" = 2 ] || die "--webhook"
[ "$(count -w "$failing" -w "$crm")" = "$((2 + $(count --webhook "$crm")))" ] || die "two webhooks"
[ "$(count -w "$failing" -w "$failing")" = 2 ] || die "one webhook twice"
does 0 stats -w "$failing" -w "$crm" -w "$failing" --tests all --json
told 'all[0]["reports"]' "$(count --since 24h -w "$failing" -w "$crm")"
both 1 deliveries list -w "$crm" -w nobody
[ "$(count --tests no)" = 0 ] || die "--tests no"
[ "$(count --tests only)" = "$(count)" ] || die "--tests only"
[ "$(count --text "can't RESET")" = "$(count)" ] || die "--text"
[ "$(count --since 1h)" = "$(count)" ] || die "--since 1h"
[ "$(count --until 1h)" = 0 ] || die "--until 1h"
for bad in '--status 99' '--status 5x' '--status 503-500' '--status 200x' '--status 404,' '--outcome failed,' '--event x,ticket.created' '--since yesterday' '--since 2025-02-30' \
    '--since 2025-01-15T25:00' '--since 2025-01-15T10:30:00+2' '--until 1970-01-01T00:00:00Z' '--since 1h --until 2h' '--limit 0' \
    '--since 20250115' '--since 2025' '--since 1736935800' '--until 90' '--limit 1001' '--cursor nonsense' '--outcome lost' '--event ticket.opened'; do
    read -ra words <<<"$bad"
    both 2 deliveries list "${words[@]}"
done
says 'a date \(2025-01-15\)' "$("$helmdesk" deliveries list --since 20250115 2>&1 || true)"
does 2 deliveries redeliver --all --since 20250115 --yes
does 2 deliveries list --reason weather
says 'http_5xx .*discarded' "$err"
both 0 deliveries list --text 'nothing has this'
says 'No delivery matches' "$err"
does 0 deliveries list --outcome failed
says "^[0-9-]+ [0-9:]+  ticket.created +✕ 500 +[0-9]+ ms  #42 Can't reset password  " "$out"

# Times: the first delivery is made old, in a year of its own. A server deletes what is older than 30 days unless it is
# told otherwise, which the tool must not do.
old=$(ids --limit 1000)
old=${old##* }
python3 - "$store/helmdesk.db" <<'PYTHON'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute("UPDATE log SET finished_ms = 1000000000500 WHERE id = (SELECT min(id) FROM log)")  # 2001-09-09T01:46:40.500Z
store.commit()
PYTHON
# between SINCE UNTIL: whether it is the only one there
between() {
    [ "$(ids --since "$1" --until "$2")" = "$old" ] || die "--since $1 --until $2: $(ids --since "$1" --until "$2")"
}
between 2001-09-09T01:46:40.500Z 2001-09-09T01:46:40.501Z
between 2001-09-08T19:16:40.5-06:30 2001-09-09T04:46:41+03:00
TZ=EST5 between '2001-09-08 20:46:40' '2001-09-08 20:47'
TZ=UTC between 2001-09-09 2001-09-10
[ -z "$(ids --since 2001-09-09T01:46:40.501Z --until 2002-01-01)" ] || die "--since is not exact"
[ -z "$(ids --since 2001-09-09 --until 2001-09-09T01:46:40.500Z)" ] || die "--until is not exact"

# Pages: what one after the other has is what one has.
all=$(ids --limit 1000)
cursor='' paged=''
while :; do
    does 0 deliveries list --json --limit 3 ${cursor:+--cursor "$cursor"}
    paged="$paged $(json "$tmp/out" '" ".join(one["id"] for one in all[:-1])')"
    cursor=$(json "$tmp/out" 'all[-1]["next_cursor"] or ""')
    [ -n "$cursor" ] || break
done
[ "$paged" = " $all" ] || die "pages have '$paged', not '$all'"
does 0 deliveries list --limit 3
says '--cursor [^ ]+$' "$err"

# ---- Statistics ----

does 0 stats --json
told 'all[0]["deliveries"], all[0]["success_percent"], all[0]["ms"]["p95"]' "($(count --since 24h --tests no), None, None)"
does 0 stats --tests all --json
told 'all[0]["delivered"], all[0]["failed"], all[0]["canceled"]' "($(count --since 24h --outcome delivered), $(count --since 24h --outcome failed), 0)"
told 'all[0]["reasons"]["blocked"], all[0]["ms"]["p50"] <= all[0]["ms"]["p95"] <= all[0]["ms"]["p99"] <= all[0]["ms"]["max"]' '(2, True)'
does 0 stats --tests all
says 'delivered.*failed; [0-9.]+ % arrived' "$out"
says 'p50 [0-9]+ ms, p95 [0-9]+ ms, p99 [0-9]+ ms' "$out"
says '^0 waiting' "$out"
both 0 stats --bucket 1h --since 3h --tests all
told 'sum(bucket["delivered"] for bucket in all[0]["buckets"]) == all[0]["delivered"], len(all[0]["buckets"]) in (3, 4)' '(True, True)'
does 0 stats --bucket 1h --since 3h --tests all
says '█' "$out"
LC_ALL=C does 0 stats --bucket 1h --since 3h --tests all
says '#' "$out"
! LC_ALL=C grep -q '[^ -~]' "$tmp/out" || die "LC_ALL=C: $out"
both 0 stats --tests all --since 2001-09-01 --until 2001-10-01
told 'all[0]["delivered"], all[0]["failed"], all[0]["reasons"]' '(1, 0, {})'
both 2 stats --bucket 1s --since 30d
both 2 stats --since 1h --until 2h

# ---- Sending again ----

# No server makes the deliveries: the command does, if it is told to.
newest "$crm"
good=$delivery
before=$(requests /ok)
both 0 deliveries redeliver "$good" --deliver --allow-private
told 'all[0]["status"], all[0]["test"], all[0]["id"] != "'"$good"'"' '(200, False, True)'
told 'all[0]["redelivery_of"] == "'"$good"'"' True
again=$(json "$tmp/out" 'all[0]["id"]')
does 0 deliveries get "$again"
says "^A redelivery of $good\$" "$out"
both 0 deliveries list --redelivery-of "$good"
told 'all[0]["redelivery_of"] == all[1]["redelivery_of"] == "'"$good"'", len(all)' '(True, 3)' # as text, as JSON, and a cursor
both 0 deliveries list --redelivery-of "$again"
told 'len(all)' 1
both 2 deliveries list --redelivery-of x
says 'is no delivery' "$err"
both 1 deliveries redeliver "$none"
both 2 deliveries redeliver x
both 2 deliveries redeliver
both 2 deliveries redeliver "$good" --outcome failed
both 2 deliveries redeliver "$good" --all
both 2 deliveries redeliver --all --tests only --yes
[ "$(requests /ok)" = "$((before + 2))" ] || die "$(requests /ok) requests came, after $before"

# Without being told to, it waits for a server a while, and leaves them in the store for the next one.
does 1 deliveries redeliver "$good" "$good" --json
says 'Waiting for a server.*--deliver' "$err"
says 'Left in the store, to be delivered later: 2\.' "$err"
told 'all[-1]["summary"]["left"], len(all)' '(2, 1)'
does 0 webhooks get "$crm"
says '^waiting +2, the oldest since [0-9-]+ [0-9:]+$' "$out"
does 0 stats --webhook "$crm" --json
told 'all[0]["waiting"]' 2
does 0 stats --project other --json
told 'all[0]["waiting"]' 0
[ "$(requests /ok)" = "$((before + 2))" ] || die "somebody has delivered"
does 0 deliveries redeliver "$good" --deliver --allow-private # and what waited before
[ "$(requests /ok)" = "$((before + 5))" ] || die "$(requests /ok) requests came, after $before"

# What may not go to its address waits, and so does what a webhook has that is held, which nobody waits for.
does 1 deliveries redeliver "$good" --deliver
says 'Left in the store, to be delivered later: 1\.' "$err"
does 0 deliveries redeliver "$good" --deliver --allow-private
does 0 webhooks hold "$crm"
since=$SECONDS
does 1 deliveries redeliver "$good" "$good" "$good"
says '3 left in the store' "$out"
[ $((SECONDS - since)) -le 3 ] || die "it has waited for what is held"
both 2 webhooks discard "$crm"
says 'Discard 3 deliveries that wait' "$err"
answer n webhooks discard "$crm"
expect 1
does 0 webhooks discard "$crm" --yes --json
told 'all[0]' "{'id': '$crm', 'discarded': 3}"
both 1 webhooks discard "$none" --yes
does 0 webhooks on "$crm"
before=$(requests /ok)
does 0 deliveries redeliver "$good" --deliver --allow-private
[ "$(requests /ok)" = "$((before + 1))" ] || die "what was discarded has been sent"
[ "$(count --reason discarded)" = 3 ] || die "the log does not tell of what was discarded"
does 0 webhooks discard "$crm" --yes
says 'Nothing waits' "$err"

# What its webhook tries again stays for later.
newest "$failing"
bad=$delivery
does 0 webhooks update "$failing" --ordered no
does 1 deliveries redeliver "$bad" --deliver --allow-private
does 1 deliveries redeliver "$bad" "$good" --deliver --allow-private
says '^2 deliveries in .*: 1 delivered, 0 failed, 1 left in the store' "$out"
does 0 stats --json
told 'all[0]["waiting"], all[0]["tried_again"]' '(2, 2)'
does 0 deliveries list --outcome retrying --json
told 'len(all) - 1, all[0]["attempt"], all[0]["next_attempt_at"] is None' '(2, 1, False)'
does 0 webhooks discard "$failing" --yes
does 0 webhooks update "$failing" --attempts 1
does 1 deliveries redeliver "$bad" "$good" "$good" --deliver --allow-private --json
told 'all[-1]["summary"]["delivered"], all[-1]["summary"]["failed"], all[-1]["summary"]["reasons"]' "(2, 1, {'http_5xx': 1})"

# Many, by their ids: more than are under way at once.
many=()
for _ in {1..40}; do many+=("$good"); done
before=$(requests /ok)
does 0 deliveries redeliver "${many[@]}" --deliver --allow-private
[ "$(requests /ok)" = "$((before + 40))" ] || die "$(requests /ok) requests came, after $before"
says '^40 deliveries in .*: 40 delivered, 0 failed' "$out"
says '^50 %  20/40' "$err"
[ "$(grep -c '%' <<<"$err")" = 10 ] || die "progress is not in 10 lines: $err"

# All that match, as a job: planned, asked for, and without tests.
total=$(count --webhook "$crm" --outcome delivered --tests no)
before=$(requests /ok)
both 2 deliveries redeliver --all --again --webhook "$crm" --outcome delivered --deliver --allow-private
says "Redeliver $total deliveries\\?" "$err"
does 0 deliveries redeliver --all --again --webhook "$crm" --outcome delivered --dry-run
says "^$total deliveries of 1 webhook; [0-9]* left out: tests [0-9]*$" "$out"
does 0 deliveries redeliver --all --again --webhook "$crm" --outcome delivered --dry-run --json
told 'all[0]["state"], all[0]["left"], all[0]["id"]' "('planned', $total, None)"
answer n deliveries redeliver --all --again --webhook "$crm" --outcome delivered --deliver --allow-private
expect 1
says 'Nothing was done' "$out"
[ "$(requests /ok)" = "$before" ] || die "something was sent without asking"
answer y deliveries redeliver --all --again --webhook "$crm" --outcome delivered --deliver --allow-private
expect 0
says "$total deliveries in" "$out"
[ "$(requests /ok)" = "$((before + total))" ] || die "$(requests /ok) requests came, after $before"
does 0 deliveries redeliver --all --yes --webhook "$crm" --outcome delivered --until "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --dry-run
says 'arrived since, or under way [1-9]' "$out"
does 1 deliveries redeliver --all --again --yes --since 1h --deliver --allow-private --json
told 'all[-1]["state"], all[-1]["delivered"] >= 40, all[-1]["failed"] >= 1' "('done', True, True)"
both 0 deliveries redeliver --all --yes --text 'nothing has this'
says 'No delivery matches' "$err"
both 2 deliveries redeliver --all --yes --rate 0
both 2 deliveries redeliver "$good" --rate 5
both 2 deliveries redeliver "$good" --again

# A job that nobody runs waits in the store, where it is seen, stopped and resumed. Another one is refused meanwhile.
does 1 deliveries redeliver --all --again --yes --webhook "$crm" --outcome delivered --rate 100
says 'goes on when it can' "$err"
does 0 jobs list --json
told 'all[0]["state"], all[0]["pace"], all[0]["sent"], all[0]["webhook_id"]' "('running', 100, 0, '$crm')"
job=$(json "$tmp/out" 'all[0]["id"]')
does 0 jobs list
does 0 jobs get "$job"
says "$job running: 0 of" "$out"
does 1 deliveries redeliver --all --again --yes --webhook "$crm"
says 'runs already' "$err"
does 0 jobs stop "$job"
says "$job stopped" "$out"
both 0 jobs resume "$job"
does 0 jobs stop "$job"
both 1 jobs get "$none"
both 1 jobs stop x
both 1 jobs resume "$none"

# What a webhook has missed: tests are nothing of that kind.
does 0 deliveries missed "$crm" --yes
says 'missed nothing' "$err"
does 1 deliveries missed "$none" --yes
says "$none" "$err"

# Ctrl-C: what is under way is waited for, nothing more is sent.
touch "$tmp/release"
does 0 webhooks test "$slow" --allow-private
rm "$tmp/release"
does 0 webhooks on "$slow"
newest "$slow"
many=()
for _ in {1..60}; do many+=("$delivery"); done
before=$(requests /slow)
"$helmdesk" deliveries redeliver "${many[@]}" --deliver --allow-private --json >"$tmp/interrupted" 2>>"$tmp/told" &
pid=$!
has_begun() { [ "$(requests /slow)" -gt "$before" ]; }
until_true has_begun
kill -INT "$pid"
touch "$tmp/release"
ends 130 "$pid"
[ "$(json "$tmp/interrupted" 'all[-1]["summary"]["delivered"] < 60')" = True ] || die "it went on: $(tail -n 1 "$tmp/interrupted")"
[ "$(json "$tmp/interrupted" 'len(all) - 1')" = "$(($(requests /slow) - before))" ] || die "it did not wait: $(tail -n 1 "$tmp/interrupted")"

# ---- Exporting ----

code=0
"$helmdesk" deliveries export >"$tmp/exported" 2>"$tmp/err" || code=$?
empty "$(cat "$tmp/err")"
cat "$tmp/exported" >>"$tmp/told"
lines=$(wc -l <"$tmp/exported")
[ "$lines" -gt 200 ] || die "there are only $lines, less than a page"
does 0 stats --since 2000-01-01 --tests all --json
told 'sum(all[0][key] for key in ("delivered", "failed", "canceled", "tried_again"))' "$lines"
[ "$(json "$tmp/exported" 'len({(one["id"], one["attempt"], one["outcome"]) for one in all}), all[0]["request"]["body"][:9], "body" in all[0]["response"]')" = \
    "($lines, '{\"event\":', True)" ] || die "export has something else"
set +o pipefail
"$helmdesk" deliveries export 2>"$tmp/err" | head -n 1 >"$tmp/first"
[ "${PIPESTATUS[0]}" = 0 ] || die "export ends badly when its reader has left"
set -o pipefail
empty "$(cat "$tmp/err")"
cmp -s "$tmp/first" <(head -n 1 "$tmp/exported") || die "export begins otherwise"

# ---- Watching ----

# tails NAME ARGUMENT...: in the background; sets pid
tails() {
    : >"$tmp/$1"
    "$helmdesk" deliveries tail "${@:2}" >"$tmp/$1" 2>>"$tmp/told" &
    pid=$!
}

tails tail --json --limit 2
until_true has_lines "$tmp/tail" 2
for _ in {1..5}; do
    does 0 webhooks test "$crm" --allow-private
    does 0 deliveries redeliver "$good" "$good" --deliver --allow-private
done
until_true has_lines "$tmp/tail" 17
kill -INT "$pid"
ends 130 "$pid"
[ "$(json "$tmp/tail" '" ".join(one["id"] for one in reversed(all))')" = "$(ids --limit 17)" ] ||
    die "tail has '$(cat "$tmp/tail")', not $(ids --limit 17)"
tails tail
until_true has_lines "$tmp/tail" 10
kill -TERM "$pid"
ends 143 "$pid"
cat "$tmp/tail" >>"$tmp/told"
mkfifo "$tmp/fifo"
"$helmdesk" deliveries tail >"$tmp/fifo" 2>"$tmp/err" &
pid=$!
head -n 1 <"$tmp/fifo" >/dev/null
ends 0 "$pid" # although nothing more happens
empty "$(cat "$tmp/err")"

cp -r "$store" "$tmp/removed"
tails removed.tail --store "sqlite:$tmp/removed"
until_true has_lines "$tmp/removed.tail" 10
rm "$tmp/removed/helmdesk.db"
ends 5 "$pid"
says 'the database is not there any more' "$(cat "$tmp/told")"

# ---- Whose store it is ----

# no_access ARGUMENT...: as somebody who may not read it
no_access() {
    code=0
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$helmdesk" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
    else
        "$helmdesk" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
    fi
    out=$(cat "$tmp/out") err=$(cat "$tmp/err")
}

cp -r "$store" "$tmp/closed"
chmod 755 "$tmp"
for mode in 700 755; do # the directory, then the file in it
    chmod "$mode" "$tmp/closed"
    [ "$(id -u)" = 0 ] || chmod "$([ "$mode" = 700 ] && echo 000 || echo 755)" "$tmp/closed"
    [ "$(id -u)" = 0 ] || [ "$mode" = 700 ] || chmod 000 "$tmp/closed/helmdesk.db"
    for command in 'webhooks list' "webhooks hold $crm" 'deliveries list' 'deliveries tail' "deliveries redeliver $good" stats; do
        read -ra words <<<"$command"
        no_access "${words[@]}" --store "sqlite:$tmp/closed"
        expect 5
        says 'cannot read .*/helmdesk.db: Permission denied' "$err"
        lacks 'there is no store' "$err"
    done
done
chmod 700 "$tmp" "$tmp/closed"

# ---- Keys ----

sealed=$tmp/sealed
printf '%064d\n' 7 >"$tmp/key"
printf '%032d' 7 >"$tmp/other.key"
printf '%063d\n' 7 >"$tmp/bad.key"
shows 0 webhooks create "$receiver/ok" --project acme --allow-private --store "sqlite:$sealed" --store-key-file "$tmp/key" --json
id=$(json "$tmp/out" 'all[0]["id"]')
sealed_secret=$(json "$tmp/out" 'all[0]["secret"]')
! grep -qaF "$sealed_secret" "$sealed"/* || die "the secret is in the store as it stands"
echo "$sealed_secret" >>"$tmp/secrets"
both 0 webhooks list --store "sqlite:$sealed" --store-key-file "$tmp/key"
HELMDESK_STORE_KEY=$(cat "$tmp/key") both 0 webhooks hold "$id" --store "sqlite:$sealed"
both 5 webhooks list --store "sqlite:$sealed"
says 'no key was given' "$err"
says 'store-key-file' "$err"
both 5 webhooks hold "$id" --store "sqlite:$sealed" --store-key-file "$tmp/other.key"
both 2 webhooks list --store "sqlite:$sealed" --store-key-file "$tmp/bad.key"
says '64 hexadecimal digits' "$err"
HELMDESK_STORE_KEY=07 both 2 webhooks list --store "sqlite:$sealed"
both 2 webhooks list --store "sqlite:$sealed" --store-key-file "$tmp/no.key"

# ---- Removing ----

new /ok
both 2 webhooks delete "$id" --no-input
answer n webhooks delete "$id"
expect 1
says 'Delete webhook' "$out"
does 0 webhooks test "$id" --allow-private
newest "$id"
does 0 deliveries redeliver "$delivery" --deliver --allow-private
does 0 webhooks delete "$id" --yes --json
told 'all[0]["deleted"]' "$id"
both 1 webhooks delete "$id" --yes
does 0 deliveries get "$delivery"
both 1 deliveries redeliver "$delivery"
says 'not there any more' "$err"
does 0 deliveries redeliver --all --yes --webhook "$id"
says 'left out: .*webhook not there any more [1-9]' "$err"

# ---- What has to be so after all of that ----

[ "$(ids --until 2002-01-01)" = "$old" ] || die "what is old has been deleted"
does 0 stats --json
told 'all[0]["waiting"]' 0
[ "$(requests /fail)" = "$(count --webhook "$failing" --status 500)" ] || die "requests that are not in the log"
sort -u "$tmp/secrets" | grep . >"$tmp/patterns"
[ "$(wc -l <"$tmp/patterns")" -ge 9 ] || die "there are too few secrets: $(cat "$tmp/patterns")"
! grep -qF -f "$tmp/patterns" "$tmp/told" || die "a secret was shown: $(grep -F -f "$tmp/patterns" "$tmp/told" | head -n 3)"
