#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sign, verify, payload: the product page's own verifier accepts what they write, and each mistake that people make is
# explained.
set -euo pipefail
# shellcheck source=tests/cli/cli.sh
. "$(dirname "$0")/cli.sh"

secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
printf '%s\n' "$secret" >"$tmp/secret"
sign() { "$helmdesk" sign --secret-file "$tmp/secret" "$@"; }

# The body, byte for byte as documented.
"$helmdesk" payload ticket.created --set timestamp=2025-01-15T10:30:00.000Z --set data.ticket.id=uuid >"$tmp/body"
tr -d '\n' <"$root/tests/data/page_payload.json" >"$tmp/page"
[ "$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1])) == json.load(open(sys.argv[2])))' "$tmp/body" "$tmp/page")" = True ] ||
    die "payload: not the page's body: $(cat "$tmp/body")"
run payload message.received --set 'data.ticket.subject=<&> "x"' --set message.body=hi --slack
expect 0
says '\*New Message Received\*.*&lt;&amp;&gt; \\"x\\".*Message:\* hi' "$out"
run payload ticket.resolved --json
expect 0
[ "$(json "$tmp/out" 'len(all[0]["body"].encode()) == all[0]["bytes"] and json.loads(all[0]["body"])["event"]')" = ticket.resolved ] ||
    die "payload --json: $out"
run payload --list
says 'data.ticket.subject' "$out"
"$helmdesk" payload ticket.created >"$tmp/event.json"
run payload --data "$tmp/event.json" --set ticket.number=7
says '"number":7' "$out"
run payload ticket.resolved --data "$tmp/event.json"
expect 2
for bad in ticket.number=0 ticket.number=x ticket.status='a b' colour=red ticket.subject timestamp=today message.body=x; do
    run payload ticket.created --set "$bad"
    expect 2
    [ -z "$out" ] || die "payload --set $bad writes '$out'"
done

# The signature: what OpenSSL and the page's own code say.
signature=$(sign "$tmp/body")
[ "$(sign --header <"$tmp/body")" = "X-Helmdesk-Signature: $signature" ] || die "sign --header"
[ "$(sign --json "$tmp/body")" = "{\"header\":\"X-Helmdesk-Signature\",\"signature\":\"$signature\"}" ] || die "sign --json"
cat >"$tmp/page.mjs" <<'END'
import { createHmac } from 'crypto'
import { readFileSync } from 'fs'

function verifyWebhookSignature(body, signature, secret) {
  const expected = createHmac('sha256', secret)
    .update(body)
    .digest('hex')
  return signature === expected
}
const [, , file, signature, secret] = process.argv
process.exit(verifyWebhookSignature(readFileSync(file, 'utf8'), signature, secret) ? 0 : 1)
END
for event in ticket.created ticket.resolved message.received; do
    "$helmdesk" payload "$event" --set 'data.ticket.subject=Grüße, "Paß" <b> 🎫 \\x' >"$tmp/event"
    node "$tmp/page.mjs" "$tmp/event" "$(sign "$tmp/event")" "$secret" || die "the page's verifier refuses $event"
    ! node "$tmp/page.mjs" "$tmp/event" "$signature" "$secret" || die "the page's verifier accepts anything"
done
[ "$(HELMDESK_SECRET=$secret "$helmdesk" sign "$tmp/body")" = "$signature" ] || die "HELMDESK_SECRET"
printf '%s' "$secret" | "$helmdesk" sign --secret-file - "$tmp/body" | grep -qx "$signature" || die "--secret-file -"

# A secret never comes from the command line, and never shows in a message.
run sign "$tmp/body" --secret "$secret"
expect 2
says 'seen by every user' "$err"
run sign "$tmp/body" --secret="$secret"
expect 2
! grep -q "$secret" <<<"$out$err" || die "the secret is shown"
run sign "$tmp/body" --no-input
expect 2
says 'HELMDESK_SECRET' "$err"
: >"$tmp/empty"
run sign "$tmp/body" --secret-file "$tmp/empty"
expect 2
run sign "$tmp/none" --secret-file "$tmp/secret"
expect 2
says 'none: No such file' "$err"

# At a terminal it asks, and does not show what is typed.
typed=$(python3 - "$helmdesk" "$tmp/body" "$secret" <<'END'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "sign", sys.argv[2]])
seen = b""
while b"Secret: " not in seen:
    seen += os.read(fd, 1000)
os.write(fd, sys.argv[3].encode() + b"\n")
try:
    while True:
        more = os.read(fd, 1000)
        if not more:
            break
        seen += more
except OSError:
    pass
os.waitpid(pid, 0)
print(seen.decode())
END
)
says "$signature" "$typed"
! grep -q "$secret" <<<"$typed" || die "the secret is shown as it is typed"

# Whoever gives up with Ctrl-C has a terminal that shows what is typed.
python3 - "$helmdesk" "$tmp/body" <<'END' || die "after Ctrl-C the terminal shows nothing"
import os, pty, signal, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "sign", sys.argv[2]])
seen = b""
while b"Secret: " not in seen:
    seen += os.read(fd, 1000)
