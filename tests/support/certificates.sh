#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# certificates.sh DIRECTORY: an authority, and what it or others have signed, good and bad. NAME.pem is what a receiver
# sends, its own certificate first; NAME.key is its key; authority.pem is what a client knows.
set -euo pipefail
cd "$1"

cat >openssl.cnf <<'END'
[req]
distinguished_name = nothing
[nothing]
[ca]
default_ca = here
[here]
database = index
new_certs_dir = .
rand_serial = yes
policy = any
unique_subject = no
default_days = 30
default_md = sha256
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
[server]
subjectAltName = DNS:receiver.example, IP:127.0.0.1
extendedKeyUsage = serverAuth
[client]
subjectAltName = DNS:receiver.example, IP:127.0.0.1
extendedKeyUsage = clientAuth
[elsewhere]
subjectAltName = DNS:other.example
END
: >index

# key NAME [ALGORITHM...]
key() {
    local name=$1
    shift
    [ $# -gt 0 ] || set -- -algorithm EC -pkeyopt ec_paramgen_curve:P-256
    openssl genpkey "$@" -out "$name.key"
}

# sign NAME EXTENSIONS ISSUER [OPTION...]: a certificate for NAME.key, by ISSUER
sign() {
    local name=$1 extensions=$2 issuer=$3
    shift 3
    openssl req -new -config openssl.cnf -key "$name.key" -subj "/CN=$name" -out "$name.csr"
    openssl ca -batch -notext -config openssl.cnf -in "$name.csr" -out "$name.crt" -extensions "$extensions" \
        -keyfile "$issuer.key" -cert "$issuer.crt" "$@"
    cat "$name.crt" >"$name.pem"
}

# root NAME: it signs itself
root() {
    local name=$1
    openssl req -new -x509 -config openssl.cnf -extensions authority -key "$name.key" -subj "/CN=$name" -days 30 \
        -out "$name.crt"
    cp "$name.crt" "$name.pem"
}

key authority
root authority
key stranger
root stranger

for name in good expired early elsewhere purpose; do key "$name"; done
sign good server authority
sign expired server authority -startdate 20200101000000Z -enddate 20210203000000Z
sign early server authority -startdate 20980706000000Z -enddate 20990101000000Z
sign elsewhere elsewhere authority
sign purpose client authority

key old_intermediate
sign old_intermediate authority authority -startdate 20200101000000Z -enddate 20220304000000Z
key below_old
sign below_old server old_intermediate
cat old_intermediate.crt >>below_old.pem

key intermediate
sign intermediate authority authority
key incomplete
sign incomplete server intermediate

key self
openssl req -new -x509 -config openssl.cnf -extensions server -key self.key -subj /CN=self -days 30 -out self.pem
key unknown
sign unknown server stranger
key own
sign own server stranger
cat stranger.crt >>own.pem

key weak_key -algorithm RSA -pkeyopt rsa_keygen_bits:1024
sign weak_key server authority
key weak_issuer -algorithm RSA -pkeyopt rsa_keygen_bits:1024
sign weak_issuer authority authority
key below_weak
sign below_weak server weak_issuer
cat weak_issuer.crt >>below_weak.pem
key sha1
sign sha1 server authority -md sha1
