#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Nothing compares names or reads digits by the locale of the program: the libraries and the tool call no function of
# libc that does, and in a Turkish locale, where I and i are two letters, a host is found in any case.
set -euo pipefail

build=${BUILD:-build}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# What <ctype.h>, <wctype.h> and <strings.h> declare or expand to, with and without _l, as nm prints it.
calls=' U (strn?casecmp(_l)?|(is|isw|to|tow)(alnum|alpha|blank|cntrl|ctype|digit|graph|lower|print|punct|space|upper|xdigit)(_l)?|__ctype_.*_loc)(@.*)?$'

# uses FILE...: prints the calls of each
uses() {
    local file
    for file; do
        case $file in
        *.a | *.o) nm -A -u "$file" ;;
        *) nm -A -D -u "$file" ;;
        esac
    done | grep -E "$calls" || true
}

cat >"$tmp/control.c" <<'END'
#include <ctype.h>
#include <strings.h>
int hd_control(const char *a, const char *b);
int hd_control(const char *a, const char *b) {
    return strcasecmp(a, b) + strncasecmp(a, b, 2) + (isdigit(*a) != 0) + tolower(*b);
}
END
# shellcheck disable=SC2086  # a compiler may be several words, such as "ccache gcc"
${CC:-cc} -std=c11 -D_POSIX_C_SOURCE=200809L -c -o "$tmp/control.o" "$tmp/control.c"
if [ "$(uses "$tmp/control.o" | wc -l)" -lt 3 ]; then
    echo "tests/locale_test.sh: does not work: it does not see what calls such functions" >&2
    exit 1
fi

files=("$build/libhelmdesk.a" "$build/libhelmdesk-dashboard.a" "$build/helmdesk")
[ ! -e "$build/libhelmdesk-sqlite.a" ] || files+=("$build/libhelmdesk-sqlite.a")
ls "${files[@]}" >/dev/null
if [ -n "$(uses "${files[@]}")" ]; then
    echo "these go by the locale (base/text.h has others):"
    uses "${files[@]}"
    exit 1
fi

# turkish CHARSET: whether a locale could be made; nothing is installed
turkish() {
    command -v localedef >/dev/null && localedef -i tr_TR -f "$1" "$tmp/tr_TR.$1" >"$tmp/said" 2>&1
}

# Nothing listens at port 1: that is only found out where the address is known.
for charset in UTF-8 ISO-8859-9; do
    if ! turkish "$charset"; then
        echo "a Turkish locale in $charset cannot be made here: not tried"
        continue
    fi
    LOCPATH=$tmp LC_ALL=tr_TR.$charset HELMDESK_SECRET=whsec_locale "$build/helmdesk" send --allow-private \
        --resolve TITLE.invalid:1:127.0.0.1 http://title.INVALID:1/ ticket.resolved >"$tmp/said" 2>&1 || true
    if ! grep -q refused "$tmp/said"; then
        echo "in tr_TR.$charset, TITLE.invalid is not title.INVALID:"
        cat "$tmp/said"
        exit 1
    fi
done
