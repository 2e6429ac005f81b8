#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# send: to a receiver, to what is none, many at once, with a bar and without, and the curl command that does the same.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"

listen all
url=http://127.0.0.1:$port/
secret=$("$helmdesk" listen --print-secret)
send() { run send "$url" "$@" --allow-private; }

# One: signed with the development secret, since it goes to this machine.
send ticket.created
expect 0
says "^POST $url → 200 in [0-9]+ ms \(dns [0-9]+, connect [0-9]+, tls [0-9]+, wait [0-9]+\)$" "$out"
[ -z "$err" ] || die "a delivery that arrived says '$err'"
send message.received --set 'ticket.subject=Ümlaut' --standard -H 'X-Tenant: acme' --json
expect 0
[ "$(json "$tmp/out" 'all[0]["outcome"], all[0]["status"], all[0]["reason"], len(all)')" = "('delivered', 200, 'delivered', 1)" ] ||
    die "send --json: $out"
until_true has_received all 2
[ "$(json "$tmp/all" 'all[2]["subject"], all[2]["signature"], dict((k.lower(), v) for k, v in all[2]["headers"])["x-tenant"], "webhook-signature" in dict((k.lower(), v) for k, v in all[2]["headers"])')" = \
    "('Ümlaut', 'valid', 'acme', True)" ] || die "what arrived: $(sed -n 3p "$tmp/all")"
# What the tool says it has sent is what arrived, but for the values of added headers.
[ "$(json "$tmp/out" 'all[0]["request"]["line"], dict(all[0]["request"]["headers"])["X-Tenant"]')" = "('POST / HTTP/1.1', None)" ] || die "what was sent: $out"
sent=$(json "$tmp/out" 'sorted([name, value or "acme"] for name, value in all[0]["request"]["headers"])')
[ "$(json "$tmp/all" 'sorted(all[2]["headers"])')" = "$sent" ] || die "sent: $sent, arrived: $(sed -n 3p "$tmp/all")"
printf wrong >"$tmp/wrong"
send ticket.created --secret-file "$tmp/wrong"
expect 1
says '→ 401 in' "$out"
says 'secret' "$err"

# Whoever sends before the first listen makes the development secret, which listen then takes.
XDG_STATE_HOME=$tmp/fresh run send http://127.0.0.1:1/ ticket.created --allow-private
expect 3
[ "$(cat "$tmp/fresh/helmdesk/dev-secret")" = "$(XDG_STATE_HOME=$tmp/fresh "$helmdesk" listen --print-secret)" ] || die "two secrets"

# What goes elsewhere needs a secret.
run send https://example.com/hooks ticket.created --no-input
expect 2
says 'no secret' "$err"

# Refused by our own rules, before anything is sent; and by the address that a name leads to.
run send "$url" ticket.created
expect 4
says 'only https' "$err"
says '--allow-private' "$err"
export HELMDESK_SECRET=$secret
run send https://192.168.1.1/ ticket.created
expect 4
run send https://shop.example/ ticket.created --resolve shop.example:443:10.0.0.1
expect 4
says '→ blocked' "$out"
run send "http://shop.example:$port/" ticket.created --resolve "shop.example:$port:127.0.0.1" --allow-private
expect 0
run send http://169.254.169.254/ ticket.created --allow-private
expect 4

# Not reached.
run send http://127.0.0.1:1/hooks ticket.created --allow-private
expect 3
says '→ refused' "$out"
says 'helmdesk listen --port 1$' "$err"
run send https://nowhere.invalid/ ticket.created
expect 3
says '→ dns' "$out"
# A server that does not speak TLS: its words, or that it closes before it has read all, whichever comes first.
run send "https://127.0.0.1:$port/" ticket.created --allow-private
expect 3
says '→ (tls_protocol|reset)' "$out"
listen hanging --respond hang
run send "http://127.0.0.1:$port/" ticket.created --allow-private --timeout 300ms
expect 3
says '→ timeout_total in [3-9][0-9][0-9] ms' "$out"
listen resetting --respond reset
run send "http://127.0.0.1:$port/" ticket.created --allow-private
expect 3
says '→ reset' "$out"

