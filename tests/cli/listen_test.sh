#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `helmdesk listen`: what it answers, tells, keeps and forwards, and how it ends.
set -euo pipefail
# shellcheck source=tests/cli/listening.sh
. "$(dirname "$0")/listening.sh"

# ---- The secret ----

test_print_secret() {
    gives 0 "$helmdesk" listen --print-secret
    local first
    first=$(cat "$tmp/out")
    gives 0 "$helmdesk" listen --print-secret
    same "$first" "$(cat "$tmp/out")" "the development secret stays the same"
    same 600 "$(mode "$secret")" "its file's mode"
    gives 0 env HELMDESK_SECRET=mine "$helmdesk" listen --print-secret
    same mine "$(cat "$tmp/out")" "a given secret"
    printf 'from a file\n' >"$tmp/secret"
    gives 0 "$helmdesk" listen --print-secret --secret-file "$tmp/secret"
    same "from a file" "$(cat "$tmp/out")" "a secret in a file"
}

test_where_the_secret_is() {
    receiver --timeout 10ms
    ends 0 "the development secret"
    holds "$secret" "$err" "the development secret"
    HELMDESK_SECRET=mine receiver --timeout 10ms
    ends 0 "HELMDESK_SECRET"
    holds HELMDESK_SECRET "$err" "HELMDESK_SECRET"
    printf mine >"$tmp/secret"
    receiver --timeout 10ms --secret-file "$tmp/secret"
    ends 0 "--secret-file"
    holds "$tmp/secret" "$err" "--secret-file"
    lacks mine "$err" "the secret itself"
}

# ---- Signatures ----

test_valid() {
    receiver --json --count 1
    sends 0 ticket.created
    ends 0 "a valid delivery"
    same "{\"listening\":\"$url\"}" "$(head -1 "$out")" "the first line"
    same 2 "$(lines "$out")" "lines"
    local part
    for part in '"signature":"valid"' '"reason":null' '"event":"ticket.created"' '"ticket_number":42' \
        "\"subject\":\"Can't reset password\"" '"method":"POST"' '"target":"/"' '"status":200' '["X-Helmdesk-Event","ticket.created"]' \
        '"delivery_id":"0' '"forward":null' '"saved":null' '"body":"{\"event\":\"ticket.created\",'; do
        holds "$part" "$out" "a valid delivery"
    done
}

test_valid_text() {
    receiver --count 1
    sends 0 ticket.resolved --set data.ticket.number=7
    ends 0 "a valid delivery"
    grep -qE '^[0-9:]{8} --> ticket.resolved #7 Can.t reset password  ✓ signature  \[200\] [0-9]+ ms$' "$out" ||
        fail "the line of a delivery: $(cat "$out")"
}

test_wrong_signature() {
    receiver --count 1 --json
    HELMDESK_SECRET=another sends 1 ticket.created
    ends 1 "a wrong signature"
    holds '"signature":"invalid","reason":"HD_E_SIGNATURE_MISMATCH"' "$out" "a wrong signature"
    holds '"status":401' "$out" "a wrong signature"
    receiver --count 1
    HELMDESK_SECRET=another sends 1 ticket.created
    ends 1 "a wrong signature in text"
    holds "✕ signature  [401]" "$out" "a wrong signature in text"
    same "    the signature is of another body or secret" "$(sed -n 2p "$out" | cut -d: -f1)" "why it is wrong"

    # It looks for the mistake, as verify does.
    receiver --count 1
    "$helmdesk" payload ticket.created >"$tmp/body.json"
    signature=$("$helmdesk" sign "$tmp/body.json" --secret-file "$secret")
    post / "$(python3 -m json.tool "$tmp/body.json")" "X-Helmdesk-Signature: $signature"
    answers 401 "JSON that was written again"
    ends 1 "JSON that was written again"
    holds "    The signature matches if the JSON is written again as it was sent" "$out" "the mistake"
    receiver --count 1 --json
    post / "$(cat "$tmp/body.json")" "X-Helmdesk-Signature: ${signature^^}"
    ends 1 "a mistake in JSON"
    holds '"mistakes":["upper_case_signature"]' "$out" "a mistake in JSON"
    receiver --count 1 --json
    post / '{}'
    answers 401 "no signature"
    ends 1 "no signature"
    holds '"signature":"missing"' "$out" "no signature"
}

