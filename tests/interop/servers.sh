#!/bin/sh
# SPDX-License-Identifier: MIT
# Counts POSTs at the servers that Debian has: see servers/__main__.py.
set -eu
: "${BUILD:=build}"

PATH=$PATH:/usr/sbin
export PATH PYTHONDONTWRITEBYTECODE=1
exec python3 "$(dirname "$0")/servers" "$BUILD/tests/interop/rhythm"
