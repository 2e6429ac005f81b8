#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Page = JSON API = C API = command line: every route of the dashboard stands in parity.txt with what does the same in C
# and at the command line, and each of those exists.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
: "${BUILD:=build}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

sed -n 's/^    {"\([A-Z]*\)", \(.*\), \(VIEWER\|ADMIN\), .*/\1 \2/p' "$root/src/dashboard/route.c" |
    sed -e 's|WEBHOOKS|"projects/\*/webhooks"|' -e 's|DELIVERIES|"projects/\*/deliveries"|' -e 's|JOBS|"projects/\*/jobs"|' -e 's/"//g' \
        -e 's|^\([A-Z]*\) \(.*\) /|\1 \2/|' | sort >"$tmp/routes"
grep -v '^#' "$root/tests/parity.txt" >"$tmp/table"
cut -d '|' -f 1 "$tmp/table" | sed 's/ *$//' | sort >"$tmp/listed"
[ "$(wc -l <"$tmp/routes")" -ge 25 ] || { echo "route.c was not understood: $(cat "$tmp/routes")"; exit 1; }
diff "$tmp/routes" "$tmp/listed" || { echo "routes (<) and parity.txt (>) differ"; exit 1; }
while IFS='|' read -r route functions command; do
    for function in $functions; do
        [ "$function" = - ] || grep -qx "$function" "$root"/tests/abi/*symbols.txt || { echo "$route: there is no $function"; exit 1; }
    done
    command=${command# }
    # shellcheck disable=SC2086  # one word or two
    [ "$command" = - ] || "$BUILD/helmdesk" help $command >/dev/null || { echo "$route: there is no command $command"; exit 1; }
done <"$tmp/table"
echo "$(wc -l <"$tmp/routes") routes"
