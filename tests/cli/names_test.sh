#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How webhooks and deliveries are named: by id, by its beginning or end, or by the webhook's name. What fits several is
# refused, and nothing is done.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"
# shellcheck source=tests/cli/storing.sh
. "$(dirname "$0")/storing.sh"

new /ok --name CRM
crm=$id
new /ok --name Chat
chat=$id
new /ok --name Chat
other_chat=$id
new /ok --name "${crm:0:10}" # named as the beginning of another one's id
named=$id

# is ID TEXT: the webhook that the text names
is() {
    both 0 webhooks get "$2"
    told 'all[0]["id"]' "$1"
}
is "$crm" "$crm"
is "$crm" CRM
is "$crm" "${crm: -6}"
is "$chat" "${chat: -12}"
is "$chat" "${chat%?}"
is "$named" "${crm:0:10}" # a name goes before a part

# Ids begin with their time: for 49 days, their first four digits are the same.
both 2 webhooks get "${crm:0:4}"
says 'may be any of 4 webhooks' "$err"
says "$crm  CRM, project acme" "$err"
both 2 webhooks get Chat
says "$chat" "$err"
says "$other_chat" "$err"
lacks "$crm" "$err"
both 1 webhooks get crm
told_error() {
    [ "$(json "$tmp/err" 'all[0]["error"]')" = "$1" ] || die "$err"
}
told_error HD_E_NOT_FOUND
both 1 webhooks get "${crm: -3}" # too short
both 1 webhooks get ''

# Wherever one is named.
does 0 webhooks hold CRM
does 0 webhooks on CRM
does 0 webhooks update CRM --attempts 2
does 0 webhooks test CRM --allow-private
does 0 webhooks test "$chat" --allow-private
shows 0 webhooks secret CRM reveal
does 0 webhooks discard CRM --yes
does 2 webhooks delete Chat --yes
[ "$(count --webhook CRM)" = 1 ] || die "--webhook: $(count --webhook CRM)"
[ "$(count --webhook "${crm: -6}")" = 1 ] || die "--webhook by a part"
both 1 deliveries list --webhook nobody
told_error HD_E_NOT_FOUND
both 0 stats --webhook CRM --tests all
told 'all[0]["reports"]' 1

# Deliveries.
newest "$crm"
both 0 deliveries get "${delivery: -8}"
told 'all[0]["id"]' "$delivery"
both 2 deliveries get "${delivery:0:4}"
says 'may be any of several' "$err"
both 1 deliveries get ffff0000
told_error HD_E_NO_DELIVERY
both 2 deliveries get xyz
says 'is no delivery' "$err"
does 0 deliveries redeliver "${delivery: -8}" --deliver --allow-private --json
told 'all[0]["redelivery_of"]' "$delivery"
both 0 deliveries list --redelivery-of "${delivery: -8}"
told 'len(all)' 2 # and a cursor

# Of a webhook that is gone, the log still knows the whole id.
does 0 webhooks delete CRM --yes
[ "$(count --webhook "$crm")" = 2 ] || die "after its webhook was deleted: $(count --webhook "$crm")"
both 1 deliveries list --webhook CRM

# ---- CSV ----

does 0 webhooks test "$chat" --allow-private
"$helmdesk" deliveries export --format csv >"$tmp/log.csv"
python3 - "$tmp/log.csv" "$(count)" <<'END' || die "$(cat "$tmp/log.csv")"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))
assert len(rows) == int(sys.argv[2]), rows
assert open(sys.argv[1], newline="").read().count("\r\n") == len(rows) + 1
assert all(row["subject"] == "Can't reset password" and row["ticket"] == "42" for row in rows), rows
assert all(row["outcome"] == "delivered" and row["http_status"] == "200" and row["test"] in ("yes", "no") for row in rows)
assert None not in rows[0] and all(None not in row.values() for row in rows)
END
both 2 deliveries export --format xml
run deliveries export --format csv --json
expect 2
says 'exclude' "$err"

# What others wrote is no formula, and ends no field.
does 0 webhooks update "$other_chat" --name '=1+1,"x'
does 0 webhooks test "$other_chat" --allow-private
"$helmdesk" deliveries export --format csv --webhook "$other_chat" >"$tmp/log.csv"
python3 - "$tmp/log.csv" <<'END' || die "$(cat "$tmp/log.csv")"
import csv, sys
row = list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))[0]
assert row["webhook_name"] == "'=1+1,\"x", row
END