# The blanks around a value are not part of it (RFC 9110 section 5.5): not for the signature, and not in what is shown.
test_blanks_around_values() {
    local body signature end
    printf mine >"$tmp/secret"
    body=$("$helmdesk" payload ticket.created)
    printf %s "$body" >"$tmp/body"
    signature=$("$helmdesk" sign "$tmp/body" --secret-file "$tmp/secret")
    receiver --json --count 4 --secret-file "$tmp/secret" --save "$tmp/blanks"
    for end in '' ' ' $'\t' '   '; do
        post / "$body" "X-Helmdesk-Signature:$end$signature$end" "X-Helmdesk-Event: ticket.created$end"
        answers 200 "blanks '$end' around values"
    done
    ends 0 "blanks around values"
    same 4 "$(grep -cF "[\"X-Helmdesk-Signature\",\"$signature\"]" "$out")" "the signature as it is shown"
    same 4 "$(grep -cF '["X-Helmdesk-Event","ticket.created"]' "$out")" "the event as it is shown"
    for end in "$tmp/blanks"/*.http; do gives 0 "$helmdesk" verify --request "$end" --secret-file "$tmp/secret"; done
}

test_slack_format() {
    receiver --count 1
    sends 0 ticket.created --slack
    ends 0 "a Slack message"
    holds "slack message" "$out" "a Slack message"
    holds "✓ signature  [200]" "$out" "a Slack message"
    same 1 "$(lines "$out")" "lines for a Slack message"
    receiver --count 1
    printf mine >"$tmp/secret"
    printf '[1]' >"$tmp/body"
    post / '[1]' "X-Helmdesk-Signature: $("$helmdesk" sign "$tmp/body" --secret-file "$secret")"
    answers 200 "a signed body without an event"
    ends 0 "a signed body without an event"
    holds "no event, POST, 3 bytes  ✓ signature  [200]" "$out" "a signed body without an event"
}

test_standard_and_rotation() {
    "$helmdesk" listen --print-secret >"$tmp/one"
    printf 'another secret' >"$tmp/two"
    receiver --count 2 --secret-file "$tmp/two" --secret-file "$tmp/one"
    sends 0 ticket.created --standard --secret-file "$tmp/one"
    sends 0 ticket.created --secret-file "$tmp/two"
    ends 0 "both secrets"
    same 2 "$(grep -cF '✓ signature' "$out")" "both secrets"
}

test_max_age() {
    receiver --count 2 --max-age 5m --json
    sends 0 ticket.created
    "$helmdesk" payload ticket.created --set timestamp=2020-01-01T00:00:00.000Z >"$tmp/body"
    post / "$(cat "$tmp/body")" \
        "X-Helmdesk-Signature: $("$helmdesk" sign "$tmp/body" --secret-file "$secret")"
    answers 401 "an old delivery"
    ends 1 "an old delivery"
    holds HD_E_TOO_OLD "$out" "an old delivery"
}

# ---- Answers ----

# What is not posted is shown, and counts for nothing: neither for --count, nor for --respond, nor as a wrong signature.
test_methods() {
    receiver --count 1 --json --respond 204
    printf 'GET /favicon.ico HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n' | raw
    answers 405 "GET"
    holds "Allow: POST" "$tmp/out" "GET"
    "$helmdesk" doctor "$url" --allow-private >"$tmp/out" 2>&1 || fail "doctor: $(cat "$tmp/out")"
    sends 0 ticket.created
    ends 0 "one that was posted"
    holds '"method":"GET","target":"/favicon.ico"' "$out" "GET"
    holds '"method":"HEAD"' "$out" "doctor"
    holds "1 received, 0 with a wrong signature" "$err" "what counts"
}

test_respond_in_turn() {
    local statuses
    receiver --respond 204,401,delay=10ms --count 4
    statuses=$(for _ in 1 2 3 4; do
        "$helmdesk" send "$url" ticket.created --allow-private --json 2>/dev/null | sed 's/.*"status":\([0-9]*\).*/\1/' || true
    done | tr '\n' ' ')
    same "204 401 200 204 " "$statuses" "a list cycles"
    ends 0 "a list"
}

