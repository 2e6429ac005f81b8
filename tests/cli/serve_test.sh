#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# serve: a worker, the page, metrics and events in one process, from the outside as curl, Prometheus, browsers and systemd
# see it.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"
# shellcheck source=tests/cli/storing.sh
. "$(dirname "$0")/storing.sh"
run serve --store nonsense
if [ "$code" = 69 ]; then
    echo "helmdesk was built without libmicrohttpd"
    exit 77
fi
expect 2

# serving ARGUMENT...: starts it on a free port; sets server, base and token
serving() {
    : >"$tmp/served"
    "$helmdesk" serve --port 0 --json "$@" >"$tmp/served" 2>"$tmp/served.err" </dev/null &
    server=$!
    until_true grep -q serving "$tmp/served"
    base=$(json "$tmp/served" 'all[0]["serving"].rstrip("/")')
    token=$(cat "$store/token")
}

# asks STATUS ARGUMENT...: curl must get this status; out is the body
asks() {
    local wanted=$1 status
    shift
    status=$(curl -sS -m 60 -o "$tmp/body" -w '%{http_code}' "$@" || true)
    out=$(tr -d '\0' <"$tmp/body")
    [ "$status" = "$wanted" ] || die "curl ${*: -1}: $status, not $wanted: $out"
}
bearer() { asks "$1" -H "Authorization: Bearer $token" "${@:2}"; }
basic() { asks "$1" -u "ann:$token" "${@:2}"; }

# ---- Signing in ----

serving --project acme --allow-private --pause-after 3 --keep 7d
lacks "$token" "$(cat "$tmp/served" "$tmp/served.err")"
[ "$(stat -c %a "$store/token" 2>/dev/null || stat -f %Lp "$store/token")" = 600 ] || die "others can read the token"
for path in / /metrics /events /api/v1/me /anything; do
    asks 401 "$base$path"
    asks 401 -u "ann:${token}x" "$base$path"
    asks 401 -u "$token:" "$base$path"
    asks 401 -H 'Authorization: Bearer' "$base$path"
    asks 401 -H "Authorization: Digest $token" "$base$path"
done
curl -sS -i "$base/" | grep -qi '^WWW-Authenticate: Basic realm="helmdesk"' || die "browsers are not told to ask"
basic 200 "$base/"
says '<html' "$out"
bearer 200 "$base/api/v1/me"
says '"acme"' "$out"
basic 421 -H 'Host: evil.example' "$base/api/v1/me" # DNS rebinding
basic 403 -H 'Sec-Fetch-Site: cross-site' -H 'Content-Type: application/json' -d '{}' "$base/api/v1/projects/acme/webhooks"

# ---- A webhook by the page's API, an event by HTTP, a delivery, metrics ----

basic 201 -H 'Content-Type: application/json' -d "{\"url\":\"$receiver/ok\",\"name\":\"CRM\"}" "$base/api/v1/projects/acme/webhooks"
basic 200 "$base/api/v1/projects/acme/changes"
says '"ann"' "$out" # who did it
"$helmdesk" payload ticket.created --set data.ticket.number=7 >"$tmp/event"
bearer 202 --data-binary "@$tmp/event" "$base/events?project=acme"
says '"event_id":"[0-9a-f-]{36}"' "$out"
has_requests() { [ "$(requests /ok)" = "$1" ]; }
until_true has_requests 1
is_delivered() { [ "$(count --webhook CRM --outcome delivered)" = "$1" ]; }
until_true is_delivered 1
does 0 deliveries list --webhook CRM
says '#7 ' "$out"
bearer 200 "$base/metrics"
says '^helmdesk_.*project="acme"' "$out"
says '^# EOF' "$out"
basic 200 "$base/metrics?x"

# Twice with one key is one event.
for _ in 1 2; do bearer 202 -H 'Idempotency-Key: k-1' --data-binary "@$tmp/event" "$base/events?project=acme"; done
until_true is_delivered 2
bearer 202 --data-binary "@$tmp/event" "$base/events?project=other%2fone&x=1" # nobody subscribes there
until_true has_requests 2

