#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The command line: what is nearly right is understood, or answered with what is meant.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"

# hints PATTERN ARGUMENT...: it is refused, with a hint
hints() {
    local pattern=$1
    shift
    run "$@"
    expect 2
    says "$pattern" "$err"
}
hints "Did you mean 'listen'" listn
hints "Did you mean 'webhooks'" webhoks list
hints "Did you mean 'deliveries'" deliverys list
hints "Did you mean 'webhooks list'" webhooks lst
hints "'helmdesk help' lists them" nonsense
hints "Did you mean '--secret-file'" sign --secretfile x

# Help for a group of commands, however it is asked for.
for asked in 'help webhooks' '--help webhooks' 'webhooks --help' 'webhooks -h' 'webhooks help'; do
    # shellcheck disable=SC2086  # a list of words
    run $asked
    expect 0
    says '^helmdesk webhooks COMMAND' "$out"
done
run help --help
says '^helmdesk help' "$out"

# The version, wherever it is asked for.
for asked in --version -V 'sign --version' 'webhooks get -V' version; do
    # shellcheck disable=SC2086  # a list of words
    run $asked
    expect 0
    says '^helmdesk [0-9]+\.[0-9]+\.[0-9]+$' "$out"
done

# A time has a unit: a number alone could be anything.
signature=$(printf %064d 0)
echo secret >"$tmp/secret"
for asked in "verify --max-age 5 --signature $signature $0" "send http://127.0.0.1/ ticket.created --timeout 5 --allow-private --secret-file $tmp/secret" \
    'stats --bucket 5' 'stats --since 5' 'listen --timeout 5'; do
    # shellcheck disable=SC2086  # a list of words
    hints 'the unit is missing' $asked
    says 'Write 5s' "$err"
done

# With --json errors are objects, even those of the command line itself, and remarks too.
run listn --json
expect 2
[ "$(json "$tmp/err" 'all')" = "[{'error': 'usage', 'message': \"there is no command 'listn'\", 'hint': \"Did you mean 'listen'?\"}]" ] || die "$err"
run webhooks list --store "sqlite:$tmp/nowhere" --json
if [ "$code" != 69 ]; then
    expect 5
    [ "$(json "$tmp/err" 'len(all), all[0]["error"]')" = "(1, 'HD_E_STORE_MISSING')" ] || die "$err"
fi
run sign "$tmp/nothing" --secret-file "$0" --json
expect 2
[ "$(json "$tmp/err" 'all[0]["error"], all[0]["hint"]')" = "('usage', None)" ] || die "$err"

# No time at all is none: it does not switch a check off.
for none in 0s 0.4ms; do
    hints 'It is a time such as' verify --signature "$(printf %064d 0)" --max-age "$none" "$0" --secret-file "$0"
    hints 'It is a time such as' stats --bucket "$none" --store "sqlite:$tmp/store"
done

# Two options of one name have a default each.
run help deliveries list
says '1 to 1000 \(50\)' "$out"
run help deliveries tail
says '1 to 1000 \(10\)' "$out"