test_respond_usage() {
    local list
    for list in '' '200,' 99 600 20x hang,nothing delay delay=x 'delay=1d' '200 401'; do
        gives 2 "$helmdesk" listen --port 0 --timeout 1ms --respond "$list"
    done
    holds "--respond cannot be '200 401'" "$tmp/err" "--respond"
}

test_hang_and_reset() {
    receiver --respond hang,reset,200 --count 3 --json
    sends 3 ticket.created --timeout 200ms --json
    holds '"reason":"timeout_total"' "$tmp/out" "hang"
    sends 3 ticket.created --json
    holds '"reason":"reset"' "$tmp/out" "reset"
    sends 0 ticket.created
    ends 0 "a client that hung up does not keep listen"
    holds '"answer":{"kind":"hangs","status":null' "$out" "hang"
    holds '"answer":{"kind":"resets","status":null' "$out" "reset"
}

test_reset_is_one() {
    receiver --respond reset
    post / '{}'
    holds "reset by peer" "$tmp/err" "reset, and no mere end"
    kill -INT "$pid"
    ends 130 "reset"
}

test_delay() {
    receiver --respond delay=400ms --count 1
    sends 0 ticket.created --json
    ends 0 "delay"
    local took
    took=$(sed 's/.*"total_ms":\([0-9]*\).*/\1/' "$tmp/out")
    [ "$took" -ge 400 ] || fail "delay: it took $took ms"
}

# ---- Slack ----

# slack STATUS WORD BODY
slack() {
    post /services/T00000000/B00000000/dev "$3" "Content-Type: application/json"
    answers "$1" "Slack's answer to $(printf %s "$3" | head -c 60)"
    same "$2" "$(tail -1 "$tmp/out")" "Slack's word for $(printf %s "$3" | head -c 60)"
    holds "text/html" "$tmp/out" "Slack's Content-Type"
}

# section TEXT
section() {
    printf '{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"%s"}}]}' "$1"
}

# times COUNT TEXT
times() {
    local all
    printf -v all '%*s' "$1" ''
    printf %s "${all// /$2}"
}

# warned COUNT: whether so many messages have text that is not escaped
warned() {
    [ "$(grep -c "is not escaped" "$out")" = "$1" ]
}

test_slack() {
    receiver --as slack --json
    same "http://127.0.0.1:$port/services/T00000000/B00000000/dev" "$url" "Slack's address"
    sends 0 ticket.created --slack
    slack 200 ok '{"text":"hello"}'
    slack 200 ok '{"attachments":[{"text":"old"}]}'
    slack 400 invalid_payload '{"text":'
    slack 400 invalid_payload '[]'
    slack 400 no_text '{}'
    slack 400 no_text '{"text":""}'
    slack 400 no_text '{"event":"ticket.created","data":{}}'
    slack 400 invalid_blocks '{"blocks":[{"type":"section"}]}'
    slack 400 invalid_blocks '{"blocks":{}}'
    slack 400 invalid_blocks "$(section '')"
    slack 200 ok "$(section "$(times 3000 é)")"
    slack 400 invalid_blocks "$(section "$(times 3001 é)")"
    slack 200 ok "{\"blocks\":[$(times 49 '{"type":"divider"},'){\"type\":\"divider\"}]}"
    slack 400 invalid_blocks "{\"blocks\":[$(times 50 '{"type":"divider"},'){\"type\":\"divider\"}]}"
    lacks "is not escaped" "$out" "what is escaped"
    slack 200 ok "$(section 'a &amp; b <https://example.com|link> <@U1>')"
    lacks "is not escaped" "$out" "what is escaped"
    slack 200 ok "$(section 'a & b')"
    until_true warned 1
    slack 200 ok '{"text":"a <b"}'
    until_true warned 2
    post /services/T00000000/B00000000/dev '{"text":"hello"}' "Content-Type: text/plain"
    same invalid_payload "$(tail -1 "$tmp/out")" "another Content-Type"
    post /services/wrong '{"text":"hello"}' "Content-Type: application/json"
    answers 404 "another path"
    same no_service "$(tail -1 "$tmp/out")" "another path"
    holds '"signature":"none"' "$out" "Slack has no signatures"
    kill -TERM "$pid"
    ends 143 "Slack"
}