is_hidden = not termios.tcgetattr(fd)[3] & termios.ECHO
os.write(fd, b"\x03")
_, status = os.waitpid(pid, 0)
is_shown = termios.tcgetattr(fd)[3] & termios.ECHO
sys.exit(not (is_hidden and is_shown and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT))
END

verify() { run verify --secret-file "$tmp/secret" "$@"; }
verify "$tmp/body" --signature "$signature"
expect 0
[ "$out" = valid ] || die "verify says '$out'"
verify "$tmp/body" --signature " $signature " # the blanks are not part of the value (RFC 9110 section 5.5)
expect 0
verify --json "$tmp/body" --signature "$signature"
[ "$(json "$tmp/out" 'all[0]["valid"], all[0]["event"]')" = "(True, 'ticket.created')" ] || die "verify --json: $out"

# mistake NAME FILE SIGNATURE SECRETFILE: it is found out, and named
mistake() {
    run verify --json --secret-file "$4" "$2" --signature "$3"
    expect 1
    [ "$(json "$tmp/out" 'all[0]["mistakes"]')" = "$1" ] || die "expected $1: $out"
    run verify --secret-file "$4" "$2" --signature "$3"
    expect 1
    says 'matches if' "$out"
}
hmac() { python3 -c 'import hmac, hashlib, base64, sys
body, secret = open(sys.argv[1], "rb").read(), eval(sys.argv[2])
print(eval(sys.argv[3]))' "$1" "$2" "${3:-hmac.new(secret, body, hashlib.sha256).hexdigest()}"; }
(cat "$tmp/body" && echo) >"$tmp/newline"
python3 -m json.tool "$tmp/body" >"$tmp/pretty"
python3 -c 'import json,sys; sys.stdout.write(json.dumps(json.load(open(sys.argv[1]))))' "$tmp/event" >"$tmp/dumped"
(printf '\xef\xbb\xbf' && cat "$tmp/body") >"$tmp/bom"
mistake "['final_newline']" "$tmp/newline" "$signature" "$tmp/secret"
mistake "['missing_final_newline']" "$tmp/body" "$(sign "$tmp/newline")" "$tmp/secret"
mistake "['reencoded_json']" "$tmp/pretty" "$signature" "$tmp/secret"
mistake "['reencoded_json']" "$tmp/dumped" "$(sign "$tmp/event")" "$tmp/secret"
mistake "['byte_order_mark']" "$tmp/bom" "$signature" "$tmp/secret"
mistake "['empty_body']" "$tmp/body" "$(sign "$tmp/empty")" "$tmp/secret"
mistake "['upper_case_signature']" "$tmp/body" "${signature^^}" "$tmp/secret"
mistake "['signature_prefix']" "$tmp/body" "sha256=$signature" "$tmp/secret"
mistake "['signature_quoted']" "$tmp/body" "'$signature'" "$tmp/secret"
mistake "['signature_quoted']" "$tmp/body" "$signature"$'\r' "$tmp/secret"
key="b\"$secret\""
mistake "['base64_signature']" "$tmp/body" \
    "$(hmac "$tmp/body" "$key" 'base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()')" "$tmp/secret"
mistake "['decoded_secret']" "$tmp/body" "$(hmac "$tmp/body" "base64.b64decode(b\"${secret#whsec_}\")")" "$tmp/secret"
mistake "['secret_newline']" "$tmp/body" "$(hmac "$tmp/body" "b\"$secret\\n\"")" "$tmp/secret"
printf '%s' "${secret#whsec_}" >"$tmp/bare"
mistake "['secret_without_prefix']" "$tmp/body" "$signature" "$tmp/bare"
# What comes along when a secret is copied.
printf '"%s"\n\n' "$secret" >"$tmp/copied"
mistake "['secret_quoted']" "$tmp/body" "$signature" "$tmp/copied"
printf '\xef\xbb\xbf%s\n' "$secret" >"$tmp/copied"
mistake "['secret_quoted']" "$tmp/body" "$signature" "$tmp/copied"
printf ' %s ' "$secret" >"$tmp/copied"
mistake "['secret_quoted']" "$tmp/body" "$signature" "$tmp/copied"
printf 'v1,%s\n' "$secret" >"$tmp/copied"
mistake "['secret_label']" "$tmp/body" "$signature" "$tmp/copied"

