#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Standard input, output and error that are closed: no other file takes their place, and what needs them fails.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"

listen hanging --respond hang
if [ -d /proc/self/fd ]; then
    "$helmdesk" send "http://127.0.0.1:$port/" ticket.created --allow-private <&- >&- 2>&- &
    sender=$!
    until_true has_received hanging 1
    for file in 0 1 2; do
        [ "$(readlink "/proc/$sender/fd/$file")" = /dev/null ] ||
            die "$file is $(readlink "/proc/$sender/fd/$file")"
    done
    kill "$sender"
fi
code=0
"$helmdesk" version >&- 2>"$tmp/err" || code=$?
[ "$code" = 70 ] || die "without standard output: $code"
code=0
HELMDESK_SECRET=x "$helmdesk" sign <&- 2>"$tmp/err" || code=$?
[ "$code" = 2 ] || die "without standard input: $code"
says 'cannot read standard input' "$(cat "$tmp/err")"