test_slack_told() {
    receiver --as slack --respond 200,403,404,410,429,500 --count 7
    slack 400 no_text '{}'
    slack 403 action_prohibited '{"text":"hello"}'
    slack 404 channel_not_found '{"text":"hello"}'
    slack 410 channel_is_archived '{"text":"hello"}'
    slack 429 rate_limited '{"text":"hello"}'
    holds "Retry-After: 1" "$tmp/out" "429"
    slack 500 rollup_error '{"text":"hello"}'
    slack 200 ok '{"text":"hello"}'
    ends 0 "Slack, without signatures"
}

# ---- Forwarding ----

# sent_on TO TARGET EXPECTED: a request to this target is sent on to this URL, below the inner receiver's
sent_on() {
    receiver --json --count 1
    local inner=$pid inner_out=$out inner_err=$err inner_url=${url%/}
    receiver --forward-to "$inner_url$1"
    gives 0 "$helmdesk" send "${url%/}$2" ticket.created --allow-private
    kill -INT "$pid"
    ends 130 "sending on $2"
    grep -qF -- "--> ${2}" "$out" || [ "$2" = / ] || fail "the line of $2: $(cat "$out")"
    pid=$inner out=$inner_out err=$inner_err
    ends 0 "what was sent on from $2"
    holds "\"target\":\"$3\"" "$out" "$2 to $1"
}

# The path of a request is added to that of the server.
test_forward_paths() {
    sent_on '' / /
    sent_on '' /crm /crm
    sent_on / /crm/x /crm/x
    sent_on /hooks / /hooks
    sent_on /hooks/ /crm /hooks/crm
    sent_on /hooks '/crm?a=b' '/hooks/crm?a=b'
    sent_on '/hooks?key=1' '/crm?a=b' '/hooks/crm?key=1&a=b'
    sent_on '/hooks?key=1' '/' '/hooks?key=1'
}

test_forward() {
    receiver --json --count 1 --respond 202
    local inner=$pid inner_out=$out inner_err=$err inner_url=$url
    receiver --forward-to "${inner_url}hooks?a=b"
    sends 0 ticket.created --standard --secret-file "$secret" --json -H 'X-Tenant: acme'
    holds '"status":202' "$tmp/out" "the answer of the server"
    local outer=$pid outer_out=$out outer_err=$err outer_url=$url
    pid=$inner out=$inner_out err=$inner_err
    ends 0 "what was sent on"
    holds '"signature":"valid"' "$inner_out" "what was sent on"
    holds '"target":"/hooks?a=b"' "$inner_out" "what was sent on"
    holds '["X-Tenant","acme"]' "$inner_out" "what was sent on"
    pid=$outer out=$outer_out err=$outer_err url=$outer_url
    holds "<-- [202] POST ${inner_url}hooks?a=b (" "$out" "the line of what was sent on"
    sends 1 ticket.created --json
    holds '"status":502' "$tmp/out" "a server that is not there"
    holds "<-- [refused] POST" "$out" "a server that is not there"
    kill -INT "$pid"
    ends 130 "forwarding"
    gives 4 "$helmdesk" listen --port 0 --timeout 1ms --forward-to http://169.254.169.254/
    gives 2 "$helmdesk" listen --port 0 --timeout 1ms --forward-to ftp://localhost/
}

# ---- Files ----

test_save() {
    local saved=$tmp/saved
    receiver --save "$saved" --json --count 2
    sends 0 ticket.created
    sends 0 ticket.resolved
    ends 0 "saving"
    holds "\"saved\":\"$saved/000001.http\"" "$out" "saving"
    same 700 "$(mode "$saved")" "the directory's mode"
    same 600 "$(mode "$saved/000002.http")" "a file's mode"
    gives 0 "$helmdesk" verify --request "$saved/000001.http" --secret-file "$secret"
    rm "$saved/000001.http"
    touch "$saved/000007.http" "$saved/other.http"
    receiver --save "$saved" --count 1
    sends 0 ticket.created
    ends 0 "saving again"
    [ -s "$saved/000008.http" ] || fail "numbers go on from those there: $(ls "$saved")"
    chmod 500 "$saved"
    if ! touch "$saved/x" 2>/dev/null; then # root may
        receiver --save "$saved" --count 1
        sends 0 ticket.created
        ends 2 "a directory that cannot be written"
    fi
    chmod 700 "$saved"
    gives 2 "$helmdesk" listen --port 0 --timeout 1ms --save "$tmp/secret"
}

