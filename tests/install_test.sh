#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `make install` into a stage, the stage is moved, and a C and a C++ program find the library there by pkg-config alone,
# shared and static; the dashboard's program finds each mixture of its libraries; the tool runs where it was moved to. `make uninstall` leaves no file. All that for a plain and for a multiarch LIBDIR.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${BUILD:-build}" && pwd)
pkg_config=${PKG_CONFIG:-pkg-config}
make=${MAKE:-make}
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR PREFIX LIBDIR INCLUDEDIR PKGCONFIGDIR prefix libdir includedir
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

die() {
    echo "$*"
    exit 1
}

command -v "${CXX:-c++}" >/dev/null || {
    echo "no C++ compiler (install g++)"
    exit 77
}

version=$(sed -n 's/^#define HD_VERSION_[MP][A-Z]* //p' "$root/include/helmdesk/base.h" | paste -sd.)
# HMAC-SHA256 of "{}" under the key "secret", as openssl tells it
expected="libhelmdesk $version 77325902caca812dc259733aacd046b73817372c777b8d95b402647474516e13"

# in_root ACTION STAGE LIBDIR
in_root() {
    "$make" -s -C "$root" "$1" BUILD="$build" CC="${CC:-cc}" CXX="${CXX:-c++}" DESTDIR="$2" PREFIX=/usr LIBDIR="$3" \
        INCLUDEDIR=/usr/include >"$tmp/make.log" 2>&1 || die "make $1 failed: $(cat "$tmp/make.log")"
}

# says PROGRAM WHAT
says() {
    local said
    said=$("$1") || die "$2: ends with $?"
    [ "$said" = "$expected" ] || die "$2: says '$said', not '$expected'"
}

# linkable FLAG...: the flags, without libraries that this machine cannot link with. libcurl's .pc file names what lies
# below it, down to Kerberos; Debian's package does not bring all of that, and with a shared libcurl nobody needs it.
linkable() {
    local flag
    for flag in "$@"; do
        case $flag in
        -lhelmdesk) echo -l:libhelmdesk.a ;;
        -lcurl | -ljansson | -lmbedcrypto) echo "$flag" ;;
        -l*) ! $cc -o "$tmp/empty" "$tmp/empty.c" "$flag" 2>/dev/null || echo "$flag" ;;
        *) echo "$flag" ;;
        esac
    done
}

cc=${CC:-cc}
echo 'int main(void) { return 0; }' >"$tmp/empty.c"

