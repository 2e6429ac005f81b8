#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The example helpdesk: who gets in, what its tickets send, what is refused at the door, and how it ends. And the
# dashboard inside another server.
set -euo pipefail
# shellcheck source=tests/frame.sh
. "$(dirname "$0")/frame.sh"

# With what the desk wrote, and answered last.
die() {
    local file
    echo "FAILED: $*"
    for file in desk answer; do [ ! -e "$tmp/$file" ] || sed "s/^/    $file: /" "$tmp/$file"; done
    exit 1
}

# holds TEXT FILE WHAT
holds() {
    grep -qF -e "$1" "$2" || die "$3: no '$1' in: $(cat "$2")"
}

# ---- Starting, asking, ending ----

# start OPTION...: a desk, its address in $url, the two links in $tmp/links
start() {
    rm -f "$tmp/links"
    "$BUILD/helmdesk-desk" --port 0 --token-file "$tmp/links" "$@" >"$tmp/desk" 2>&1 &
    desk=$!
    until_true has_line '^admin ' "$tmp/links"
    url=http://127.0.0.1:$(sed -n 's/^helmdesk-desk listens on .*:\([0-9]*\)\/$/\1/p' "$tmp/desk")
}

# ends WHAT: the desk ends by SIGTERM, within seconds, with exit status 0
ends() {
    local status=0 started=$SECONDS
    kill -TERM "$desk"
    wait "$desk" || status=$?
    [ "$status" = 0 ] || die "$1: exit status $status"
    [ $((SECONDS - started)) -le 10 ] || die "$1: it took $((SECONDS - started)) s"
}

# ask STATUS PATH CURL-OPTION...: asks, and checks the status; the head is in $tmp/head, the body in $tmp/answer
ask() {
    local wanted=$1 path=$2 status
    shift 2
    status=$(curl -s --max-time 20 -o "$tmp/answer" -D "$tmp/head" -w '%{http_code}' "$@" "$url$path") || true
    [ "$status" = "$wanted" ] || die "$path $*: $status and not $wanted"
}

# as JAR STATUS PATH ...: as ask, signed in
as() {
    local jar=$1
    shift
    ask "$@" -b "$tmp/$jar"
}

token_of() {
    sed -n "s/^$1 .*#//p" "$tmp/links"
}

# sign_in ROLE: the session is in the jar of that name
sign_in() {
    ask 200 /login --data-raw "$(token_of "$1")" -c "$tmp/$1"
}

