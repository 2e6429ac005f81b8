#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Reports, webhooks and statistics as JSON: what the tool prints and what the dashboard's API returns is the same, keeps to
# the schemas in tests/data, and has no secret. A demo of the example server has many kinds of them, in a store that the
# tool reads beside it.
set -euo pipefail
# shellcheck source=tests/frame.sh
. "$(dirname "$0")/frame.sh"

root=$(cd "$(dirname "$0")/.." && pwd)
if ! python3 -W ignore -c 'import jsonschema' 2>/dev/null; then
    echo "Python's jsonschema is not installed (python3-jsonschema)"
    exit 77
fi
code=0
"$BUILD/helmdesk" webhooks list --store "sqlite:$tmp" >/dev/null 2>&1 || code=$?
if [ "$code" = 69 ]; then
    echo "helmdesk was built without SQLite"
    exit 77
fi

"$BUILD/helmdesk-desk" --demo --port 0 --store "$tmp/store" --token-file "$tmp/links" >"$tmp/desk" 2>&1 &
until_true has_line '^admin ' "$tmp/links"
url=http://127.0.0.1:$(sed -n 's/^helmdesk-desk listens on .*:\([0-9]*\)\/$/\1/p' "$tmp/desk")
token=$(sed -n 's/^admin .*#//p' "$tmp/links")

python3 -W ignore "$root/tests/json_forms.py" "$url" "$token" "$BUILD/helmdesk" "$tmp/store" "$root/tests/data"
