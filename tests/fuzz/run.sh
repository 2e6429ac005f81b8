#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Lets libFuzzer try the targets, one after the other; one line each, and the whole output of one that has found something.
#
#   tests/fuzz/run.sh build/fuzz/tests/fuzz/http1_fuzz ...
#
# FUZZ_SECONDS  for each of them; default 60
# WORK          where what is new goes: the corpus that grows with each run, and what made a target fail
# A target named X_fuzz has its corpus in tests/fuzz/corpus/X, and words in tests/fuzz/X.dict, if there is one.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${FUZZ_SECONDS:-60}
work=${WORK:-build/fuzz/found}
failed=0
export ASAN_OPTIONS="detect_leaks=1:${ASAN_OPTIONS:-}" UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"

[ $# -gt 0 ] || {
    echo "tests/fuzz/run.sh: no targets given" >&2
    exit 1
}

for target in "$@"; do
    name=$(basename "$target" _fuzz)
    options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$work/$name-")
    [ ! -e "tests/fuzz/$name.dict" ] || options+=(-dict="tests/fuzz/$name.dict")
    mkdir -p "$work/corpus/$name"
    if "$target" "${options[@]}" "$work/corpus/$name" "tests/fuzz/corpus/$name" >"$work/$name.log" 2>&1; then
        printf '%-8s %-28s %s\n' ok "${name}_fuzz" "$(grep '^Done ' "$work/$name.log" || echo 'nothing to try')"
    else
        failed=$((failed + 1))
        printf '%-8s %-28s %s\n' FAILED "${name}_fuzz" "see $work"
        sed 's/^/    | /' "$work/$name.log"
    fi
done
[ "$failed" = 0 ]
