#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --proxy and HELMDESK_PROXY: over http and TLS, with the password, which is shown nowhere.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"

# proxy NAME [CERTIFICATE]: starts one on a free port; sets proxy_port. $tmp/NAME.log has what it was asked for.
proxy() {
    python3 "$root/tests/cli/proxy.py" "$tmp/$1" 'ali:pass word' ${2:+"$2"} &
    until_true test -e "$tmp/$1"
    proxy_port=$(cat "$tmp/$1")
}

unshown() {
    ! grep -rqE 'pass( |%20)word|YWxpOnBhc3Mgd29yZA' "$tmp/out" "$tmp/err" || die "the password: $out $err"
}

listen all
url=http://shop.invalid:$port/
secret=$("$helmdesk" listen --print-secret)
export HELMDESK_SECRET=$secret

proxy plain
run send "$url" ticket.created --allow-private --proxy "http://ali:pass%20word@127.0.0.1:$proxy_port" --verbose
expect 0
says '→ 200 in' "$out"
unshown
[ "$(cat "$tmp/plain.log")" = "CONNECT shop.invalid:$port HTTP/1.1" ] || die "asked for: $(cat "$tmp/plain.log")"
HELMDESK_PROXY=http://ali:pass%20word@localhost:$proxy_port run send "$url" ticket.created --allow-private
expect 0
run send "$url" ticket.created --allow-private --proxy "http://ali:other@127.0.0.1:$proxy_port" --json
expect 3
[ "$(json "$tmp/out" 'all[0]["reason"], all[0]["detail"], all[0]["status"]')" = \
    "('proxy_refused', 'the proxy 127.0.0.1:$proxy_port does not accept the user name and the password that it was given (407)', None)" ] || die "$out"
! grep -q 'ali:other\|YWxpOm90aGVy' "$tmp/out" "$tmp/err" || die "the password: $out $err"
run send "$url" ticket.created --allow-private --proxy http://127.0.0.1:1
expect 3
says '→ proxy_failed' "$out"
says 'In detail: the proxy 127\.0\.0\.1:1 refuses connections' "$err"
run send http://169.254.169.254/ ticket.created --allow-private --proxy "http://ali:pass%20word@127.0.0.1:$proxy_port"
expect 4
[ "$(wc -l <"$tmp/plain.log")" = 3 ] || die "asked for: $(cat "$tmp/plain.log")"

# What the tool says of it.
run doctor "$url" --allow-private --proxy "http://ali:pass%20word@127.0.0.1:$proxy_port"
expect 0
says "proxy +127\.0\.0\.1:$proxy_port" "$out"
unshown
run doctor "$url" --allow-private --proxy "http://ali:other@127.0.0.1:$proxy_port"
expect 3
says 407 "$out"
HELMDESK_PROXY="http://ali:pass%20word@127.0.0.1:$proxy_port" run send "$url" ticket.created --allow-private --curl
expect 0
says "curl .*--proxytunnel --proxy 'http://127\.0\.0\.1:$proxy_port'" "$out"
says 'masked' "$err"
unshown
HELMDESK_PROXY="http://ali:pass%20word@127.0.0.1:$proxy_port" run send "$url" ticket.created --allow-private --curl --reveal
says "pass%20word" "$out"
for bad in socks5://ali:pass%20word@127.0.0.1:1080 http://ali@127.0.0.1 127.0.0.1:3128 http://127.0.0.1:3128/path; do
    run send "$url" ticket.created --allow-private --proxy "$bad"
    expect 2
    says "the proxy's URL must be like" "$err"
    unshown
done

# What only shows requests that came, or forwards them to this machine, has no proxy.
HELMDESK_PROXY=http://127.0.0.1:1 run listen --print-secret
expect 0

# certificate NAME DAYS: makes $tmp/NAME.pem, with its key in $tmp/NAME-both.pem
certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/key.pem" -out "$tmp/$1.pem" -days "$2" -subj "/CN=$1" \
        -addext 'subjectAltName=DNS:localhost,DNS:shop.invalid,IP:127.0.0.1' 2>/dev/null
    cat "$tmp/$1.pem" "$tmp/key.pem" >"$tmp/$1-both.pem"
}

# TLS with the proxy, and with the receiver inside of that.
certificate proxy 60
certificate shop 40
cat "$tmp/proxy.pem" "$tmp/shop.pem" >"$tmp/cert.pem"
proxy sealed "$tmp/proxy-both.pem"
run send "$url" ticket.created --allow-private --proxy "https://ali:pass%20word@localhost:$proxy_port" --ca-file "$tmp/cert.pem"
expect 0
says '→ 200 in' "$out"
run send "$url" ticket.created --allow-private --proxy "https://ali:pass%20word@localhost:$proxy_port"
expect 3
says '→ proxy_failed' "$out"
says 'certificate that is not valid or not trusted; libcurl says: "[^"]*certificate' "$err"
run send "$url" ticket.created --allow-private --proxy "https://ali:pass%20word@other.invalid:$proxy_port" --ca-file "$tmp/cert.pem" \
    --resolve "other.invalid:$proxy_port:127.0.0.1"
expect 3
says '→ proxy_failed' "$out"
run send "$url" ticket.created --allow-private --proxy "https://ali:pass%20word@127.0.0.1:$(cat "$tmp/plain")" --timeout 2s
expect 3
says '→ proxy_' "$out"
mkdir "$tmp/tls"
python3 "$root/tests/cli/receiver.py" "$tmp/tls" "$tmp/shop-both.pem" &
until_true test -e "$tmp/tls/port"
tls_port=$(cat "$tmp/tls/port")
for through in "http://ali:pass%20word@127.0.0.1:$(cat "$tmp/plain")" "https://ali:pass%20word@localhost:$proxy_port"; do
    run send "https://shop.invalid:$tls_port/" ticket.created --allow-private --proxy "$through" --ca-file "$tmp/cert.pem" --count 20
    expect 0
    run doctor "https://shop.invalid:$tls_port/" --allow-private --proxy "$through" --ca-file "$tmp/cert.pem"
    expect 0
    says 'certificate +good for (39|40) days' "$out" # the receiver's, not the proxy's
    run send "https://other.invalid:$tls_port/" ticket.created --allow-private --proxy "$through" --ca-file "$tmp/cert.pem"
    expect 3
    says '→ tls_name' "$out"
    run send "https://shop.invalid:$tls_port/" ticket.created --allow-private --proxy "$through" --ca-file "$tmp/proxy.pem"
    expect 3
    says '→ tls_untrusted' "$out"
    says "receiver's certificate" "$err"
done
run doctor "$url" --allow-private --proxy "https://ali:pass%20word@localhost:$proxy_port" --ca-file "$tmp/proxy.pem"
expect 0
! grep -q 'good for' "$tmp/out" || die "whose certificate? $out"
[ "$(wc -l <"$tmp/tls/requests")" = 40 ] || die "$(wc -l <"$tmp/tls/requests") arrived"
