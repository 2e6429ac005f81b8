// SPDX-License-Identifier: MIT
// The card that sends a test. Whatever the receiver did is the content of the card.
import { plain, result } from '../format.js'
import { button, card, copyButton, fill, h, say } from '../ui.js'
import { curl, exchange, explanation, timing, verdict } from './attempt.js'
import { pathOf } from './parts.js'

export function testCard(ctx, webhook, events, now) {
  const kind = h('select', { id: 'test-event', onchange: show },
    events.map((e) => h('option', { value: e.name, selected: e.name === webhook.events[0] }, e.name)))
  const out = h('div.outcome')
  const sample = h('pre', { tabindex: 0, 'aria-label': 'Sample data', role: 'region' })

  async function send() {
    fill(out, h('p.muted', { 'aria-busy': 'true' }, 'Sending, at most 5 seconds…'))
    try {
      const d = await ctx.post(`${pathOf(webhook.id)}/test`, { event: kind.value })
      fill(out, h('div', { class: `result ${d.outcome}` },
        h('p', verdict(d)), timing(d), explanation(d),
        h('div.row', h('a', { href: ctx.to('deliveries', d.id) }, 'In the log'),
          copyButton('Copy as curl', () => curl(d), { class: 'plain small' })),
        h('details', h('summary', 'Show request and answer'), exchange(d, 'h3'))))
      say(`Test ${d.outcome}: ${plain(result(d.result))}. ${plain(d.explanation)}`)
    } catch (error) {
      fill(out)
      throw error
    }
  }

  function show() {
    fill(sample, JSON.stringify(events.find((e) => e.name === kind.value).sample, null, 2))
  }

  const go = button('Send test', send)
  show()
  if (now) go.click()
  return card('Send a test',
    h('p.hint', 'Goes the same way as a real event: format, signature, address rules, 5 second limit, log.',
      ' It is sent even while the webhook is held or off.'),
    h('div.row', h('label', { for: 'test-event', class: 'sr' }, 'Event'), kind, go),
    h('details', h('summary', 'Show sample data'), sample), out)
}
