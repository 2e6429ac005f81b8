#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the tool tells of deliveries that are unlike others, and whether it sends them again: those that ended
# without an attempt, and those of events that are damaged in the store.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"
# shellcheck source=tests/cli/storing.sh
. "$(dirname "$0")/storing.sh"

# change SQL: in the store
change() {
    python3 -c 'import sqlite3, sys
store = sqlite3.connect(sys.argv[1], timeout=60)
store.execute(sys.argv[2])
store.commit()' "$store/helmdesk.db" "$1"
}

new /ok
webhook=$id
does 0 webhooks test "$webhook" --allow-private
newest "$webhook"
good=$delivery

# ---- Without an attempt ----

# is_discarded WEBHOOK: what was discarded is in the log, once a client has delivered
is_discarded() {
    does 0 deliveries redeliver "$good" --deliver --allow-private
    [ "$(count --webhook "$1" --reason discarded)" = 1 ]
}

# Before the first one.
new /ok --mode held
does 0 webhooks test "$id" --allow-private
newest "$id"
does 1 deliveries redeliver "$delivery"
does 0 webhooks discard "$id" --yes
until_true is_discarded "$id"
newest "$id"
does 0 deliveries get "$delivery"
says '^[0-9-]+ [0-9:]+  no attempt  canceled discarded \(queued [0-9]+\)$' "$out"
says '^\(No attempt was begun: nothing was sent\.\)$' "$out"
does 0 deliveries get "$delivery" --json
told '[one["attempt"] for one in all], all[0]["request"]["line"], all[0]["request"]["headers"]' '([0], None, [])'

# While it waited for the second one.
new /fail --attempts 2
does 1 webhooks test "$id" --allow-private
newest "$id"
does 1 deliveries redeliver "$delivery" --deliver --allow-private
does 0 webhooks discard "$id" --yes
until_true is_discarded "$id"
newest "$id"
does 0 deliveries get "$delivery"
says '^[0-9-]+ [0-9:]+  attempt 1  retrying 500 in [0-9]+ ms ' "$out"
says '^[0-9-]+ [0-9:]+  no attempt  canceled discarded \(queued [0-9]+\)$' "$out"
says '^\(It ended while it waited for its next attempt: there was no request\. This would have been its body\.\)$' "$out"
lacks 'not known' "$out"
does 0 deliveries get "$delivery" --json
told '[(one["attempt"], one["outcome"], one["request"]["line"] is None) for one in all]' \
    "[(1, 'retrying', False), (0, 'canceled', True)]"

# The same, while the tool waits for another one, which its rate keeps back: it is no attempt that took no time.
new /ok --rate 1/min
does 0 webhooks test "$id" --allow-private
newest "$id"
limited=$delivery
new /fail/later --attempts 2
does 1 webhooks test "$id" --allow-private
newest "$id"
is_retrying() {
    [ "$(count --webhook "$id" --outcome retrying)" -gt "$retrying" ]
}
# On a machine that is busy, the retry may be there before the discarding.
is_discarded_meanwhile() {
    retrying=$(count --webhook "$id" --outcome retrying)
    "$helmdesk" deliveries redeliver "$delivery" "$limited" --deliver --allow-private --json >"$tmp/redelivered" 2>"$tmp/err" &
    redelivering=$!
    until_true is_retrying
    does 0 webhooks discard "$id" --yes
    wait "$redelivering" || true
    cp "$tmp/redelivered" "$tmp/out"
    [ "$(json "$tmp/out" 'all[-1]["summary"]["canceled"]')" = 1 ]
}
until_true is_discarded_meanwhile
told 'all[-1]["summary"]["ms"]["p50"] >= 50' True

# What a log has that was written before heads were kept.
change "UPDATE log SET request = x'' WHERE delivery = x'${good//-/}'"
does 0 deliveries get "$good"
says '  attempt 1  delivered 200 in [0-9]+ ms ' "$out"
says 'headers that were sent are not known' "$out"

# ---- Of an event that is damaged ----

new /ok
webhook=$id
does 0 webhooks test "$webhook" --allow-private
newest "$webhook"
does 0 deliveries redeliver "$delivery" "$delivery" "$delivery" --deliver --allow-private
newest "$webhook"
change "UPDATE event SET body = x'7B' WHERE key = (SELECT event FROM log WHERE delivery = x'${delivery//-/}')"
before=$(requests /ok)
both 5 deliveries redeliver "$delivery" --deliver --allow-private
says "the event of delivery $delivery cannot be read" "$err"
says 'is damaged' "$err"
does 5 deliveries redeliver --all --again --yes --webhook "$webhook" --deliver --allow-private
says 'left out, since the store is damaged and their events cannot be read: 1$' "$err"
says '^2 deliveries in .*: 2 delivered, 0 failed' "$out"
[ "$(requests /ok)" = "$((before + 2))" ] || die "$(requests /ok) requests came, after $before"
! grep -q unreadable "$tmp/requests" || die "what did not happen was sent: $(cat "$tmp/requests")"
