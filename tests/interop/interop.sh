#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs ffi.py, metrics.py, and interop.mjs with the reference library of Standard Webhooks for Node, which npm brings into BUILD.
set -eu
: "${BUILD:=build}"

modules=$BUILD/tests/interop/node_modules
if [ ! -e "$modules/standardwebhooks/package.json" ]; then
    npm install --silent --no-audit --no-fund --prefix "$BUILD/tests/interop" standardwebhooks@1
fi
python3 "$(dirname "$0")/ffi.py" "$BUILD/libhelmdesk.so"
for python in /usr/bin/python3 python3; do # the first of them has what Debian installs
    if "$python" -c 'import prometheus_client' 2>/dev/null; then break; fi
done
"$python" "$(dirname "$0")/metrics.py" "$BUILD/libhelmdesk.so"
exec node "$(dirname "$0")/interop.mjs" "$BUILD/tests/interop/interop" "$modules/standardwebhooks/dist/index.js"