for libdir in /usr/lib /usr/lib/x86_64-linux-gnu; do
    in_root install "$tmp/stage" "$libdir"
    mv "$tmp/stage" "$tmp/moved"
    at=$tmp/moved$libdir

    [ "$(readlink "$at/libhelmdesk.so")" = libhelmdesk.so.0 ] || die "$libdir: libhelmdesk.so is no link to libhelmdesk.so.0"
    [ -f "$at/libhelmdesk.so.0.$version" ] || die "$libdir: no libhelmdesk.so.0.$version"
    readelf -d "$at/libhelmdesk.so" | grep -q 'SONAME.*\[libhelmdesk\.so\.0\]' || die "the SONAME is not libhelmdesk.so.0"
    ! grep -qF "$tmp" "$at/pkgconfig/helmdesk.pc" || die "$libdir: helmdesk.pc names the stage"

    export PKG_CONFIG_PATH=$at/pkgconfig
    [ "$($pkg_config --modversion helmdesk)" = "$version" ] || die "helmdesk.pc is not of version $version"
    for variable in prefix=/usr "libdir=$libdir" includedir=/usr/include; do
        found=$($pkg_config --variable="${variable%%=*}" helmdesk)
        [ "$(realpath "$found")" = "$(realpath "$tmp/moved${variable#*=}")" ] || die "$libdir: $variable is at $found"
    done

    cflags=$($pkg_config --cflags helmdesk)
    shared=$($pkg_config --libs helmdesk)
    static=$($pkg_config --static --libs helmdesk)
    for flag in -lcurl -ljansson -lmbedcrypto; do
        [[ " $static " == *" $flag "* ]] || die "pkg-config --static --libs helmdesk lacks $flag: $static"
        [[ " $shared " != *" $flag "* ]] || die "pkg-config --libs helmdesk has $flag: $shared"
    done
    # shellcheck disable=SC2086  # lists of flags
    static=$(linkable $static)

    for language in c cpp; do
        compiler=$cc
        [ "$language" = c ] || compiler=${CXX:-c++}
        source=$root/tests/install/consumer.$language
        # shellcheck disable=SC2086  # lists of flags
        {
            $compiler $cflags -o "$tmp/shared" "$source" $shared || die "$libdir, $language: does not build (shared)"
            $compiler $cflags -o "$tmp/static" "$source" $static || die "$libdir, $language: does not build (static)"
        }
        LD_LIBRARY_PATH=$at says "$tmp/shared" "$libdir, $language, shared"
        says "$tmp/static" "$libdir, $language, static"
        readelf -d "$tmp/shared" | grep -q 'NEEDED.*libhelmdesk\.so\.0' || die "the shared program does not need libhelmdesk.so.0"
        ! readelf -d "$tmp/static" | grep -q 'NEEDED.*libhelmdesk' || die "the static program needs libhelmdesk.so"
    done

    # shellcheck disable=SC2046  # a list of flags
    $cc -o "$tmp/store" "$root/tests/install/consumer_sqlite.c" $($pkg_config --cflags --libs helmdesk-sqlite) ||
        die "$libdir: the store's program does not build"
    said=$(LD_LIBRARY_PATH=$at "$tmp/store" "$tmp/directory") || die "$libdir: the store's program says $said"
    rm -rf "$tmp/directory"

    # Some files are in both static libraries: whichever comes first, the other's are not taken too.
    dashboard_cflags=$($pkg_config --cflags helmdesk-dashboard)
    for libraries in -lhelmdesk-dashboard\ -lhelmdesk '-l:libhelmdesk-dashboard.a -lhelmdesk' \
        '-l:libhelmdesk-dashboard.a -l:libhelmdesk.a' '-l:libhelmdesk.a -l:libhelmdesk-dashboard.a'; do
        # shellcheck disable=SC2086  # lists of flags
        $cc $dashboard_cflags -o "$tmp/dashboard" "$root/tests/install/consumer_dashboard.c" -Wl,--start-group $libraries \
            -Wl,--end-group ${static//-l:libhelmdesk.a/} || die "$libdir: the dashboard's program does not link with $libraries"
        said=$(LD_LIBRARY_PATH=$at "$tmp/dashboard") || die "$libdir: with $libraries, the dashboard's program says $said"
    done

    tool=$tmp/moved/usr/bin/helmdesk
    [ "$("$tool" version)" = "helmdesk $version" ] || die "$libdir: the tool is not of version $version"
    ! readelf -d "$tool" | grep -q 'NEEDED.*libhelmdesk' || die "the tool needs libhelmdesk.so"
    for file in man/man1/helmdesk.1 man/man7/helmdesk-webhooks.7 bash-completion/completions/helmdesk \
        zsh/site-functions/_helmdesk fish/vendor_completions.d/helmdesk.fish; do
        [ -s "$tmp/moved/usr/share/$file" ] || die "$libdir: no $file"
    done
    grep -q 'concurrency' "$tmp/moved/usr/share/man/man1/helmdesk.1" || die "the man page has no options"

    mv "$tmp/moved" "$tmp/stage"
    in_root uninstall "$tmp/stage" "$libdir"
    left=$(find "$tmp/stage" ! -type d)
    [ -z "$left" ] || die "make uninstall leaves: $left"
    rm -rf "$tmp/stage"
done
