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
hints "'helmdesk version'" --version
hints "'helmdesk version'" -V
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

# No time at all is none: it does not switch a check off.
for none in 0 0s 0.4ms; do
    hints 'It is a time such as' verify --signature "$(printf %064d 0)" --max-age "$none" "$0" --secret-file "$0"
    hints 'It is a time such as' stats --bucket "$none" --store "sqlite:$tmp/store"
done

# Two options of one name have a default each.
run help deliveries list
says '1 to 1000 \(50\)' "$out"
run help deliveries tail
says '1 to 1000 \(10\)' "$out"
