#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Checks, from #include lines alone, that the house stands (src/ of the given tree; default: this one):
# - a file uses its own folder and the floors below it, never a floor above and never a neighbour on the same floor;
# - cli and dashboard use the public headers and their own folder;
# - includes are written relative to src;
# - each third-party library is touched by the files named for it, and by no other.
# Before that it breaks each rule in a tree of its own, and fails if that goes unnoticed.
set -euo pipefail

# floor_of FOLDER
floor_of() {
    case $1 in
    base) echo 0 ;;
    sign | event) echo 1 ;;
    endpoint) echo 2 ;;
    store | transport) echo 3 ;;
    engine) echo 4 ;;
    .) echo 5 ;; # src/*.c itself
    cli | dashboard) echo 6 ;;
    *) return 1 ;;
    esac
}

# users_of HEADER: the files under src that may include this third-party header; "any" for all other headers
users_of() {
    case $1 in
    curl/*) echo transport/connect.c transport/groups.c transport/secure.c transport/tunnel.c endpoint/url.c ;;
    mbedtls/gcm.h) echo sign/seal.c ;;
    mbedtls/* | psa/*) echo sign/hmac.c ;;
    sqlite3.h) echo store/sqlite/sqlite.h ;;
    jansson.h) echo event/parse.c cli/json.h dashboard/json.h ;;
    microhttpd.h) echo cli/server.c cli/page.h ;;
    *) echo any ;;
    esac
}

# check TREE: prints each breach and returns 1 if there is one
check() {
    local tree=$1 bad=0 file folder floor number text header target target_floor users
    local line='^[[:space:]]*#[[:space:]]*include[[:space:]]*(["<])([^">]+)[">]'
    while IFS= read -r file; do
        folder=.
        [[ $file != */* ]] || folder=${file%%/*}
        if ! floor=$(floor_of "$folder"); then
            echo "src/$file: the folder $folder has no floor"
            bad=1
            continue
        fi
        while IFS=: read -r number text; do
            if ! [[ $text =~ $line ]]; then
                echo "src/$file:$number: an #include that is not understood: $text"
                bad=1
                continue
            fi
            header=${BASH_REMATCH[2]}
            users=$(users_of "$header")
            if [[ $users != any ]]; then
                if [[ " $users " != *" $file "* ]]; then
                    echo "src/$file:$number: $header is for $users only"
                    bad=1
                fi
                continue
            fi
            if [[ ! -e $tree/src/$header ]]; then
                if [[ ${BASH_REMATCH[1]} == '"' && $header != helmdesk.h && $header != helmdesk/*.h ]]; then
                    echo "src/$file:$number: \"$header\" is not there (includes are written relative to src)"
                    bad=1
                fi
                continue
            fi
            target=.
            [[ $header != */* ]] || target=${header%%/*}
            if ! target_floor=$(floor_of "$target"); then
                echo "src/$file:$number: the folder $target has no floor"
                bad=1
            elif [[ $target != "$folder" ]] && ((target_floor >= floor)); then
                echo "src/$file:$number: $folder (floor $floor) may not use $header (floor $target_floor)"
                bad=1
            elif [[ ($folder == cli || $folder == dashboard) && $target != "$folder" ]]; then
                echo "src/$file:$number: $folder may use public headers and its own, and not $header"
                bad=1
            fi
        done < <(grep -nE '^[[:space:]]*#[[:space:]]*include([^_[:alnum:]]|$)' "$tree/src/$file" || true)
    done < <(cd "$tree/src" && find . -name '*.[ch]' | sed 's|^\./||' | sort)
    return "$bad"
}

# expect good|bad FILE INCLUDE...: src/FILE with these includes, in a small tree of its own, must be taken for that
expect() {
    local wanted=$1 file=$2 header seen=good
    shift 2
    for header in base/text sign/hmac event/event endpoint/url store/store transport/connect engine/engine options cli/json \
        dashboard/json; do
        mkdir -p "$(dirname "$tmp/src/$header")"
        : >"$tmp/src/$header.h"
    done
    mkdir -p "$(dirname "$tmp/src/$file")"
    printf '#include %s\n' "$@" >"$tmp/src/$file"
    check "$tmp" >"$tmp/said" || seen=bad
    if [[ $seen != "$wanted" ]]; then
        echo "tests/check_includes.sh: does not work: it takes src/$file with $* for $seen" >&2
        exit 1
    fi
    rm -rf "$tmp/src"
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

expect good engine/engine.c '"engine/engine.h"' '"transport/connect.h"' '"base/text.h"' '<helmdesk.h>' '<stdio.h>'
expect good client.c '"options.h"' '"engine/engine.h"' '"base/text.h"' '"helmdesk.h"'
expect good transport/connect.c '<curl/curl.h>' '"transport/connect.h"'
expect good cli/send.c '"cli/json.h"' '"helmdesk.h"' '<getopt.h>'
expect bad cli/send.c '"options.h"'             # not public
expect bad cli/send.c '"transport/connect.h"'   # not public
expect good dashboard/call.c '"dashboard/json.h"' '"helmdesk/dashboard.h"'
expect bad dashboard/call.c '"base/text.h"'     # not public
expect bad cli/send.c '<jansson.h>'
expect bad cli/send.c '<microhttpd.h>'
expect bad base/text.c '"sign/hmac.h"'          # a floor above
expect bad engine/engine.h ' "options.h"'       # a floor above, src itself
expect bad sign/hmac.c '"event/event.h"'        # a neighbour
expect bad store/store.c '<transport/connect.h>'   # a neighbour, in other brackets
expect bad event/event.c '"event.h"'            # not relative to src
expect bad event/event.c '"../base/text.h"'     # not relative to src either
expect bad engine/engine.c '<curl/multi.h>'     # somebody else's library
expect bad sign/signature.c '"mbedtls/md.h"'
expect bad event/slack.c '<jansson.h>'
expect bad attic/attic.c '<stdio.h>'            # a folder that is on no floor
expect bad base/text.c 'SOME_HEADER'            # nothing that can be checked

check "${1:-$(dirname "$0")/..}"
