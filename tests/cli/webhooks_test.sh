#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# webhooks: each field can be changed, and changed back.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"

export HELMDESK_STORE=sqlite:$tmp/store
run webhooks create https://example.com/hooks --project acme --json
expect 0
webhook=$(json "$tmp/out" 'all[0]["id"]')
run webhooks get "$webhook"
before=$out

# to_and_back LINE THERE... -- BACK...: the options change a line of get into this one, and those after -- all of it back
to_and_back() {
    local line=$1 there=()
    shift
    while [ "$1" != -- ]; do there+=("$1") && shift; done
    shift
    run webhooks update "$webhook" "${there[@]}"
    expect 0
    says "^$line\$" "$out"
    run webhooks update "$webhook" "$@"
    expect 0
    [ "$out" = "$before" ] || die "update $*: $out"
}
to_and_back 'name +CRM' --name CRM -- --name ''
to_and_back 'url +https://example\.org/…' --url https://example.org/hooks -- --url https://example.com/hooks
to_and_back 'format +slack' --format slack -- --format json
to_and_back 'events +ticket\.created,message\.received' --events message.received,ticket.created -- --events all
to_and_back 'events +all,webhook\.failing' --events all,webhook.failing -- --events all
to_and_back 'events +webhook\.paused,webhook\.recovered' --events webhook.recovered,webhook.paused -- --events all
to_and_back 'header +X-A: \*+' -H 'X-A: b' -- -H 'X-A:'
to_and_back 'standard +yes' --standard -- --no-standard
to_and_back 'attempts +20' --attempts 20 -- --attempts 1
to_and_back 'backoff +10s-1h' --backoff 10s-1h -- --backoff default
to_and_back 'backoff +1500ms-90s' --backoff 1500ms-1.5m -- --backoff default
for backoff in 10s 10-20 20s-10s 0s-1s 1s-25h -1s; do
    run webhooks update "$webhook" --backoff "$backoff"
    expect 2
    says "such as 10s-1h" "$err"
done
to_and_back 'in flight +64' --in-flight 64 -- --in-flight 4
to_and_back 'rate +10/s, burst 1$' --rate 10/s -- --rate none
to_and_back 'rate +100/h, burst 20$' --rate 100/h --burst 20 -- --rate none
to_and_back 'pause +never$' --pause-after never -- --pause-after default
to_and_back 'pause +after 3 failed attempts in a row, for 60 s$' --pause-after 3 --pause-for 1m -- --pause-after default
for bad in 0 x -1 1000001 '3 '; do
    run webhooks update "$webhook" --pause-after="$bad"
    expect 2
    says "^helmdesk: --pause-after cannot be '$bad'" "$err"
done
run webhooks update "$webhook" --pause-for 1m
expect 2
says 'goes with --pause-after N' "$err"
to_and_back 'ordered +yes' --ordered yes -- --ordered no

# Before something is removed it is asked, in words that cannot harm the terminal; any yes is one.
run webhooks update "$webhook" --name $'a\u202eb'
python3 - "$helmdesk" "$webhook" >"$tmp/asked" <<'END'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "webhooks", "delete", sys.argv[2]])
seen = b""
while b"[y/N] " not in seen:
    seen += os.read(fd, 1000)
os.write(fd, b"YES\n")
_, status = os.waitpid(pid, 0)
print(seen.decode(), os.WEXITSTATUS(status))
END
says "'a.u202eb'.*\\[y/N\\]  0$" "$(cat "$tmp/asked")"
run webhooks get "$webhook"
expect 1

# ---- Who changed what ----

run webhooks create https://example.com/T0K3N-path/hook --project audited --name Audited --as ann --json
expect 0
audited=$(json "$tmp/out" 'all[0]["id"]')
run webhooks update Audited --attempts 4 --header 'X-Key: T0K3N-value' --as 'bob@example.com'
run webhooks secret Audited stage --as ann
run webhooks secret Audited reveal
expect 0
HELMDESK_USER=eve run webhooks hold Audited
run webhooks changes Audited
expect 0
says ' eve  updated  Audited$' "$out"
says '^ +mode on (→|->) held$' "$out"
says " $(id -un)  secret_revealed  Audited\$" "$out"
says ' ann  secret_staged  Audited$' "$out"
says ' bob@example.com  updated  Audited$' "$out"
says '^ +max_attempts 1 (→|->) 4$' "$out"
says '^ +headers - (→|->) X-Key$' "$out"
! grep -q T0K3N "$tmp/out" || die "a secret is told: $out"

# Of two people who rotate one secret, the second is told who was faster.
run webhooks get Audited --json
version=$(json "$tmp/out" 'all[0]["version"]')
run webhooks secret Audited activate --if-version $((version - 1))
expect 1
says 'changed meanwhile by eve \(updated\) at ' "$err"
run webhooks secret Audited stage --no-input
expect 2
says 'staged already; the last change was by eve' "$err"
run webhooks secret Audited activate --if-version "$version"
expect 0

# A deleted webhook is named by its id; pages; CSV; JSON.
run webhooks delete Audited --yes --as ann
run webhooks changes "$audited" --limit 2 --json
expect 0
[ "$(json "$tmp/out" '[entry["action"] for entry in all]')" = "['deleted', 'secret_activated']" ] || die "json: $out"
run webhooks changes "$audited" --limit 2
before=$(sed -n 's/.*--before \([0-9]*\)$/\1/p' "$tmp/err")
run webhooks changes --project audited --before "$before" --format csv
expect 0
says '^at,by,action,' "$out"
says ',"eve","updated","audited",' "$out"
says ',"mode","on","held",' "$out"
run webhooks changes nobody
expect 1
