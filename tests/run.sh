#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs test programs and test scripts in turn, one line each, and the whole output of those that fail.
#
#   tests/run.sh build/tests/sign_test tests/header_test.sh ...
#
# RUN_WRAPPER  a command that test programs (not scripts) run under, such as valgrind with its options
# SHOW         1 to show the lines that programs begin with "# "
# TEST_TIMEOUT seconds that one of them may take; default 300
# A script, and the test that mounts a disk, skip by ending with 77, after a line that says why.
set -uo pipefail
set -m # a test in the background would otherwise ignore SIGINT, and hand that on
export LC_ALL=C.UTF-8

limit=${TEST_TIMEOUT:-300}
passed=0 failed=0 skipped=0 child=
read -r -a wrapper <<<"${RUN_WRAPPER:-}"

[ $# -gt 0 ] || {
    echo "tests/run.sh: no tests given" >&2
    exit 1
}

output=$(mktemp)
trap 'rm -f "$output"' EXIT
trap '[ -z "$child" ] || kill "$child" 2>/dev/null; exit 130' INT TERM

milliseconds() {
    local now=${EPOCHREALTIME/[.,]/}
    echo $((now / 1000))
}

# line WORD NAME MILLISECONDS [REMARK]
line() {
    printf '%-8s %-28s %4d.%02d s%s\n' "$1" "$2" $(($3 / 1000)) $(($3 % 1000 / 10)) "${4:+   $4}"
}

for test in "$@"; do
    name=$(basename "$test")
    case $test in
    *.sh) command=("$test") ;;
    *) command=("${wrapper[@]}" "$test") ;;
    esac
    started=$(milliseconds)
    timeout -k 10 "$limit" "${command[@]}" >"$output" 2>&1 </dev/null &
    child=$!
    { wait "$child"; } 2>/dev/null # bash has a message of its own for each signal
    status=$?
    child=
    took=$(($(milliseconds) - started))
    if [ "$status" = 0 ]; then
        passed=$((passed + 1))
        line ok "$name" "$took"
        # Tables that a program prints are worth seeing where they are asked for; their lines begin with "# ".
        [ -z "${SHOW:-}" ] || grep -a '^# ' "$output" | sed 's/^# /    /'
        # What cmocka skipped inside of a program is to be seen as well.
        grep -a 'SKIPPED' "$output" | sed 's/^/         /'
    elif [ "$status" = 77 ] && [[ $test == *.sh || $test == *full_disk_test ]]; then
        skipped=$((skipped + 1))
        line skipped "$name" "$took" "$(tail -n 1 "$output")"
    else
        failed=$((failed + 1))
        why="exit $status"
        if [ "$status" = 124 ]; then
            why="still running after $limit s"
        elif [ "$status" -gt 128 ] && signal=$(kill -l "$status" 2>/dev/null); then
            why="SIG$signal"
        fi
        line FAILED "$name" "$took" "$why"
        sed 's/^/    | /' "$output"
    fi
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
