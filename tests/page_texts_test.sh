#!/bin/sh
# SPDX-License-Identifier: MIT
# The dashboard page's texts are in src/dashboard/web/texts alone: the same ones in each language, and each is used.
set -eu

cd "$(dirname "$0")/.."
if ! command -v node >/dev/null 2>&1; then
    echo "node is not installed"
    exit 77
fi

node tests/page/texts.mjs src/dashboard/web src

# It finds what it looks for: a text that is missing, one that nobody uses, one in a view, one in the page itself.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
refuses() {
    cp -R src/dashboard/web "$work/web"
    sed "$2" "src/dashboard/web/$1" >"$work/web/$1"
    if node tests/page/texts.mjs "$work/web" src >"$work/out"; then
        echo "a fault in $1 is not found: $2"
        exit 1
    fi
    grep -q "$3" "$work/out"
    rm -rf "$work/web"
}
refuses texts/en.js "s/    save: 'Save',/    saved: 'Save',/" 'there is no text edit.save'
refuses texts/de.js "s/    save: 'Speichern',//" 'de has no edit.save'
refuses texts/de.js "s/pro {period}',/pro Zeit',/" 'other {names} than en'
refuses library.js "s/      dns: /      dsn: /" 'library.js has no reason dns'
refuses texts/en.js "s/    save: 'Save',/    save: 'Save', spare: 'Spare',/" 'edit.spare is used nowhere'
refuses views/edit.js "s/t\.edit\.addHeader/'Add'/" 'a text of its own: Add'
refuses index.html 's/id="foot">/id="foot">Footer/' 'a text of its own: Footer'
