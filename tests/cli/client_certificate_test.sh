#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Mutual TLS: which certificate a receiver is shown, over TLS 1.2 and 1.3, from the command line and from a store.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"
# shellcheck source=tests/cli/storing.sh
. "$(dirname "$0")/storing.sh"

# certificate NAME SUBJECT SIGNER: NAME.pem has it, its authority and its key; NAME.key the key
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/$1.key" -out "$tmp/$1.csr" -subj "/CN=$2" 2>/dev/null
    openssl x509 -req -in "$tmp/$1.csr" -CA "$tmp/$3.crt" -CAkey "$tmp/$3.key" -CAcreateserial -days 2 \
        -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1") -out "$tmp/$1.crt" 2>/dev/null
    cat "$tmp/$1.key" "$tmp/$1.crt" "$tmp/$3.crt" >"$tmp/$1.pem"
}

# authority NAME
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/$1.key" -out "$tmp/$1.crt" -days 2 -subj "/CN=$1" 2>/dev/null
}

authority own
authority strange
certificate server localhost own
certificate alice alice own
certificate bob bob own
certificate mallory mallory strange
cat "$tmp/server.crt" "$tmp/server.key" >"$tmp/server.pem"
cat "$tmp/alice.crt" "$tmp/bob.key" >"$tmp/mixed.pem"
export HELMDESK_SECRET=0123456789

# ask_server VERSION ARGUMENT...: a delivery to openssl's server, which wants a certificate and answers one request
ask_server() {
    local version=$1 server
    shift
    : >"$tmp/server.out"
    mkfifo "$tmp/answer"
    openssl s_server -accept 0 "-$version" -Verify 2 -verify_return_error -CAfile "$tmp/own.crt" -cert "$tmp/server.crt" \
        -key "$tmp/server.key" -naccept 1 <"$tmp/answer" >"$tmp/server.out" 2>&1 &
    server=$!
    exec 9>"$tmp/answer"
    printf 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' >&9
    until_true grep -q ACCEPT "$tmp/server.out"
    run send "https://localhost:$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$tmp/server.out")/" ticket.created --allow-private --ca-file "$tmp/own.crt" "$@"
    exec 9>&-
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    rm "$tmp/answer"
    cat "$tmp/out" "$tmp/err" >>"$tmp/told"
}

for version in tls1_2 tls1_3; do
    ask_server "$version" --client-certificate "$tmp/alice.pem"
    expect 0
    says 'depth=0 CN ?= ?alice' "$(cat "$tmp/server.out")"
    ask_server "$version"
    expect 3
    says '→ tls_client_certificate' "$out"
    says 'The receiver wants a client certificate' "$err"
    ask_server "$version" --client-certificate "$tmp/mallory.pem"
    expect 3
    says '→ tls_client_certificate' "$out"
    says 'did not accept the client certificate' "$err"
done

# A receiver that writes down whom it has seen.
mkdir "$tmp/mutual"
python3 "$root/tests/cli/receiver.py" "$tmp/mutual" "$tmp/server.pem" "$tmp/own.crt" &
until_true test -e "$tmp/mutual/port"
url=https://localhost:$(cat "$tmp/mutual/port")
: >"$tmp/mutual/requests"
reach=(--allow-private --ca-file "$tmp/own.crt")

does 0 send "$url/plain" ticket.created "${reach[@]}" --client-certificate "$tmp/alice.pem"
does 0 doctor "$url/plain" "${reach[@]}" --client-certificate "$tmp/alice.pem"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do # it closes before or after it is sent something
    does 3 doctor "$url/plain" "${reach[@]}"
    says 'tls_client_certificate' "$out"
done

# What cannot be one.
openssl pkey -in "$tmp/alice.key" -aes256 -passout pass:x -out "$tmp/locked.key" 2>/dev/null
cat "$tmp/alice.crt" "$tmp/locked.key" >"$tmp/locked.pem"
openssl ec -in "$tmp/alice.key" -aes256 -passout pass:x -out "$tmp/old.key" 2>/dev/null
cat "$tmp/alice.crt" "$tmp/old.key" >"$tmp/old.pem"
cat "$tmp/alice.key" "$tmp/bob.pem" >"$tmp/two.pem"
for bad in locked:'is encrypted' old:'is encrypted' two:'one private key' alice.crt:'one private key' alice.key:'the certificate' server.csr:'must be PEM'; do
    file=$tmp/${bad%%:*}
    [ -e "$file" ] || file=$file.pem
    does 2 send "$url/" ticket.created "${reach[@]}" --client-certificate "$file"
    says "${bad#*:}" "$err"
    does 2 webhooks create "$url/" --project p --allow-private --client-certificate "$file"
    says "${bad#*:}" "$err"
