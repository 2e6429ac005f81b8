// SPDX-License-Identifier: MIT
// The card that sends a test. Whatever the receiver did is the content of the card.
import { plain, result } from '../format.js'
import { explain, phrase, t } from '../texts.js'
import { button, card, fill, h, say } from '../ui.js'
import { curlButton, exchange, explanation, timing, verdict } from './attempt.js'
import { pathOf } from './parts.js'

export function testCard(ctx, webhook, events, now) {
  const kind = h('select', { id: 'test-event', onchange: show },
    events.map((e) => h('option', { value: e.name, selected: e.name === webhook.events[0] }, e.name)))
  const out = h('div.outcome')
  const sample = h('pre', { tabindex: 0, 'aria-label': t.test.sampleLabel, role: 'region' })

  async function send() {
    fill(out, h('p.muted', { 'aria-busy': 'true' }, t.test.sending))
    try {
      const d = await ctx.post(`${pathOf(webhook.id)}/test`, { event: kind.value })
      fill(out, h('div', { class: `result ${d.outcome}` },
        h('p', verdict(d)), timing(d), explanation(d),
        h('div.row', h('a', { href: ctx.to('deliveries', d.id) }, t.test.view),
          curlButton(ctx, d, { class: 'plain small' })),
        h('details', h('summary', t.test.showExchange), exchange(d, 'h3'))))
      say(phrase(t.test.said,
        { outcome: t.outcomes[d.outcome], result: plain(result(d.result)), explanation: plain(explain(d)) }))
    } catch (error) {
      fill(out)
      throw error
    }
  }

  function show() {
    fill(sample, JSON.stringify(events.find((e) => e.name === kind.value).sample, null, 2))
  }

  const go = button(t.test.send, send)
  show()
  if (now) go.click()
  return card(t.test.title,
    h('p.hint', t.test.hint),
    h('div.row', h('label', { for: 'test-event', class: 'sr' }, t.columns.event), kind, go),
    h('details', h('summary', t.test.showSample), sample), out)
}
