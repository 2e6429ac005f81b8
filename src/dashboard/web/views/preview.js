// SPDX-License-Identifier: MIT
// What a receiver will get: the exact bytes, and how Slack draws them.
import { bytes, pretty, size, visible } from '../format.js'
import { phrase, t } from '../texts.js'
import { copyButton, failed, fill, h, segmented } from '../ui.js'

const ENTITIES = { '&amp;': '&', '&lt;': '<', '&gt;': '>' }
const text = (part) => visible(part.replace(/&(amp|lt|gt);/g, (found) => ENTITIES[found]))

/** A text of Slack's as Slack shows it: bold and quoted lines. */
function slack(mrkdwn) {
  const line = (part) => part.split(/(\*[^*\n]+\*)/).map((piece) =>
    /^\*.+\*$/.test(piece) ? h('b', text(piece.slice(1, -1))) : text(piece))
  return h('div.slack', { role: 'group', 'aria-label': t.preview.slack },
    h('p', h('b', 'Helmdesk '), h('span.tag', t.preview.app)),
    h('div', { dir: 'auto' }, mrkdwn.split('\n').map((part) =>
      part.startsWith('> ') ? h('blockquote', line(part.slice(2))) : h('p', line(part)))))
}

const VERIFY = {
  C: 'if (hd_verify(body, body_len, signature, strlen(signature),\n' +
    '              secret, strlen(secret)) != HD_OK)\n    return 401;',
  Node: "const expected = createHmac('sha256', secret).update(rawBody).digest()\n" +
    "const given = Buffer.from(signature, 'hex')\n" +
    "if (given.length !== 32 || !timingSafeEqual(given, expected)) return 401",
  Python: 'expected = hmac.new(secret.encode(), raw_body, "sha256").hexdigest()\n' +
    'if not hmac.compare_digest(expected, signature): return 401',
  Go: 'mac := hmac.New(sha256.New, []byte(secret))\nmac.Write(rawBody)\n' +
    'given, _ := hex.DecodeString(signature)\nif !hmac.Equal(mac.Sum(nil), given) { return 401 }',
  CLI: 'helmdesk verify body.json --secret-file secret --signature HEX',
}

/** wanted(): {format, secret}. */
export function preview(ctx, events, wanted) {
  let raw = false, asked = 0, timer, shown
  const kind = h('select', { 'aria-label': t.preview.event, onchange: load },
    events.map((e) => h('option', { value: e.name }, e.name)))
  const out = h('div')
  const code = h('pre', { tabindex: 0, 'aria-label': t.preview.howToVerify, role: 'region' })
  const language = (name) => fill(code, VERIFY[name])

  async function load() {
    clearTimeout(timer)
    const turn = ++asked
    const of = { ...wanted(), event: kind.value }
    try {
      const got = await ctx.post('preview', of)
      if (turn !== asked) return
      shown = { ...got, sample: !of.secret }
      show()
    } catch (error) {
      if (error.status === 422 && error.errors.some((e) => e.pointer === '/secret')) return
      if (turn !== asked) return
      shown = null
      fill(out, failed(error, load))
    }
  }

  // Each answer is an event of its own: its form changes without another answer.
  function show() {
    fill(out, h('dl.headers', shown.headers.map(([name, value]) => h('div', h('dt', name), h('dd', value)))),
      bytes(raw ? shown.body : pretty(shown.body), t.preview.body),
      h('div.row',
        h('span.muted.small.grow',
          raw ? phrase(t.preview.exactly, { size: size(shown.bytes) }) : t.preview.formatted),
        copyButton(t.preview.copyBytes, () => shown.body, { class: 'plain small' })),
      shown.sample && h('p.hint', t.preview.sample),
      shown.slack_text && slack(shown.slack_text))
  }

  language('C')
  return {
    draw() {
      clearTimeout(timer)
      timer = setTimeout(load, 150)
    },
    node: h('section.card.preview', { 'aria-label': t.preview.preview },
      h('div.row', h('h2.grow', t.preview.preview), kind,
        segmented(t.preview.view, 'form', [['pretty', t.preview.pretty], ['bytes', t.preview.bytes]], 'pretty',
          (value) => { raw = value === 'bytes'; if (shown) show() })),
      out,
      h('details', h('summary', t.preview.verify),
        segmented(t.preview.language, 'language', Object.keys(VERIFY).map((key) => [key, key]), 'C', language), code)),
  }
}
