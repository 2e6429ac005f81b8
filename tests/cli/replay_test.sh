#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `helmdesk replay`: the requests that `listen --save` keeps, sent again.
set -euo pipefail
# shellcheck source=tests/cli/listening.sh
. "$(dirname "$0")/listening.sh"

saved=$tmp/saved

# request FILE RECEIVED_AT: a signed request, with the line ends of this machine.
request() {
    "$helmdesk" payload ticket.created >"$tmp/body"
    {
        printf 'POST /hooks HTTP/1.1\nHost: elsewhere\nContent-Type: application/json\n'
        [ -z "${2:-}" ] || printf 'X-Helmdesk-Received-At: %s\n' "$2"
        "$helmdesk" sign --header "$tmp/body" --secret-file "$secret"
        printf '\n'
        cat "$tmp/body"
    } >"$1"
}

# without_time FILE: a request as it was, but for what the connection and the saving add. Order does not matter.
without_time() {
    tr -d '\r' <"$1" | grep -vE '^(X-Helmdesk-Received-At|Host|Accept):' | sed 's,^POST [^ ]* ,POST ,' | sort
}

save_three() {
    receiver --save "$saved" --count 3
    sends 0 ticket.created --standard --secret-file "$secret" -H 'X-Tenant: acme' -H 'X-Custom: a;b, c'
    sends 0 ticket.resolved
    sends 0 message.received --set data.message.body=$'two\nlines "\\ é'
    ends 0 "three to replay"
}

test_as_it_was() {
    local file
    receiver --save "$tmp/again" --count 3 --json
    gives 0 "$helmdesk" replay "$saved" --to "${url}again" --allow-private
    ends 0 "three again"
    same 3 "$(grep -cE "^POST ${url}again → 200 in [0-9]+ ms \(dns [0-9]+, connect [0-9]+, tls [0-9]+, wait [0-9]+\)$" "$tmp/out")" "lines"
    same "ticket.created ticket.resolved message.received " \
        "$(sed -n 's/.*"event":"\([a-z.]*\)","delivery_id".*/\1/p' "$out" | tr '\n' ' ')" "the order"
    for file in 000001 000002 000003; do
        same "$(without_time "$saved/$file.http")" "$(without_time "$tmp/again/$file.http")" "$file"
        same 1 "$(grep -c X-Helmdesk-Received-At "$tmp/again/$file.http")" "the time is not sent"
    done
}

test_json() {
    receiver --count 1
    gives 0 "$helmdesk" replay "$saved/000002.http" --to "$url" --allow-private --json
    ends 0 "--json"
    local part
    for part in "\"file\":\"$saved/000002.http\"" "\"url_masked\":\"$url\"" '"reason":"delivered"' '"status":200' \
        '"total_ms":' '"body":"OK\n"'; do
        holds "$part" "$tmp/out" "--json"
    done
}

test_codes() {
    receiver --respond 200,500,404,hang --json
    gives 1 "$helmdesk" replay "$saved/000001.http" "$saved/000002.http" --to "$url" --allow-private
    gives 1 "$helmdesk" replay "$saved/000001.http" --to "$url" --allow-private
    holds "404" "$tmp/out" "404"
    holds "The answer: As told by --respond" "$tmp/err" "404"
    gives 3 "$helmdesk" replay "$saved/000001.http" --to "$url" --allow-private --timeout 100ms
    holds timeout_total "$tmp/out" "a hanging receiver"
    gives 4 "$helmdesk" replay "$saved" --to "$url"
    holds --allow-private "$tmp/err" "our own rules"
    until_true has_told 4
    kill -INT "$pid"
    ends 130 "codes"
    same 5 "$(lines "$out")" "what was sent"
    gives 3 "$helmdesk" replay "$saved/000001.http" --to "$url" --allow-private
    holds "helmdesk listen --port $port" "$tmp/err" "nobody there"
    gives 1 "$helmdesk" replay "$saved" --to "$url" --allow-private
}

test_usage() {
    mkdir "$tmp/empty"
    gives 2 "$helmdesk" replay "$saved"
    holds "--to" "$tmp/err" "no target"
    gives 2 "$helmdesk" replay "$tmp/empty" --to http://127.0.0.1:9/ --allow-private
    gives 2 "$helmdesk" replay "$tmp/nothing" --to http://127.0.0.1:9/ --allow-private
    gives 2 "$helmdesk" replay "$saved" --to nonsense --allow-private
    gives 2 "$helmdesk" replay "$saved" --to http://127.0.0.1:9/ --allow-private --speed 0
    gives 2 "$helmdesk" replay "$saved" --to http://127.0.0.1:9/ --allow-private --secret-file "$secret"
}

