#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# doctor: it sees a receiver as deliveries do.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"

listen all
url=http://shop.example:$port/

# Addresses that the command line names.
run doctor "$url" --resolve "shop.example:$port:127.0.0.1" --allow-private
expect 0
says "connection +127\.0\.0\.1:$port" "$out"
says 'clocks +0 s apart' "$out"

# A public name that leads to a private address: deliveries would not go there.
run doctor https://shop.example/ --resolve shop.example:443:10.0.0.1
expect 4
says 'rules +blocked: .*10\.0\.0\.0/8' "$out"
! grep -q 'may have this address' <<<"$out" || die "doctor says '$out'"

# What --allow-private was given for already, and cannot open.
run doctor http://169.254.169.254/ --allow-private
expect 4
says 'never allowed' "$err"
! grep -q 'try again with' <<<"$err" || die "doctor says '$err'"

# With JSON too it is told which check failed.
run doctor http://127.0.0.1/ --json
expect 4
[ "$(json "$tmp/out" 'all[0]["ok"], [c["verdict"] for c in all[0]["checks"] if c["check"] == "rules"]')" = "(False, ['error'])" ] ||
    die "doctor --json: $out"

# What is wrong with a certificate is told as deliveries tell it.
mkdir "$tmp/certificates"
"$root/tests/support/certificates.sh" "$tmp/certificates" >"$tmp/made" 2>&1
expired=$tmp/certificates/expired
openssl s_server -accept 127.0.0.1:0 -naccept 1 -www -cert "$expired.pem" -key "$expired.key" >"$tmp/s_server" 2>&1 &
server=$!
until_true grep -q '^ACCEPT .*:[0-9]' "$tmp/s_server"
run doctor "https://127.0.0.1:$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$tmp/s_server")/" --allow-private \
    --ca-file "$tmp/certificates/authority.pem"
kill "$server" 2>"$tmp/ended" || : # it has ended by itself
expect 3
says "connection +tls_expired: The receiver's certificate expired on 2021-02-03; renew it\." "$out"