# ---- What is shown ----

test_events() {
    receiver --events ticket.resolved,message.received --count 3
    sends 0 ticket.created
    sends 0 message.received
    sends 0 ticket.resolved
    ends 0 "--events"
    same "message.received ticket.resolved" "$(sed 's/.*--> \([a-z.]*\) .*/\1/' "$out" | tr '\n' ' ' | sed 's/ $//')" "--events"
    gives 2 "$helmdesk" listen --port 0 --timeout 1ms --events ticket.opened
}

test_pretty() {
    receiver --output pretty --count 1
    post '/a?b=c' $'{"a":"\x1b[31m"}\nsecond' 'Authorization: Bearer token' 'Cookie: session=token' \
        $'X-Bad: \x1b]0;title\x07' $'X-Plain: as it is'
    ends 1 "pretty"
    holds "    POST /a?b=c" "$out" "pretty"
    holds "    X-Plain: as it is" "$out" "pretty"
    holds "    Authorization: ********" "$out" "pretty"
    holds "    second" "$out" "pretty"
    lacks token "$out" "private values"
    lacks $'\x1b' "$out" "control characters"
    lacks $'\x07' "$out" "control characters"
}

test_hostile_line() {
    receiver --count 1
    printf 'P\033[31mT / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nX-Helmdesk-Event: \033]0;a\007\r\n\r\n' | raw
    until_true grep -qF "[405]" "$out"
    kill -INT "$pid"
    ends 130 "control characters in a line"
    lacks $'\x1b' "$out" "control characters in a line"
}

test_quiet() {
    receiver --output quiet --count 2
    sends 0 ticket.created
    sends 0 ticket.created
    ends 0 "quiet"
    same "2 received, 0 with a wrong signature" "$(cat "$out")" "quiet"
}

# ---- HTTP ----

# ambiguous WHAT HEADER...
ambiguous() {
    local what=$1
    shift
    {
        printf 'POST / HTTP/1.1\r\nHost: test\r\n'
        printf '%s\r\n' "$@"
        printf '\r\n{}'
    } | raw
    answers 400 "$what"
    holds "Connection: close" "$tmp/out" "$what"
}

test_ambiguous() {
    receiver --json
    ambiguous "two lengths" "Content-Length: 2" "Content-Length: 0"
    ambiguous "two equal lengths" "Content-Length: 2" "content-length: 2"
    ambiguous "a length and chunks" "Content-Length: 2" "Transfer-Encoding: chunked"
    ambiguous "two hosts" "Host: other" "Content-Length: 2"
    kill -INT "$pid"
    ends 130 "ambiguous requests"
    same 1 "$(lines "$out")" "ambiguous requests are none"
}

test_bodies() {
    receiver --json --count 3
    head -c 2097153 /dev/zero | tr '\0' x >"$tmp/large"
    { printf 'POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 2097153\r\n\r\n' && cat "$tmp/large"; } | raw
    answers 413 "a body of more than 2 MiB"
    until_true has_told 1
    holds '"signature":"unchecked","reason":"HD_E_TOO_LARGE"' "$out" "a body of more than 2 MiB"
    { printf 'POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 2097152\r\n\r\n' && head -c 2097152 "$tmp/large"; } | raw
    answers 401 "a body of 2 MiB"
    printf 'POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n' | raw
    answers 401 "a body in chunks"
    ends 1 "bodies"
    holds '"body":"abcde"' "$out" "a body in chunks"
}

# ---- Where ----

test_address() {
    receiver --json
    gives 2 "$helmdesk" listen --port "$port" --timeout 1ms
    holds "--port 0" "$tmp/err" "a port in use"
    kill -INT "$pid"
    ends 130 "a port in use"
    gives 2 "$helmdesk" listen --port 0 --host example.com --timeout 1ms
    gives 2 "$helmdesk" listen --port 65536 --timeout 1ms
    if [ -e /proc/net/if_inet6 ] && grep -q '00000000000000000000000000000001' /proc/net/if_inet6; then
        receiver --host ::1 --count 1
        same "http://[::1]:$port/" "$url" "IPv6"
        sends 0 ticket.created
        ends 0 "IPv6"
    fi
}

# ---- The end ----