done
does 2 send "$url/" ticket.created "${reach[@]}" --client-certificate "$tmp/none.pem"
run send "$url/" ticket.created "${reach[@]}" --client-certificate "$tmp/mixed.pem"
says '→ internal' "$out"
says 'do not belong together' "$err"

# Each webhook has its own, also where both have one address, and in one process. It is in the store for every later one.
shows 0 webhooks create "$url/hook" --project p --allow-private --client-certificate "$tmp/alice.pem" --json
alice=$(json "$tmp/out" 'all[0]["id"]')
shows 0 webhooks create "$url/hook" --project p --allow-private --client-certificate "$tmp/bob.pem" --json
bob=$(json "$tmp/out" 'all[0]["id"]')
shows 0 webhooks create "$url/hook" --project p --allow-private --json
none=$(json "$tmp/out" 'all[0]["id"]')
does 0 webhooks get "$alice"
says 'certificate +set' "$out"
does 0 webhooks get "$alice" --json
told 'all[0]["client_certificate"].count("BEGIN CERTIFICATE"), "KEY" in str(all)' '(2, False)'
does 0 webhooks get "$none" --json
told 'all[0]["client_certificate"]' None
for id in "$alice" "$bob"; do
    does 0 webhooks test "$id" "${reach[@]}"
done
does 3 webhooks test "$none" "${reach[@]}"
does 0 webhooks test "$none" "${reach[@]}" --client-certificate "$tmp/bob.pem" # its own would come first
does 0 webhooks test "$alice" "${reach[@]}" --client-certificate "$tmp/bob.pem"
# delivered COUNT: of the events that were no tests
delivered() {
    [ "$("$helmdesk" deliveries export --project p --tests no --outcome delivered 2>/dev/null | wc -l)" = "$1" ]
}
seen() {
    python3 -c 'import collections, json, sys
print(sorted(collections.Counter(json.loads(line)["client"] for line in open(sys.argv[1]) if json.loads(line)["path"] == "/hook").items()))' "$tmp/mutual/requests"
}
[ "$(seen)" = "[('alice', 2), ('bob', 2)]" ] || die "seen: $(seen)"
{
    for number in 1 2 3 4 5 6 7 8 9 10; do echo "send p $number"; done
    until_true delivered 20 >&2
    echo quit
} | python3 "$root/tests/cli/server.py" "$(dirname "$helmdesk")" "$store" "$tmp/own.crt" >/dev/null
[ "$(seen)" = "[('alice', 12), ('bob', 12)]" ] || die "seen: $(seen)"

# Taken away, and given again.
does 0 webhooks update "$alice" --client-certificate ''
does 3 webhooks test "$alice" "${reach[@]}"
does 0 webhooks update "$alice" --client-certificate "$tmp/bob.pem"
does 0 webhooks test "$alice" "${reach[@]}"

# Sealed, it is in no file as it is; and no key is in anything that was said.
openssl rand -hex 32 >"$tmp/seal"
does 0 webhooks create "$url/sealed" --project p --allow-private --client-certificate "$tmp/alice.pem" --store "sqlite:$tmp/sealed" --store-key-file "$tmp/seal" --name sealed --json
id=$(json "$tmp/out" 'all[0]["id"]')
does 0 webhooks test "$id" "${reach[@]}" --store "sqlite:$tmp/sealed" --store-key-file "$tmp/seal"
secret_line=$(sed -n 2p "$tmp/alice.key")
grep -rqF "$secret_line" "$store" || die "the control finds no key in a store without a seal"
! grep -rqF "$secret_line" "$tmp/sealed" || die "the key is in the sealed store"
! grep -rqF "$(sed -n 2p "$tmp/alice.crt")" "$tmp/sealed" || die "the certificate is in the sealed store"
for name in alice bob mallory; do
    ! grep -qF "$(sed -n 2p "$tmp/$name.key")" "$tmp/told" || die "the key of $name was told"
done
! grep -q 'PRIVATE KEY' "$tmp/told" || die "a key was told"