# What makes no sense.
for bad in 'ftp://x/ ticket.created' 'http://a:b@x/ ticket.created' "$url" "$url ticket.opened" "$url ticket.created --count 0" \
    "$url ticket.created --rate fast" "$url ticket.created --concurrency 65" "$url ticket.created --timeout 6s" \
    "$url ticket.created -H nonsense" "$url ticket.created -H Host:x" "$url ticket.created --resolve a:b" \
    "$url ticket.created --batch $tmp/wrong" "$url --batch $tmp/wrong"; do
    # shellcheck disable=SC2086  # a list of words
    run send $bad --allow-private
    expect 2
    [ -n "$err" ] || die "send $bad says nothing"
done

# The same by curl arrives the same; what may be a secret is masked.
"$helmdesk" send "$url" ticket.created --allow-private --curl -H "X-Note: it's" --reveal >"$tmp/curl.sh" 2>/dev/null
before=$(received all)
sh "$tmp/curl.sh" >/dev/null 2>&1
until_true has_received all $((before + 1))
[ "$(json "$tmp/all" 'all[-1]["signature"], dict(all[-1]["headers"])["X-Note"]')" = "('valid', \"it's\")" ] || die "curl: $(tail -n 1 "$tmp/all")"
before=$(received all)
own=${url#http://127.0.0.1:}
own=${own%/}
"$helmdesk" send "http://shop.example:$own/[1-3]{a,b}" ticket.created --allow-private --curl --reveal --timeout 1500ms \
    --resolve "shop.example:$own:127.0.0.1" --ca-file "$tmp/secret" --secret-file "$tmp/wrong" >"$tmp/curl.sh" 2>/dev/null
sh "$tmp/curl.sh" >/dev/null 2>&1 || die "curl says no to $(cat "$tmp/curl.sh")"
until_true has_received all $((before + 1))
says '--max-time 1\.5 ' "$(cat "$tmp/curl.sh")"
says "--cacert '$tmp/secret'" "$(cat "$tmp/curl.sh")"
run send https://hooks.slack.com/services/T0/B0/abcdefghijkl ticket.created --slack --curl -H 'X-Key: hidden-value'
expect 0
! grep -qE 'abcdefgh|hidden-value' "$tmp/out" || die "--curl shows secrets: $out"
says 'masked' "$err"
before=$(received all)
send ticket.created --dry-run
expect 0
says '^X-Helmdesk-Signature: [0-9a-f]{64}$' "$out"
send ticket.created --dry-run --json
[ "$(json "$tmp/out" 'all[0]["method"], json.loads(all[0]["body"])["event"]')" = "('POST', 'ticket.created')" ] || die "--dry-run --json: $out"
[ "$(received all)" = "$before" ] || die "--dry-run sends"

# Many: a line each 10 % in a pipe, a bar at a terminal, nothing with --json; each ticket its own number.
before=$(received all)
send ticket.created --count 100 --concurrency 8
expect 0
says '^100 deliveries in .*: 100 delivered, 0 failed$' "$out"
says '^p50 [0-9]+ ms, p95' "$out"
says '^10 %  10/100  0 failed  [0-9.]+/s$' "$err"
[ "$(grep -cE '^[0-9]+0 %  [0-9]+/100  0 failed' "$tmp/err")" = 10 ] || die "not a line each 10 %: $err"
until_true has_received all $((before + 100))
[ "$(json "$tmp/all" "len({o['ticket_number'] for o in all[-100:]})")" = 100 ] || die "tickets without numbers of their own"
[ "$(json "$tmp/all" "len({o['delivery_id'] for o in all[-100:]})")" = 100 ] || die "deliveries without ids of their own"
send ticket.created --count 20 --json
expect 0
[ -z "$err" ] || die "--json: $err"
[ "$(json "$tmp/out" 'len(all), all[-1]["summary"]["delivered"]')" = "(21, 20)" ] || die "--json --count: $out"
script -qec "$helmdesk send $url ticket.created --count 300 --rate 600/s --allow-private" "$tmp/typescript" >/dev/null
grep -q '█.*/300  .* %  0 failed  .*/s  eta 0:00:0' "$tmp/typescript" || die "no bar: $(tail -c 500 "$tmp/typescript")"
grep -q '300 deliveries' "$tmp/typescript" || die "no summary"

# Some fail: each reason is counted.
listen some --respond 200,500,429,200
run send "http://127.0.0.1:$port/" ticket.created --allow-private --count 20 --concurrency 1
expect 1
says '10 delivered, 10 failed' "$out"
says '5 http_5xx: ' "$out"
says '5 http_429: ' "$out"

# A file of events; a bad line of it, and nothing is sent.
for number in 1 2 3; do "$helmdesk" payload ticket.resolved --set "ticket.number=$number" && echo; done >"$tmp/batch"
before=$(received all)
send --batch "$tmp/batch"
expect 0
until_true has_received all $((before + 3))
[ "$(json "$tmp/all" "sorted((o['event'], o['ticket_number']) for o in all[-3:])")" = "[('ticket.resolved', 1), ('ticket.resolved', 2), ('ticket.resolved', 3)]" ] ||
    die "--batch: $(tail -n 3 "$tmp/all")"
echo '{"event":' >>"$tmp/batch"
before=$(received all)
send --batch "$tmp/batch"
expect 2
says 'line 4 of ' "$err"
[ "$(received all)" = "$before" ] || die "half a batch was sent"

# Ctrl-C: no more are begun, those under way end; a second one gives them up.
listen slow --respond delay=2s
"$helmdesk" send "http://127.0.0.1:$port/" ticket.created --count 1000 --concurrency 1 --allow-private >"$tmp/out" 2>"$tmp/err" &
sender=$!
until_true has_received slow 1
kill -INT "$sender"
code=0
wait "$sender" || code=$?
expect 130
says '^[12] deliveries in .*: [12] delivered, 0 failed' "$(cat "$tmp/out")"
listen stuck --respond hang
"$helmdesk" send "http://127.0.0.1:$port/" ticket.created --count 10 --concurrency 1 --allow-private >"$tmp/out" 2>"$tmp/err" &
sender=$!
until_true has_received stuck 1
kill -TERM "$sender"
until_true grep -q 'Waiting for what is under way' "$tmp/err"
kill -INT "$sender"
code=0
wait "$sender" || code=$?
expect 143
says 'given up' "$(cat "$tmp/out")"

# A reader that leaves is no error, and what cannot be written is one.
"$helmdesk" send "$url" ticket.created --count 50 --json --allow-private | head -n 1 >"$tmp/first"
[ "$(json "$tmp/first" 'all[0]["outcome"]')" = delivered ] || die "head: $(cat "$tmp/first")"
if [ -w /dev/full ]; then
    code=0
    "$helmdesk" payload ticket.created >/dev/full 2>"$tmp/err" || code=$?
    [ "$code" = 70 ] || die "a full disk ends with $code"
fi

# With -v each delivery has a line of its own, also where there is a bar.
script -qec "$helmdesk send $url ticket.created --allow-private -v --count 20 --rate 40" /dev/null </dev/null >"$tmp/terminal" 2>&1 || true
python3 - "$tmp/terminal" <<'END' || die "lines are written over the bar: $(cat -v "$tmp/terminal")"
import re, sys
lines = open(sys.argv[1], encoding="utf-8", newline="").read().split("\n")
posts = [line for line in lines if "POST" in line]
over = [line for line in posts if "eta" in re.sub(r".*\r\x1b\[K", "", line)]
sys.exit(len(posts) != 20 or len(over) > 0)
END