# raw TEXT: what one connection answers to these bytes, in $tmp/answer
raw() {
    local port=${url##*:}
    printf '%b' "$1" >"$tmp/request"
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    cat "$tmp/request" >&3 # at once: the shell writes line by line, and the server may be gone before the last
    timeout 20 cat <&3 >"$tmp/answer" || die "the connection stays open after: $1"
    exec 3>&-
}

# ---- Signing in ----

test_sign_in() {
    local token
    token=$(token_of admin)
    [ "$(stat -c %a "$tmp/links")" = 600 ] || die "others may read the links"
    ask 303 /
    holds "Location: /login" "$tmp/head" "nobody is signed in"
    ask 200 /login
    holds '<script src="/login.js" defer>' "$tmp/answer" "the sign-in page"
    ask 200 /login.js
    ask 401 /admin/api/v1/me
    ask 403 /login --data-raw "${token//?/0}"
    ask 403 /login --data-raw ""
    ask 200 /login --data-raw "$token" -c "$tmp/admin"
    grep -qE '^Set-Cookie: helmdesk-[0-9]+=[0-9a-f]{64}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict.?$' "$tmp/head" ||
        die "the cookie: $(cat "$tmp/head")"
    ask 403 /login --data-raw "$token"
    as admin 200 /admin/api/v1/me
    holds '"role":"admin"' "$tmp/answer" "who is signed in"
    [ "$(token_of admin)" != "$token" ] || die "there is no new link"
}

test_viewer() {
    sign_in viewer
    as viewer 200 /admin/api/v1/me
    holds '"role":"viewer"' "$tmp/answer" "who looks"
    as viewer 200 /
    as viewer 403 /tickets -d 'subject=x&name=x&email=x&priority=low'
    as viewer 303 /logout -X POST
    as viewer 401 /admin/api/v1/me
}

# ---- Tickets ----

put_webhook() {
    as admin 201 /admin/api/v1/projects/acme/webhooks -H 'Content-Type: application/json' \
        -d "{\"name\":\"receiver\",\"url\":\"http://127.0.0.1:$1/\",\"secret\":\"desk test secret\"}"
}

start_receiver() {
    HELMDESK_SECRET='desk test secret' "$BUILD/examples/receive" 0 >"$tmp/received" &
    until_true has_line '^listening on ' "$tmp/received"
    put_webhook "$(sed -n 's/^listening on .*://p' "$tmp/received")"
}

test_tickets() {
    start_receiver
    as admin 303 /tickets -d priority=high -d name=Jane -d email=jane@example.com \
        --data-urlencode 'subject=<script>alert("1")</script> & more'
    holds "Location: /#ticket-1" "$tmp/head" "a new ticket"
    until_true has_line '^new ticket #1: <script>alert\("1"\)</script> & more$' "$tmp/received"
    as admin 200 /
    holds '#1 <bdi>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; more</bdi>' "$tmp/answer" "a hostile subject"
    if grep -q '<script' "$tmp/answer"; then die "a script is in the page"; fi
    holds "Content-Security-Policy: default-src 'none';" "$tmp/head" "the tickets page"
    holds 'ticket.created sent to 1 webhook. <a href="/admin/projects/acme/deliveries?q=%231">' "$tmp/answer" "what was sent"
    as admin 303 /tickets -d 'subject=%01%e2%80%aeturned&name=x&email=x&priority=low'
    as admin 200 /
    holds '<bdi>␁�turned</bdi>' "$tmp/answer" "control characters"
    as admin 303 /tickets/1/reply -d sender=customer --data-urlencode 'body=Any <b>news</b>?'
    until_true has_line '^new message on ticket #1: Any <b>news</b>\?$' "$tmp/received"
    as admin 303 /tickets/1/resolve -X POST
    until_true has_line '^resolved ticket #1: ' "$tmp/received"
    as admin 409 /tickets/1/resolve -X POST
    as admin 404 /tickets/3/resolve -X POST
    as admin 400 /tickets -d subject=x
    as admin 400 /tickets -d 'subject=%00&name=x&email=x&priority=low'
    as admin 422 /tickets -d 'subject=%ff&name=x&email=x&priority=low'
    as admin 413 /tickets -d "subject=$(head -c 20000 /dev/zero | tr '\0' x)"
    ask 401 /tickets -d 'subject=x&name=x&email=x&priority=low'
}

test_stream() {
    curl -sN --max-time 30 -b "$tmp/admin" "$url/admin/api/v1/projects/acme/stream" >"$tmp/stream" &
    local reader=$!
    until_true has_line '^retry: ' "$tmp/stream"
    as admin 303 /tickets -d 'subject=streamed&name=x&email=x&priority=low'
    until_true has_line '^data: .*"subject":"streamed"' "$tmp/stream"
    kill "$reader"
}

# A stream ends with the session that it was opened in.
test_stream_ends_with_session() {
    sign_in viewer
    curl -sN --max-time 30 -b "$tmp/viewer" "$url/admin/api/v1/projects/acme/stream" >"$tmp/stream" &
    local reader=$!
    until_true has_line '^retry: ' "$tmp/stream"
    as viewer 303 /logout -X POST
    wait "$reader" || die "the stream of somebody who has left goes on"
}

# ---- The door ----

test_door() {
    local get='GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n'
    ask 200 /healthz
    ask 421 / -H 'Host: evil.example'
    ask 421 /admin/ -H 'Host: evil.example'
    ask 303 / -H 'Host: desk.example.com'
    ask 200 /admin/ -H 'Host: desk.example.com:8443'
    as admin 403 /tickets -H 'Sec-Fetch-Site: cross-site' -d 'subject=x&name=x&email=x&priority=low'
    as admin 403 /tickets -H 'Origin: http://evil.example' -d 'subject=x&name=x&email=x&priority=low'
    as admin 403 /logout -H 'Sec-Fetch-Site: same-site' -X POST
    as admin 200 /admin/api/v1/me
    as admin 303 /tickets -H "Origin: $url" -d 'subject=x&name=x&email=x&priority=low'
    ask 308 /admin
    ask 404 /nothing/here -b "$tmp/admin"
    ask 405 / -X PUT
    head -c 300000 /dev/zero | tr '\0' x >"$tmp/large"
    as admin 413 /tickets --data-binary "@$tmp/large"
    raw "$get\r\n"
    holds "HTTP/1.1 200 " "$tmp/answer" "a plain request"
    raw "${get}Host: 127.0.0.1\r\n\r\n"
    holds "HTTP/1.1 400 " "$tmp/answer" "two hosts"
    raw 'POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy'
    holds "HTTP/1.1 400 " "$tmp/answer" "two lengths"
    raw 'POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    holds "HTTP/1.1 400 " "$tmp/answer" "a length and chunks"
}

# connect COUNT: keeps so many connections from one address open, in connections, each with a request
connect() {
    local port=${url##*:} connection i
    connections=()
    printf 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n' >"$tmp/request"
    for i in $(seq "$1"); do
        exec {connection}<>"/dev/tcp/127.0.0.1/$port"
        connections+=("$connection")
        { cat "$tmp/request" >&"$connection" || true; } 2>/dev/null # it may have been closed
    done
}

disconnect() {
    local connection
    for connection in "${connections[@]}"; do exec {connection}>&-; done
}

# Many browsers behind one address are all served; and whoever opens all the connections that one address gets leaves some
# to the others.
test_many_connections() {
    local connection answer
    connect 40
    for connection in "${connections[@]}"; do
        read -r -t 20 answer <&"$connection" || true
        [[ $answer == 'HTTP/1.1 200 '* ]] || die "one of 40 connections at once: '$answer'"
    done
    disconnect
    connect 300
    ask 200 /healthz --interface 127.0.0.2
    disconnect
}

# ---- The end ----

test_end_with_streams() {
    local streams=() i
    for i in $(seq 20); do
        curl -sN --max-time 30 -b "$tmp/admin" "$url/admin/api/v1/projects/acme/stream" >"$tmp/stream$i" &
        streams+=($!)
    done
    for i in $(seq 20); do until_true has_line '^retry: ' "$tmp/stream$i"; done
    ends "20 open streams"
    for i in "${streams[@]}"; do wait "$i" || die "a stream was cut off"; done
}

# ---- Starting ----

# refuses STATUS TEXT OPTION...
refuses() {
    local wanted=$1 text=$2 status=0
    shift 2
    timeout 20 "$BUILD/helmdesk-desk" "$@" >"$tmp/desk" 2>&1 || status=$?
    [ "$status" = "$wanted" ] || die "$*: exit status $status"
    holds "$text" "$tmp/desk" "$*"
}

test_options() {
    refuses 0 "--behind-proxy" --help
    refuses 2 "--port cannot be '8O80'" --port 8O80
    refuses 2 "without TLS" --host 0.0.0.0
    refuses 2 "belong together" --tls-cert "$tmp/cert"
    refuses 2 "--host cannot be 'nowhere'" --host nowhere
    refuses 2 "not understood: 'x'" x
    refuses 1 "cannot read $tmp/none" --port 0 --store none --tls-cert "$tmp/none" --tls-key "$tmp/none"
    refuses 1 "Address already in use" --port "${url##*:}" --store none
    refuses 1 "cannot write $tmp/none/links" --port 0 --store none --token-file "$tmp/none/links"
}

# has_news COUNT: the stream has told so often that webhooks have changed
has_news() {
    [ "$(grep -c '^event: webhooks' "$tmp/stream")" -ge "$1" ]
}

# Whoever changes a webhook in the store, the desk's page hears of it within a second, and so does its sender. Machines are
# not always fast: the soonest of some counts.
test_change_by_tool() {
    local id reader began waited mode number=0 soonest=60000
    export HELMDESK_STORE=sqlite:$tmp/store
    id=$("$BUILD/helmdesk" webhooks list --json | sed 's/.*"id":"\([^"]*\)".*/\1/')
    : >"$tmp/stream"
    curl -sN --max-time 60 -b "$tmp/admin" "$url/admin/api/v1/projects/acme/stream" >"$tmp/stream" &
    reader=$!
    until_true has_line '^retry: ' "$tmp/stream"
    for mode in hold on hold on hold; do
        began=$((${EPOCHREALTIME/./} / 1000))
        "$BUILD/helmdesk" webhooks "$mode" "$id" >"$tmp/answer"
        until_true has_news $((number += 1))
        waited=$((${EPOCHREALTIME/./} / 1000 - began))
        [ "$waited" -ge "$soonest" ] || soonest=$waited
    done
    kill "$reader"
    echo "# the page hears of a change by the tool after $soonest ms"
    [ "$soonest" -lt 1000 ] || die "the page hears of a change by the tool after $soonest ms"
    as admin 200 "/admin/api/v1/projects/acme/webhooks/$id"
    holds '"mode":"held"' "$tmp/answer" "a webhook that the tool has changed"
    as admin 303 /tickets -d 'subject=held&name=x&email=x&priority=low'
    until_true waits "$id" 1
    "$BUILD/helmdesk" webhooks discard "$id" --yes >"$tmp/answer" 2>&1
    until_true waits "$id" 0
    unset HELMDESK_STORE
}

# waits ID COUNT: so many deliveries wait for a webhook
waits() {
    as admin 200 "/admin/api/v1/projects/acme/webhooks/$1"
    grep -q "\"waiting\":$2," "$tmp/answer"
}

# What was put into a store is there the next time; and another desk may have it at the same time.
test_store() {
    local first first_url
    start --store "$tmp/store" --allow-private
    if grep -q 'built without SQLite' "$tmp/desk"; then return; fi
    holds "kept in $tmp/store" "$tmp/desk" "where it is kept"
    holds "WARNING: --allow-private" "$tmp/desk" "what is allowed"
    sign_in admin
    put_webhook 9
    if [ -x "$BUILD/helmdesk" ]; then test_change_by_tool; fi
    first=$desk first_url=$url
    start --store "$tmp/store" --allow-private
    sign_in admin
    as admin 200 /admin/api/v1/projects/acme/webhooks
    holds '"name":"receiver"' "$tmp/answer" "the webhook that another desk has made"
    ends "a second desk with a store"
    desk=$first url=$first_url
    ends "a desk with a store"
    start --store "$tmp/store" --allow-private
    sign_in admin
    as admin 200 /admin/api/v1/projects/acme/webhooks
    holds '"name":"receiver"' "$tmp/answer" "the webhook of the last time"
    ends "a desk with a store"
}

has_deliveries() {
    as admin 200 "/admin/api/v1/projects/acme/deliveries/count"
    [ "$(tr -dc 0-9 <"$tmp/answer")" -ge 300 ]
}

test_demo() {
    start --demo
    sign_in admin
    until_true has_deliveries
    as admin 200 "/admin/api/v1/projects/acme/deliveries/count?webhook=demo-crm&outcome=delivered"
    [ "$(tr -dc 0-9 <"$tmp/answer")" -ge 20 ] || die "the demo's receiver takes nothing"
    as admin 200 "/admin/api/v1/projects/acme/deliveries?webhook=demo-crm&outcome=failed"
    holds '"data":[]' "$tmp/answer" "the demo's signatures"
    ends "the demo"
}

test_mount() {
    local mount
    HELMDESK_PASSWORD=open "$BUILD/examples/mount" 0 >"$tmp/mount" &
    mount=$!
    until_true has_line '/admin/hooks/$' "$tmp/mount"
    url=$(sed 's|/admin/hooks/$||' "$tmp/mount")
    ask 401 /admin/hooks/
    ask 401 /admin/hooks/ -u admin:wrong
    ask 200 /admin/hooks/ -u admin:open
    holds 'content="/admin/hooks/"' "$tmp/answer" "the page"
    ask 200 /admin/hooks/api/v1/me -u admin:open
    holds '"projects":["acme"]' "$tmp/answer" "the API"
    ask 200 /admin/hooks/api/v1/projects/acme/check-url -u admin:open -H 'Content-Type: application/json' \
        -d '{"url":"https://example.com/","format":"json"}'
    curl -sN --max-time 30 -u admin:open "$url/admin/hooks/api/v1/projects/acme/stream" >"$tmp/stream" &
    until_true has_line '^retry: ' "$tmp/stream"
    kill -TERM "$mount"
    wait "$mount" || die "mount ends with $?"
}

start --store none --allow-private --viewer --public-host desk.example.com
test_sign_in
test_viewer
test_tickets
test_stream
test_stream_ends_with_session
test_door
test_many_connections
test_options
test_end_with_streams
test_store
test_demo
test_mount
echo "the desk and the mounted dashboard do what they say"
