#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs interop.mjs with the reference library of Standard Webhooks for Node, which npm brings into BUILD.
set -eu
: "${BUILD:=build}"

modules=$BUILD/tests/interop/node_modules
if [ ! -e "$modules/standardwebhooks/package.json" ]; then
    npm install --silent --no-audit --no-fund --prefix "$BUILD/tests/interop" standardwebhooks@1
fi
exec node "$(dirname "$0")/interop.mjs" "$BUILD/tests/interop/interop" "$modules/standardwebhooks/dist/index.js"