# What encoders, proxies and forms make of a body, on either side.
printf '{"event":"x","url":"https://a.example/b","name":"J\xc3\xa4ne"}' >"$tmp/raw"
encode() { python3 -c 'import json, sys
value = json.load(open(sys.argv[1], encoding="utf-8"))
sys.stdout.write(eval(sys.argv[2]))' "$tmp/raw" "$1" >"$tmp/encoded"; }
encode 'json.dumps(value, separators=(",", ":"))'
mistake "['escaped_json']" "$tmp/raw" "$(sign "$tmp/encoded")" "$tmp/secret"
says 'letter beyond ASCII' "$out"
mistake "['reencoded_json']" "$tmp/encoded" "$(sign "$tmp/raw")" "$tmp/secret"
encode 'json.dumps(value, separators=(",", ":")).replace("/", "\\/")'
mistake "['escaped_json']" "$tmp/raw" "$(sign "$tmp/encoded")" "$tmp/secret"
says 'PHP' "$out"
encode 'json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("/", "\\/")'
mistake "['escaped_json']" "$tmp/raw" "$(sign "$tmp/encoded")" "$tmp/secret"
encode 'json.dumps(value)'
mistake "['escaped_json']" "$tmp/raw" "$(sign "$tmp/encoded")" "$tmp/secret"
says 'Python' "$out"
encode 'json.dumps(value, ensure_ascii=False)'
mistake "['escaped_json']" "$tmp/raw" "$(sign "$tmp/encoded")" "$tmp/secret"
python3 -c 'import sys; sys.stdout.buffer.write(open(sys.argv[1], "rb").read().decode("latin-1").encode())' "$tmp/raw" >"$tmp/mojibake"
mistake "['mojibake']" "$tmp/mojibake" "$(sign "$tmp/raw")" "$tmp/secret"
python3 -c 'import sys, urllib.parse
sys.stdout.write(urllib.parse.urlencode({"payload": open(sys.argv[1], "rb").read()}))' "$tmp/raw" >"$tmp/form"
mistake "['form_encoded']" "$tmp/form" "$(sign "$tmp/raw")" "$tmp/secret"

mistake "['final_newline', 'upper_case_signature']" "$tmp/newline" "${signature^^}" "$tmp/secret"
verify "$tmp/body" --signature "$(printf '0%.0s' {1..64})"
expect 1
says 'mismatch: ' "$out"
verify --json "$tmp/body" --signature short
expect 1
[ "$(json "$tmp/out" 'all[0]["reason"], all[0]["mistakes"]')" = "('HD_E_SIGNATURE_FORMAT', [])" ] || die "malformed: $out"

# Several secrets, as in a rotation; bodies that are no events; ages.
printf other >"$tmp/other"
run verify "$tmp/body" --signature "$signature" --secret-file "$tmp/other" --secret-file "$tmp/secret"
expect 0
says 'secret 2 of 2' "$err"
printf 'no event' >"$tmp/text"
verify "$tmp/text" --signature "$(sign "$tmp/text")"
expect 0
says 'Only the signature' "$err"
verify "$tmp/text" --signature "$(sign "$tmp/text")" --max-age 5m
expect 1
verify "$tmp/body" --signature "$signature" --max-age 5m
expect 1
says 'too long ago' "$out"
"$helmdesk" payload ticket.created >"$tmp/fresh"
verify "$tmp/fresh" --signature "$(sign "$tmp/fresh")" --max-age 5m
expect 0
verify "$tmp/body"
expect 2
verify "$tmp/body" --signature "$signature" --max-age soon
expect 2

# Whole requests.
request() { printf 'POST /hooks HTTP/1.1\r\nHost: x\r\nX-Helmdesk-Signature:  %s \r\nContent-Length: %s\r\n\r\n' "$1" "$(wc -c <"$2")" && cat "$2"; }
request "$signature" "$tmp/body" >"$tmp/request"
verify --request "$tmp/request"
expect 0
request "$signature" "$tmp/newline" >"$tmp/request"
verify --request "$tmp/request"
expect 1
says 'line break' "$out"
tr -d '\r' <"$tmp/request" >"$tmp/lines" # LF alone ends a line as well
verify --request "$tmp/lines"
expect 1
says 'line break' "$out"
for broken in '' 'POST' $'POST / HTTP/1.1\r\nHost: x' $'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc' $'\x7fELF'; do
    printf '%s' "$broken" >"$tmp/broken"
    verify --request "$tmp/broken"
    expect 2
done
printf 'POST / HTTP/1.1\r\nX-Helmdesk-Event: ticket.created\r\n\r\n{}' >"$tmp/unsigned"
verify --request "$tmp/unsigned"
expect 1
says 'no signature' "$out"
verify --request "$tmp/request" "$tmp/body"
expect 2

# Standard input is one thing: what is read from there second would be empty, and an empty body has a signature too.
for twice in 'sign --secret-file -' 'verify --signature abc --secret-file -'; do
    code=0
    # shellcheck disable=SC2086  # a list of words
    printf 'secret\n' | "$helmdesk" $twice >"$tmp/out" 2>"$tmp/err" || code=$?
    [[ $code = 2 && ! -s $tmp/out ]] || die "$twice ends with $code: $(cat "$tmp/out")"
    says 'standard input cannot be read twice' "$(cat "$tmp/err")"
done
printf 'secret\n' | "$helmdesk" sign "$tmp/body" --secret-file - >"$tmp/out" || die "sign --secret-file - FILE"