test_count_and_timeout() {
    receiver --count 2 --timeout 1s
    sends 0 ticket.created
    ends 1 "fewer than --count"
    receiver --timeout 50ms
    ends 0 "--timeout alone"
    gives 2 "$helmdesk" listen --port 0 --timeout 0
    gives 2 "$helmdesk" listen --port 0 --count 0
}

test_count_waits() {
    local sender
    receiver --count 2 --json --respond delay=1500ms,200
    "$helmdesk" send "$url" ticket.created --allow-private --json >"$tmp/sent" 2>&1 &
    sender=$!
    until_true has_told 1
    sends 0 ticket.created
    ends 0 "--count with an answer under way"
    wait "$sender" || fail "an answer under way: the sender ends with $?"
    [ "$(sed 's/.*"total_ms":\([0-9]*\).*/\1/' "$tmp/sent")" -ge 1500 ] || fail "an answer under way was cut short"
}

test_count_is_exact() {
    receiver --count 5 --json
    "$helmdesk" send "$url" ticket.created --allow-private --count 40 --concurrency 8 >/dev/null 2>&1 || true
    ends 0 "--count under load"
    same 6 "$(lines "$out")" "lines under load"
}

test_signals() {
    local word signal code
    for word in INT:130 TERM:143; do
        signal=${word%:*} code=${word#*:}
        receiver --json
        kill -"$signal" "$pid"
        ends "$code" "SIG$signal"
        receiver --json --respond hang
        "$helmdesk" send "$url" ticket.created --allow-private >/dev/null 2>&1 &
        until_true has_told 1
        SECONDS=0
        kill -"$signal" "$pid"
        ends "$code" "SIG$signal while a request hangs"
        [ "$SECONDS" -le 4 ] || fail "SIG$signal while a request hangs: it took $SECONDS s"
        wait $! || true
    done
}

test_signal_answers() {
    local sender code=0
    receiver --json --respond delay=4s
    "$helmdesk" send "$url" ticket.created --allow-private >"$tmp/sent" 2>&1 &
    sender=$!
    until_true has_told 1
    kill -INT "$pid"
    ends 130 "SIGINT while an answer is delayed"
    wait "$sender" || code=$?
    same 0 "$code" "what is under way has its answer at the end"
}

test_second_signal() {
    local inner
    receiver --json --respond hang
    inner=$pid
    receiver --json --forward-to "$url"
    "$helmdesk" send "$url" ticket.created --allow-private >/dev/null 2>&1 &
    local sender=$! inner_out=$tmp/receiver.$((receivers - 1)).out
    until_true grep -q '"kind":"hangs"' "$inner_out"
    kill -INT "$pid"
    until_true grep -q "Ctrl-C again" "$err" # two signals of one kind at once are one
    kill -INT "$pid" 2>/dev/null || fail "what is under way is not waited for"
    SECONDS=0
    ends 130 "a second SIGINT"
    [ "$SECONDS" -le 3 ] || fail "a second SIGINT: it took $SECONDS s"
    kill -INT "$inner"
    wait "$sender" "$inner" || true
}

test_reader_leaves() {
    mkfifo "$tmp/pipe"
    "$helmdesk" listen --port 0 --json >"$tmp/pipe" 2>"$tmp/left" </dev/null &
    pid=$! err=$tmp/left
    head -1 "$tmp/pipe" >/dev/null
    ends 0 "stdout's reader leaves"
    lacks "helmdesk:" "$tmp/left" "stdout's reader leaves"
}

# ---- At once ----

test_parallel() {
    local senders=() sender
    receiver --json --count 400 --save "$tmp/many"
    for _ in 1 2 3 4 5 6 7 8; do
        "$helmdesk" send "$url" ticket.created --allow-private --count 50 --concurrency 4 --json >/dev/null 2>&1 &
        senders+=($!)
    done
    for sender in "${senders[@]}"; do
        wait "$sender" || fail "a sender of eight ends with $?"
    done
    ends 0 "eight senders"
    same 400 "$(grep -c '^{"received_at":.*"signature":"valid".*}$' "$out")" "whole lines"
    same 400 "$(find "$tmp/many" -name '*.http' | wc -l | tr -d ' ')" "files"
}

for name in $(declare -F | sed -n 's/^declare -f \(test_.*\)/\1/p'); do
    "$name"
done
finish
