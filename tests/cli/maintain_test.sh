#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# store and doctor --store: what an operator does with a store, while a server uses it.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"
# shellcheck source=tests/cli/storing.sh
. "$(dirname "$0")/storing.sh"

new /ok --name CRM
crm=$id
new /ok/held --name Held --mode held
for _ in 1 2 3; do does 0 webhooks test "$crm" --allow-private; done

# has VERDICT CHECK PATTERN: doctor says so
has() {
    json "$tmp/out" '[c["value"] for c in all[0]["checks"] if c["check"] == "'"$2"'" and c["verdict"] == "'"$1"'"]' |
        grep -Eq -- "$3" || die "doctor does not say '$2: $3' ($1): $out"
}

# ---- doctor ----

both 0 doctor --store "sqlite:$store"
has ok database 'no page'
has ok permissions "$store is its owner"
has ok size 'database [0-9.]+ MiB'
has ok disk 'MiB free'
has warning client 'nobody delivers'
has ok waiting '0 deliveries for 2 webhooks'
both 0 doctor # HELMDESK_STORE
has ok database 'no page'
HELMDESK_STORE='' both 0 doctor
lacks database "$out"
HELMDESK_STORE="sqlite:$tmp/nowhere" both 0 doctor
has warning store 'there is none in .*nowhere yet'
chmod go+rx "$store"
does 0 doctor --json
has warning permissions 'others can use .*chmod go='
chmod go-rx "$store"
both 5 doctor --store "sqlite:$tmp/nowhere"
has error store 'cannot be used'

# A server; what waits, and why
port_of() { sed -n 's/.*"serving":"http:[^:]*:\([0-9]*\).*/\1/p' "$1"; }
if "$helmdesk" serve --store nonsense 2>/dev/null || [ $? = 69 ]; then
    echo "helmdesk was built without libmicrohttpd"
    exit 77
fi
: >"$tmp/served"
"$helmdesk" serve --port 0 --json --allow-private --project acme >"$tmp/served" 2>"$tmp/served.err" </dev/null &
server=$!
until_true grep -q serving "$tmp/served"
url=http://127.0.0.1:$(port_of "$tmp/served")
"$helmdesk" payload ticket.created >"$tmp/event"
post() {
    curl -sS -m 60 -o "$tmp/posted" -H "Authorization: Bearer $(cat "$store/token")" --data-binary "@$tmp/event" \
        "$url/events?project=acme" && grep -q event_id "$tmp/posted"
}
for _ in 1 2 3 4; do post || die "cannot post: $(cat "$tmp/posted")"; done
waits() {
    does 0 webhooks get Held --json
    [ "$(json "$tmp/out" 'all[0]["waiting"]')" = "$1" ]
}
until_true waits 4
does 0 doctor --json
has ok client "process $server, deliver, 64 of 64 parts"
has warning waiting '4 for Held .*it is held'
has ok waiting '4 deliveries for 2 webhooks'

# ---- backup, while the server writes ----

(while post; do :; done) &
poster=$!
for number in 1 2 3; do
    does 0 store backup "$tmp/backup$number"
    both 0 store check --store "sqlite:$tmp/backup$number"
    told 'all[0]["ok"], all[0]["webhooks"]' '(True, 2)'
    does 0 webhooks get Held --store "sqlite:$tmp/backup$number" --json
    [ "$(json "$tmp/out" 'all[0]["waiting"]')" -ge 4 ] || die "the copy lacks what waits: $out"
done
both 0 store check
both 5 store backup "$tmp/backup1"
says 'never replaces a store' "$err"
both 5 store backup "$store"
both 5 store backup "$tmp/no/such/place"
does 0 store backup "$tmp/backup4" --json
told 'all[0]["backup"]' "$tmp/backup4"
kill "$poster"
wait "$poster" 2>/dev/null || true

# ---- prune, beside it ----

does 2 store prune
says 'how much is to be kept' "$err"
does 2 store prune --keep 7
does 2 store prune --keep-reports 1 --no-input
before=$(count --tests all)
does 0 store prune --keep 30d --yes --json
told 'all[0]["deleted"]' 0
does 0 store prune --keep-reports 2 --yes --json
told 'all[0]["deleted"] > 0, all[0]["left"] >= 2' '(True, True)'
[ "$before" -gt "$(count --tests all)" ] || die "nothing is gone: $before, $(count --tests all)"

# ---- rekey ----

does 2 store rekey
does 2 store rekey --no-key --new-key-file "$tmp/key"
both 5 store rekey --new-key-file "$tmp/key" --yes
says 'would go on with the old key' "$err"
[ "$(json "$tmp/err" 'all[-1]["error"]')" = HD_E_STORE_BUSY ] || die "$err"
kill "$server"
ends 0 "$server"
shows 0 webhooks secret CRM reveal
secret=$(line present)
does 2 store rekey --new-key-file "$tmp/key" --no-input
does 0 store rekey --new-key-file "$tmp/key" --yes
[ "$(stat -c %a "$tmp/key" 2>/dev/null || stat -f %Lp "$tmp/key")" = 600 ] || die "others can read the key"
! grep -qF "$secret" "$store"/* || die "the secret still stands in a file"
both 5 store check
[ "$(json "$tmp/err" 'all[0]["error"]')" = HD_E_STORE_KEY ] || die "$err"
says 'no key was given' "$err"
both 0 store check --store-key-file "$tmp/key"
does 5 store rekey --new-key-file "$tmp/other" --yes # without the key that it has now
shows 0 webhooks secret CRM reveal --store-key-file "$tmp/key"
[ "$(line present)" = "$secret" ] || die "the secret is another one"
does 0 store rekey --store-key-file "$tmp/key" --new-key-file "$tmp/other" --yes
both 5 store check --store-key-file "$tmp/key"
does 0 store rekey --store-key-file "$tmp/other" --no-key --yes --json
told 'all[0]["encrypted"]' False
shows 0 webhooks secret CRM reveal
[ "$(line present)" = "$secret" ] || die "the secret is another one"

# A watch that could show nothing.
both 2 deliveries tail --until 1h
says 'is past' "$err"

# ---- Damage ----

python3 - "$store/helmdesk.db" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    data = bytearray(file.read())
    for at in range(20 * 4096 + 8, len(data) - 64, 4096):
        data[at:at + 64] = b"Z" * 64
    file.seek(0)
    file.write(data)
END
both 5 store check
[ "$(json "$tmp/err" 'all[0]["error"]')" = HD_E_STORE_DAMAGED ] || die "$err"
both 5 doctor
has error database 'HD_E_STORE_DAMAGED'
has error database 'restore a backup'
both 0 store check --store "sqlite:$tmp/backup4"
