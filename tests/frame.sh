# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What tests that start programs share; they source it. Their files are in a directory of their own, $tmp. It is gone at
# their end, and so is what they have left running in the background.
: "${BUILD:=build}"
tmp=$(mktemp -d)

end_all() {
    local status=$? child
    for child in $(jobs -pr); do
        kill "$child" 2>/dev/null || true
        kill -CONT "$child" 2>/dev/null || true # one that was stopped ends when it goes on
    done
    wait
    rm -rf "$tmp"
    exit "$status"
}
trap end_all EXIT

die() {
    echo "$*"
    exit 1
}

# until_true COMMAND...: waits until it succeeds
until_true() {
    local end=$((SECONDS + 60))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || die "never came true: $*"
        sleep 0.05
    done
}

# has_line PATTERN FILE: whether one of its lines fits the extended regular expression
has_line() {
    grep -qE -e "$1" "$2" 2>/dev/null
}

# has_ended PID
has_ended() {
    ! kill -0 "$1" 2>/dev/null
}