test_resign() {
    printf 'a new secret' >"$tmp/new"
    receiver --secret-file "$tmp/new" --count 3 --json
    gives 0 "$helmdesk" replay "$saved" --to "$url" --allow-private --resign --secret-file "$tmp/new"
    ends 0 "--resign"
    same 3 "$(grep -c '"signature":"valid"' "$out")" "--resign"
    lacks '["webhook-' "$out" "the headers of Standard Webhooks"
    holds '["X-Tenant","acme"]' "$out" "other headers"
    receiver --secret-file "$tmp/new" --count 1
    gives 1 "$helmdesk" replay "$saved/000002.http" --to "$url" --allow-private
    ends 1 "without --resign"
    receiver --count 1
    request "$tmp/plain.http"
    sed -i.bak 's/^X-Helmdesk-Signature: .*/X-Helmdesk-Signature: 00/' "$tmp/plain.http"
    gives 0 "$helmdesk" replay "$tmp/plain.http" --to "$url" --allow-private --resign --no-input
    ends 0 "--resign with the development secret"
}

test_pace() {
    local began took
    mkdir "$tmp/pace"
    request "$tmp/pace/1.http" 2026-03-01T23:59:59.900Z
    request "$tmp/pace/2.http" 2026-03-02T00:00:01.100Z
    receiver --count 4
    began=$(date +%s%N)
    gives 0 "$helmdesk" replay "$tmp/pace" --to "$url" --allow-private --speed 2
    took=$((($(date +%s%N) - began) / 1000000))
    [ "$took" -ge 600 ] || fail "--speed 2: a pause of 1200 ms took $took ms"
    request "$tmp/pace/2.http" 2026-03-02T01:00:00.000Z
    gives 0 "$helmdesk" replay "$tmp/pace" --to "$url" --allow-private
    ends 0 "no pauses without --speed"
}

test_signal() {
    local code=0 sender
    receiver --json
    "$helmdesk" replay "$tmp/pace" --to "$url" --allow-private --speed 1 >"$tmp/replayed" 2>&1 &
    sender=$!
    until_true has_told 1
    until_true grep -q POST "$tmp/replayed"
    kill -INT "$sender"
    until_true has_ended "$sender"
    wait "$sender" || code=$?
    same 130 "$code" "SIGINT in a pause"
    kill -INT "$pid"
    ends 130 "SIGINT"
    same 2 "$(lines "$out")" "what was sent before SIGINT"
}

# refused WORDS BYTES: a file that is no request; nothing is sent because of it.
refused() {
    printf '%b' "$2" >"$tmp/mixed/2.http"
    gives 2 "$helmdesk" replay "$tmp/mixed" --to "$url" --allow-private
    holds "$1" "$tmp/err" "$(printf %q "$2")"
}

test_files() {
    mkdir "$tmp/mixed"
    request "$tmp/mixed/1.http"
    receiver --json
    refused "line 1" ''
    refused "line 1" 'nothing'
    refused "line 1" 'nothing\n\n'
    refused "line 1" '\0\0\0\0\n'
    refused "line 1" 'POST /\n\n'
    refused "line 2" 'POST / HTTP/1.1\n'
    refused "line 2" 'POST / HTTP/1.1\nno header\n\n'
    refused "line 3" 'POST / HTTP/1.1\nA: b\n folded\n\n'
    refused "line 2" 'POST / HTTP/1.1\nA: b\rc\n\n'
    refused "line 3" 'POST / HTTP/1.1\r\nA: b\r\n'
    refused "Content-Length is 3" 'POST / HTTP/1.1\nContent-Length: 3\n\nab'
    refused "Content-Length is -1" 'POST / HTTP/1.1\nContent-Length: -1\n\nab'
    kill -INT "$pid"
    ends 130 "files"
    same 1 "$(lines "$out")" "nothing is sent because of them"
    receiver --json --count 2
    printf 'GET / HTTP/1.1\nHost: a\n\n' >"$tmp/mixed/2.http"
    gives 0 "$helmdesk" replay "$tmp/mixed" --to "$url" --allow-private
    holds "2.http is left out" "$tmp/err" "a GET"
    printf 'POST / HTTP/1.1\nX-Empty:\nContent-Length: 2\n\nab\n' >"$tmp/mixed/2.http"
    gives 1 "$helmdesk" replay "$tmp/mixed/2.http" --to "$url" --allow-private
    ends 1 "a short body, and a header without a value"
    holds '"body":"ab"' "$out" "a short body"
    holds '["X-Empty",""]' "$out" "a header without a value"
}

test_many_headers() {
    local i
    receiver --count 1
    request "$tmp/many.http"
    for i in $(seq 1 40); do
        sed -i.bak "2i X-Header-$i: $i" "$tmp/many.http"
    done
    gives 0 "$helmdesk" replay "$tmp/many.http" --to "$url" --allow-private
    ends 0 "the signature is not among the headers that are left out"
    holds "without its last" "$tmp/err" "too many headers"
}

test_masked() {
    receiver --count 1
    gives 0 "$helmdesk" replay "$saved/000002.http" --to "http://receiver.test:$port/very/secret/path" --allow-private \
        --resolve "receiver.test:$port:127.0.0.1"
    ends 0 "a URL that may be a secret"
    lacks secret "$tmp/out" "a URL that may be a secret"
}

save_three
test_as_it_was
test_json
test_codes
test_usage
test_resign
test_pace
test_signal
test_files
test_many_headers
test_masked
finish
