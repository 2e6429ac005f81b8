#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# deliveries redeliver: what comes of several, also where a webhook has attempts left.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"

listen failing --respond 500
export HELMDESK_STORE=sqlite:$tmp/store
"$helmdesk" webhooks create "http://127.0.0.1:$port/" --project acme --attempts 5 --allow-private --json >"$tmp/made" 2>/dev/null
webhook=$(json "$tmp/made" 'all[0]["id"]')
for _ in 1 2; do run webhooks test "$webhook" --allow-private; done
run deliveries list --json
mapfile -t ids < <(json "$tmp/out" '"\n".join(one["id"] for one in all if "id" in one)')
[ "${#ids[@]}" = 2 ] || die "the log has ${ids[*]}"

# Each is tried once here, and again by the next server: that is no success.
run deliveries redeliver "${ids[@]}" --allow-private
expect 1
says '^2 deliveries in .*: 0 delivered, 0 failed, 2 to be tried again$' "$out"
says '^  2 http_5xx: ' "$out"
run deliveries redeliver "${ids[@]}" --allow-private --json
expect 1
[ "$(json "$tmp/out" 'all[-1]["summary"]["left"], all[-1]["summary"]["reasons"]')" = "(2, {'http_5xx': 2})" ] ||
    die "redeliver --json: $out"