# What is wrong is said.
bearer 400 --data-binary "@$tmp/event" "$base/events"
says 'HD_E_PROJECT.*events\?project=' "$out"
bearer 400 --data-binary "@$tmp/event" "$base/events?project=a%20b"
bearer 400 --data-binary 'x' "$base/events?project=acme"
says 'HD_E_JSON' "$out"
bearer 400 --data-binary '{"event":"ticket.created"}' "$base/events?project=acme"
bearer 405 "$base/events?project=acme"
bearer 405 -X POST "$base/metrics"
basic 401 --data-binary "@$tmp/event" "$base/events?project=acme" # a browser sends a password by itself
says 'Bearer' "$out"
head -c 3000000 /dev/zero >"$tmp/large"
bearer 413 -H 'Expect:' --data-binary "@$tmp/large" "$base/events?project=acme"

# ---- Beside it ----

# The tool changes the store while it is served, and hears of what the server does.
does 0 webhooks update CRM --events ticket.resolved
bearer 202 --data-binary "@$tmp/event" "$base/events?project=acme"
"$helmdesk" payload ticket.resolved >"$tmp/resolved"
is_by_the_change() {
    bearer 202 --data-binary "@$tmp/resolved" "$base/events?project=acme"
    says '"event_id"' "$out"
    [ "$(count --webhook CRM --event ticket.resolved)" -ge 1 ]
}
until_true is_by_the_change

# A stream of the page ends when the server does, as everything else.
curl -sSN -u "ann:$token" -m 60 "$base/api/v1/projects/acme/stream" >"$tmp/stream" 2>&1 &
streaming=$!
until_true test -s "$tmp/stream"
does 0 webhooks test CRM --allow-private
until_true grep -q '^data' "$tmp/stream"
kill -TERM "$server"
ends 0 "$server"
wait "$streaming" || true
says 'Stopping' "$(cat "$tmp/served.err")"

# The same token after a restart; another one from a file, and from the environment.
before=$token
serving
[ "$token" = "$before" ] || die "the token has changed"
bearer 200 "$base/api/v1/me"
kill -INT "$server"
ends 0 "$server"
serving --token-file "$tmp/own/token"
token=$(cat "$tmp/own/token")
[ "$token" != "$before" ] || die "the file was not used"
bearer 200 "$base/metrics"
kill "$server"
ends 0 "$server"
HELMDESK_TOKEN=a-token-of-sixteen serving
token=a-token-of-sixteen
bearer 200 "$base/metrics"
kill "$server"
ends 0 "$server"
echo short >"$tmp/short"
both 2 serve --port 0 --token-file "$tmp/short"
says 'whoever guesses it' "$err"

# ---- The end ----

# It is bounded: a receiver that does not answer holds it up no longer than it is told to wait.
new /slow --name Silent
serving --allow-private --shutdown-timeout 300ms --project acme
does 0 webhooks off CRM
bearer 202 --data-binary "@$tmp/event" "$base/events?project=acme"
is_under_way() { [ "$(requests /slow)" = 1 ]; }
until_true is_under_way
began=$SECONDS
kill -TERM "$server"
ends 0 "$server"
[ $((SECONDS - began)) -lt 30 ] || die "it took $((SECONDS - began)) s to end"

# systemd hears when it is ready, and when it ends; an abstract socket too.
cat >"$tmp/notified.py" <<'END'
import socket, sys
name, out = sys.argv[1:]
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind("\0" + name[1:] if name.startswith("@") else name)
server.settimeout(60)
print("bound", file=open(out, "w"), flush=True)
for _ in range(2):
    text = server.recv(4096).decode().replace("\n", " ")
    print(text, file=open(out, "a"), flush=True)
END
for socket in "$tmp/notify" "@helmdesk-test-$$"; do
    : >"$tmp/notified"
    python3 "$tmp/notified.py" "$socket" "$tmp/notified" &
    listener=$!
    until_true grep -q bound "$tmp/notified"
    NOTIFY_SOCKET=$socket serving
    until_true grep -q '^READY=1 STATUS=Serving on http' "$tmp/notified"
    kill "$server"
    ends 0 "$server"
    wait "$listener" || die "systemd was not told of the end"
    grep -q '^STOPPING=1' "$tmp/notified" || die "$(cat "$tmp/notified")"
done

# ---- What cannot be ----

both 2 serve --port 0 --host nowhere
both 2 serve --port 0 --pause-for 5m
both 2 serve --port 0 --shutdown-timeout 2h
both 2 serve --port 0 --public-host 'a b'
both 5 serve --port 0 --store "sqlite:$tmp/no/such/place"
serving
both 2 serve --port "${base##*:}"
says 'Something listens there already' "$err"
kill "$server"
ends 0 "$server"
empty "$(grep -F "$before" "$tmp/told" || true)"
