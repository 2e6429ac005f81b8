#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the tool tells of deliveries that are unlike others, and whether it sends them again: those of events that are
# damaged in the store.
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
does 5 deliveries redeliver --all --yes --webhook "$webhook" --deliver --allow-private
says 'left out, since the store is damaged and their events cannot be read: 1$' "$err"
says '^2 deliveries in .*: 2 delivered, 0 failed' "$out"
[ "$(requests /ok)" = "$((before + 2))" ] || die "$(requests /ok) requests came, after $before"
! grep -q unreadable "$tmp/requests" || die "what did not happen was sent: $(cat "$tmp/requests")"
