#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The lines of README.md about the command line, as they stand there, one after the other, and what they show; only the
# port is a free one.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"

awk '/^## /{inside = /command line/} inside && /^```sh$/{lines = 1; next} /^```$/{lines = 0} inside && lines' "$root/README.md" >"$tmp/lines"
[ "$(wc -l <"$tmp/lines")" -ge 6 ] || die "README.md has no lines about the command line"
first=$(sed -n 1p "$tmp/lines")
case $first in "helmdesk listen --port 8787 &"*) ;; *) die "the first line is '$first'" ;; esac
free=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

"$helmdesk" listen --port "$free" >"$tmp/listened" 2>"$tmp/listened.err" &
until_true grep -q 'Listening on' "$tmp/listened.err"
cd "$tmp"
tail -n +2 lines | sed "s/8787/$free/g" >script
PATH=$(dirname "$helmdesk"):$PATH bash -euo pipefail script >shown 2>err </dev/null || die "ended with $?: $(cat shown err)"
says '→ 200 in' "$(cat shown)"
says '^[0-9a-f]{64}$' "$(cat shown)"
says '^valid$' "$(cat shown)"
says '^1000 deliveries in .*: 1000 delivered, 0 failed$' "$(cat shown)"
[ "$(grep -c '✓ signature' listened)" = 1001 ] || die "not every signature was valid: $(grep -v '✓' listened | head)"
