#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tries the dashboard in a real browser, with real servers and receivers: node:test, playwright-core and Chromium.
#
#   tests/browser/run.sh [FILE...]        such as tests/browser/03_test_success.test.mjs; without one: all of them
#
# BUILD     where helmdesk-desk, helmdesk and examples/mount are; what failed leaves pictures and logs in BUILD/browser
# CHROMIUM  the browser (chromium, or what there is of that kind)
# PATIENCE  how many ms a page has for one step (60000)
# JITTER    sends each request of a page, and hands it each answer, up to so many ms late: what races then is seen (0)
# ONLY      runs only the tests whose name this regular expression fits
# Without node or a browser it is skipped, with words; where CI is set, that is a failure.
set -euo pipefail
cd "$(dirname "$0")/../.."
BUILD=$(realpath "${BUILD:-build}")

missing() {
    echo "check-browser: $1" >&2
    if [ -n "${CI:-}" ]; then exit 1; fi
    echo "check-browser: SKIPPED: no page was tried" >&2
    exit 0
}

find_browser() {
    local name
    for name in ${CHROMIUM:-} chromium chromium-browser google-chrome; do
        command -v "$name" && return
    done
    return 1
}

command -v node >/dev/null || missing "node is not installed (Debian: apt-get install nodejs npm)"
node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' || missing "node $(node --version) is older than 20"
CHROMIUM=$(find_browser) || missing "there is no Chromium (Debian: apt-get install chromium)"
export BUILD CHROMIUM

# The packages are those of package-lock.json, to the byte.
here=tests/browser
if ! cmp -s $here/package-lock.json $here/node_modules/.helmdesk-lock; then
    command -v npm >/dev/null || missing "npm is not installed (Debian: apt-get install npm)"
    npm ci --ignore-scripts --silent --prefix $here || missing "npm cannot bring playwright-core and axe-core"
    cp $here/package-lock.json $here/node_modules/.helmdesk-lock
fi

rm -rf "$BUILD/browser"
mkdir -p "$BUILD/browser"
[ $# -gt 0 ] || set -- $here/*.test.mjs
exec node --test --test-concurrency="${CONCURRENCY:-2}" --test-reporter=spec \
    ${ONLY:+--test-name-pattern="$ONLY"} "$@"
