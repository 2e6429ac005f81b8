#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Completion, loaded into real shells; the man pages, clean for mandoc; and both know every command and option that there
# is.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"

# offers SHELL LINE WORD...: completing the line offers each of these words, and none that begins with !
offers() {
    local shell=$1 line=$2 offered word
    shift 2
    offered=$("complete_$shell" "$line" "$@" | tr '\n' ' ')
    for word in "$@"; do
        case $word in
        !*) ! grep -qE "(^| )${word#!}( |$)" <<<"$offered" || die "$shell: '$line' offers ${word#!}: $offered" ;;
        *) grep -qE -- "(^| )$word( |$)" <<<"$offered" || die "$shell: '$line' does not offer $word: $offered" ;;
        esac
    done
}

complete_bash() {
    bash --norc -c '
        source "$1"
        read -r -a COMP_WORDS <<<"$2"
        [[ $2 != *" " ]] || COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _helmdesk
        printf "%s\n" "${COMPREPLY[@]}"' bash "$tmp/bash" "$1"
}

complete_fish() {
    PATH=$(dirname "$helmdesk"):$PATH fish --no-config -c "source $tmp/fish; complete -C '$1'" 2>/dev/null | cut -f 1
}

# zsh completes only in its line editor, so that it needs a terminal, and is read until the words have come.
complete_zsh() {
    python3 - "$tmp/zsh" "$@" <<'END'
import os, pty, re, select, sys, time

words = [word for word in sys.argv[3:] if not word.startswith("!")]

pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM="dumb", PS1="", HOME=os.path.dirname(sys.argv[1]), COLUMNS="400")
    os.execvp("zsh", ["zsh", "-f", "-i"])

def read_until(is_enough):
    seen, end = "", time.time() + 60
    while not is_enough(seen) and time.time() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                seen += os.read(fd, 65536).decode(errors="replace")
            except OSError:
                break
        elif is_asked:
            os.write(fd, b"\t")  # the first time it may only go on to where the words part
    return seen

is_asked = False
os.write(fd, b"PROMPT=; autoload -U compinit; compinit -D -u; source " + sys.argv[1].encode() +
         b"; LISTMAX=0; setopt NO_beep NO_list_beep NO_always_last_prompt; stty -echo; echo rea''dy\n")
read_until(lambda seen: "ready" in seen)
is_asked = True
os.write(fd, sys.argv[2].encode() + b"\t")
shown = read_until(lambda seen: all(word in seen for word in words))
os.write(fd, b"\x15exit\n")
print("\n".join(re.findall(r"[^\s\x1b]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", " ", shown))))
END
}

for shell in bash fish zsh; do
    "$helmdesk" completion "$shell" >"$tmp/$shell"
    "$shell" -n "$tmp/$shell" || die "$shell does not read its completion"
    offers "$shell" 'helmdesk pay' payload
    offers "$shell" 'helmdesk webhooks s' secret
    offers "$shell" 'helmdesk send --c' --count --concurrency --curl '!--respond'
    offers "$shell" 'helmdesk payload ticket.r' ticket.resolved
    offers "$shell" 'helmdesk listen --output p' pretty
    offers "$shell" 'helmdesk webhooks secret ID r' reveal replace
    offers "$shell" 'helmdesk webhooks test ID ticket.r' ticket.resolved
done
offers bash 'helmdesk ' sign verify webhooks deliveries '!list'
offers bash 'helmdesk --color never deliveries r' redeliver
offers bash 'helmdesk deliveries list --outcome ' delivered failed '!json'
offers bash 'helmdesk completion ' bash fish zsh
(cd "$tmp" && touch body.json && offers bash 'helmdesk sign bo' body.json)
run completion tcsh
expect 2
says 'bash fish zsh' "$err"

# Man pages. What they refer to is not installed where they are tested.
for page in helmdesk.1 helmdesk-webhooks.7; do
    mandoc -T lint "$BUILD/man/$page" >"$tmp/lint" 2>&1 || true
    ! grep -vE 'referenced manual not found|outdated mandoc.db' "$tmp/lint" || die "$page is not clean"
    mandoc -T utf8 "$BUILD/man/$page" | col -b >"$tmp/$page"
done

# Every command explains itself, and every option of it stands in help, man page and completion.
"$helmdesk" help | sed -n 's/^  \([a-z][a-z]*\( [a-z]*\)\{0,1\}\)  .*/\1/p' >"$tmp/commands"
[ "$(wc -l <"$tmp/commands")" -ge 25 ] || die "help lists only: $(cat "$tmp/commands")"
while read -r command; do
    # shellcheck disable=SC2086  # one word or two
    run help $command
    expect 0
    cp "$tmp/out" "$tmp/explained"
    # shellcheck disable=SC2086
    run $command --help
    expect 0
    cmp -s "$tmp/out" "$tmp/explained" || die "$command --help is another help"
    grep -oE -- '^ +(-[a-zA-Z], )?--[a-z-]+' "$tmp/out" | grep -oE -- '--[a-z-]+$' | while read -r option; do
        grep -qF -- "$option" "$tmp/helmdesk.1" || die "helmdesk.1 lacks $option of $command"
        grep -qF -- "$option" "$tmp/bash" || die "bash lacks $option of $command"
        grep -qF -- "-l ${option#--}" "$tmp/fish" || die "fish lacks $option of $command"
        grep -qF -- "*$option" "$tmp/zsh" || die "zsh lacks $option of $command"
    done
done <"$tmp/commands"
