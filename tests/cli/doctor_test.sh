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
says "connection +127\.0\.0\.1 port $port" "$out"

# A public name that leads to a private address: deliveries would not go there.
run doctor https://shop.example/ --resolve shop.example:443:10.0.0.1
expect 4
says 'rules +its name leads to 10\.0\.0\.1' "$out"
! grep -q 'may have this address' <<<"$out" || die "doctor says '$out'"

# With JSON too it is told which check failed.
run doctor http://127.0.0.1/ --json
expect 4
[ "$(json "$tmp/out" 'all[0]["ok"], [c["verdict"] for c in all[0]["checks"] if c["check"] == "rules"]')" = "(False, ['error'])" ] ||
    die "doctor --json: $out"
