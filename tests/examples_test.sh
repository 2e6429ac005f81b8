#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The examples do what they say: receive takes what send sends, with the present secret and the one before, receive_raw
# reads a request from a buffer, and epoll ends in its own loop.
set -euo pipefail
# shellcheck source=tests/frame.sh
. "$(dirname "$0")/frame.sh"

HELMDESK_SECRET=new HELMDESK_SECRET_OLD=old "$BUILD/examples/receive" 0 >"$tmp/received" &
receiver=$!
until_true has_line '^listening on ' "$tmp/received"
port=$(sed -n 's|^listening on http://127.0.0.1:||p' "$tmp/received")

for secret in new old; do
    HELMDESK_SECRET=$secret "$BUILD/examples/send" --local "http://127.0.0.1:$port/" | grep '^delivered: '
done
if HELMDESK_SECRET=wrong "$BUILD/examples/send" --local "http://127.0.0.1:$port/" >"$tmp/wrong"; then
    die "receive takes a wrong signature"
fi
grep '^failed: The receiver refused' "$tmp/wrong"

# asks BODY VALUE: what receive answers to a request with this value of its signature header is in $tmp/answer
asks() {
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Helmdesk-Signature:%s\r\nContent-Length: %d\r\n\r\n%s' "$2" "${#1}" "$1" >&3
    cat <&3 >"$tmp/answer"
    exec 3>&-
}

# The blanks around a header's value are not part of it (RFC 9110 section 5.5). What came before is answered with 200 too:
# the sender has done its part.
number=70
for end in '' ' ' $'\t' '   '; do
    number=$((number + 1))
    body='{"event":"ticket.created","timestamp":"'$(date -u +%Y-%m-%dT%H:%M:%S.000Z)'","data":{"ticket":{"id":"uuid","number":'$number',"subject":"x","status":"open","priority":"high"},"customer":{"email":"u@e.c","name":"J"}}}'
    signature=$(printf %s "$body" | openssl dgst -sha256 -hmac new | sed 's/.* //')
    for _ in first again; do
        asks "$body" "$end$signature$end"
        grep -q '^HTTP/1.1 200 ' "$tmp/answer" || die "receive does not take a signature between blanks: $(cat "$tmp/answer")"
    done
done
asks "$body" ''
grep -q '^HTTP/1.1 401 ' "$tmp/answer" || die "receive takes no signature: $(cat "$tmp/answer")"
signature=$(printf %s '{}' | openssl dgst -sha256 -hmac new | sed 's/.* //')
asks '{}' "$signature"
grep -q '^HTTP/1.1 400 ' "$tmp/answer" || die "receive takes a body that is no event: $(cat "$tmp/answer")"
kill -INT "$receiver"
wait "$receiver"
[ "$(grep -c '^new ticket #42: ' "$tmp/received")" = 2 ] || die "$(cat "$tmp/received")"
[ "$(grep -c '^new ticket #7[1-4]: ' "$tmp/received")" = 4 ] || die "$(cat "$tmp/received")"

body='{"event":"ticket.created","timestamp":"2025-01-15T10:30:00.000Z","data":{"ticket":{"id":"uuid","number":42,"subject":"x","status":"open","priority":"high"},"customer":{"email":"u@e.c","name":"J"}}}'
signature=f7cbfd88ea8f9b4148fbabf668c1b430242f89e7c1ba0ec339360611de1aeda4
request="POST /hook HTTP/1.1\r\nHost: example.com\r\nX-HELMDESK-SIGNATURE: \t$signature \r\nContent-Length: ${#body}\r\n\r\n"
export HELMDESK_SECRET=whsec_demo_only
printf '%b%s' "$request" "$body" | "$BUILD/examples/receive_raw" | grep '^ticket.created of ticket #42'
if printf '%b%s' "$request" "${body}x" | "$BUILD/examples/receive_raw" >"$tmp/refused"; then
    die "receive_raw takes another body"
fi
grep '^HD_E_SIGNATURE_MISMATCH: ' "$tmp/refused"

# One thread of epoll, three webhooks, the third of which stops answering: each delivery of what was accepted is reported
# once, the loop goes on while it ends, and the end is clean.
export HELMDESK_SECRET=epoll
receivers=()
urls=()
for i in 1 2 3; do
    "$BUILD/examples/receive" 0 >"$tmp/receiver$i" &
    receivers+=($!)
    until_true has_line '^listening on ' "$tmp/receiver$i"
    urls+=("$(sed -n 's|^listening on \(.*\)|\1/|p' "$tmp/receiver$i")")
done
# has_lines COUNT PATTERN FILE
has_lines() {
    [ "$(grep -c -- "$2" "$3")" -ge "$1" ]
}
"$BUILD/examples/epoll" --local "${urls[@]}" >"$tmp/epoll" &
server=$!
for i in 1 2 3; do until_true has_lines 2 '^new ticket ' "$tmp/receiver$i"; done
kill -STOP "${receivers[2]}"
until_true has_lines 6 '^new ticket ' "$tmp/receiver1"
kill -TERM "$server"
wait "$server" || die "epoll ends with $?: $(cat "$tmp/epoll")"
kill -CONT "${receivers[2]}"
kill -INT "${receivers[@]}"
wait "${receivers[@]}"
tickets=$(grep -c '^ticket: success' "$tmp/epoll")
reports=$(grep -cE '^(delivered|failed|canceled): ' "$tmp/epoll")
delivered=$(grep -c '^delivered: ' "$tmp/epoll")
[ "$reports" = $((3 * tickets)) ] || die "$tickets tickets, $reports reports: $(cat "$tmp/epoll")"
[ "$delivered" -ge $((2 * tickets)) ] || die "only $delivered of $tickets tickets: $(cat "$tmp/epoll")"
[ "$delivered" -lt "$reports" ] || die "what was not answered was delivered: $(cat "$tmp/epoll")"
has_lines 1 '^ticket: the client is closed' "$tmp/epoll" || die "the loop did not go on: $(cat "$tmp/epoll")"
