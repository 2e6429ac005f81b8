#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs test programs and test scripts, some at a time; one line each, as they end, and the whole output of those that
# fail.
#
#   tests/run.sh build/tests/sign_test tests/header_test.sh ...
#
# RUN_WRAPPER  a command that test programs (not scripts) run under, such as valgrind with its options
# SHOW         1 to show the lines that programs begin with "# "
# TEST_JOBS    how many run at a time; default one for each processor
# TEST_TIMEOUT seconds that one of them may take; default 300
# A script, and the test that mounts a disk, skip by ending with 77, after a line that says why.
set -uo pipefail
set -m # a test in the background would otherwise ignore SIGINT, and hand that on
export LC_ALL=C.UTF-8

limit=${TEST_TIMEOUT:-300}
jobs=${TEST_JOBS:-$(nproc)}
passed=0 failed=0 skipped=0
read -r -a wrapper <<<"${RUN_WRAPPER:-}"
declare -A running=() # by process id

[ $# -gt 0 ] || {
    echo "tests/run.sh: no tests given" >&2
    exit 1
}

outputs=$(mktemp -d)
trap 'rm -rf "$outputs"' EXIT
trap 'kill "${!running[@]}" 2>/dev/null; exit 130' INT TERM
mkfifo "$outputs/ended"
exec 3<>"$outputs/ended" # a line for each that has ended

milliseconds() {
    local now=${EPOCHREALTIME/[.,]/}
    echo $((now / 1000))
}

# line WORD NAME MILLISECONDS [REMARK]
line() {
    printf '%-8s %-28s %4d.%02d s%s\n' "$1" "$2" $(($3 / 1000)) $(($3 % 1000 / 10)) "${4:+   $4}"
}

# In a process of its own, which knows when it has ended.
run() {
    local command=("$1") me=$BASHPID child started
    [[ $1 == *.sh ]] || command=("${wrapper[@]}" "$1")
    started=$(milliseconds)
    timeout -k 10 "$limit" "${command[@]}" >"$outputs/$me" 2>&1 </dev/null &
    child=$!
    trap 'kill "$child" 2>/dev/null' TERM
    { wait "$child"; } 2>/dev/null # bash has a message of its own for each signal
    echo "$me $? $(($(milliseconds) - started))" >&3
}

why() {
    local signal
    if [ "$1" = 124 ]; then
        echo "still running after $limit s"
    elif [ "$1" -gt 128 ] && signal=$(kill -l "$1" 2>/dev/null); then
        echo "SIG$signal"
    else
        echo "exit $1"
    fi
}

# tell TEST STATUS MILLISECONDS OUTPUT
tell() {
    local name
    name=$(basename "$1")
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
        line ok "$name" "$3"
        # Tables that a program prints are worth seeing where they are asked for; their lines begin with "# ".
        [ -z "${SHOW:-}" ] || grep -a '^# ' "$4" | sed 's/^# /    /'
        # What cmocka skipped inside of a program is to be seen as well.
        grep -a 'SKIPPED' "$4" | sed 's/^/         /'
    elif [ "$2" = 77 ] && [[ $1 == *.sh || $1 == *full_disk_test ]]; then
        skipped=$((skipped + 1))
        line skipped "$name" "$3" "$(tail -n 1 "$4")"
    else
        failed=$((failed + 1))
        line FAILED "$name" "$3" "$(why "$2")"
        sed 's/^/    | /' "$4"
    fi
}

# Waits for one of those that run.
finish_one() {
    local pid status took
    read -r pid status took <&3
    tell "${running[$pid]}" "$status" "$took" "$outputs/$pid"
    rm -f "$outputs/$pid"
    unset "running[$pid]"
}

for test in "$@"; do
    [ ${#running[@]} -lt "$jobs" ] || finish_one
    run "$test" &
    running[$!]=$test
done
while [ ${#running[@]} -gt 0 ]; do
    finish_one
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
