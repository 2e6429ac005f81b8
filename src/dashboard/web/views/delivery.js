// SPDX-License-Identifier: MIT
// One delivery: what happened, what to do, what was sent, what came back.
import { get, inOrder, mount, query } from '../api.js'
import { badge, bdi, ms, result, time } from '../format.js'
import { button, copyButton, fill, h, loader, loading, refill } from '../ui.js'
import { redeliverOne } from './again.js'
import { curl, exchange, explanation, timing } from './attempt.js'

/** panel: shown beside the log, with a way to close it. */
export default function (ctx, panel) {
  const at = `${ctx.api}deliveries/${encodeURIComponent(ctx.id)}`
  const note = h('div')
  const body = h('div', loading())
  const heading = h(panel ? 'h2' : 'h1', { tabindex: -1 }, 'Delivery')
  const head = h('div.row.head')
  let attempts = [], again = [], chosen = 0, drawn
  ctx.title('Delivery')

  function draw() {
    const d = attempts[chosen]
    ctx.title(`${result(d.result)}, ${d.event}`)
    fill(heading, d.event, ' → ', d.webhook_name ? bdi(d.webhook_name) : d.url_masked)
    fill(head, badge(d.outcome), d.test && h('span.tag', 'test'), time(d.finished_at), h('span.grow'),
      ctx.admin && button('Redeliver…', redeliver), copyButton('Copy as curl', () => curl(d), { class: 'plain' }))
    refill(body,
      attempts.length > 1 && h('nav.attempts', { 'aria-label': 'Attempts' }, attempts.map((a, i) => h('button', {
        type: 'button', class: 'plain', 'aria-pressed': String(i === chosen), onclick: () => { chosen = i; draw() },
      }, a.attempt ? `Attempt ${a.attempt} ` : 'No attempt ', badge(a.outcome, result(a.result))))),
      h('section', { class: `card result ${d.outcome}`, 'aria-label': 'What happened' },
        h('p', badge(d.outcome, result(d.result))), explanation(d),
        d.next_attempt_at && h('p', 'The next attempt is due ', time(d.next_attempt_at, true), '.'),
        d.may_be_repeated && h('p.hint', 'The sender was interrupted: the receiver may have got this delivery twice.'),
          timing(d)),
      h('dl.card.headers', [
        ['Ticket', [`#${d.ticket_number} `, bdi(d.subject)]], ['Customer', bdi(d.customer_email)],
        ['Webhook', [h('a', { href: ctx.to('webhooks', d.webhook_id) },
          d.webhook_name ? bdi(d.webhook_name) : d.url_masked), h('div.mono.small.break.muted', d.url_masked)]],
        ['Event took place', time(d.created_at)], ['Waited', ms(d.queued_ms)], ['Attempt', d.attempt ? String(d.attempt) : 'none'],
        ['Delivery', h('code.break', d.id)],
        ['Event', [h('code.break', d.event_id), ' ', h('a', { href: ctx.to('deliveries') + query({ q: d.event_id }) },
          'all its deliveries')]],
        d.redelivery_of && ['Repeats', delivery(d.redelivery_of)],
        again.length > 0 && ['Repeated by', again.map((other) =>
          h('div', delivery(other.id), ' ', badge(other.outcome, result(other.result))))],
      ].filter(Boolean).map(([key, value]) => h('div', h('dt', key), h('dd', value)))),
      h('div.card', exchange(d, panel ? 'h3' : 'h2', (part) => `${mount}api/v1/${at}/${part}`)))
  }

  const delivery = (id) => h('a', { href: ctx.to('deliveries', id) }, h('code.break', id))

  async function redeliver() {
    const event = await redeliverOne(ctx, attempts[chosen])
    if (event) fill(note, h('div.note.good', 'It is being sent again: ',
      h('a', { href: ctx.to('deliveries') + query({ q: event }) }, 'see the new delivery'), '.'))
  }

  const ask = inOrder(() => Promise.all([get(at, { signal: ctx.signal }),
    get(`${ctx.api}deliveries${query({ redelivery_of: ctx.id })}`, { signal: ctx.signal })]))
  const load = loader(body, async () => {
    const got = await ask()
    if (!got) return
    const text = JSON.stringify(got)
    if (text === drawn) return // to draw it anew closes what is open
    drawn = text
    const [own, others] = got
    const reading = attempts[chosen]?.attempt
    attempts = own.data
    if (chosen) chosen = Math.max(0, attempts.findIndex((a) => a.attempt === reading)) // or else the newest
    again = others.data.filter((d, i, all) => i === all.findIndex(({ id }) => id === d.id)) // each once, as it is now
    draw()
  })

  ctx.live((type, data) => {
    const is = type === 'delivery' ? [data.id, data.redelivery_of].includes(ctx.id) : type !== 'webhooks'
    return is && load.work().catch((error) => {
      if (error.status !== 404) throw error // it has left the log, and stays here
    })
  })
  load()
  return {
    heading,
    node: [panel ? h('div.row', h('a', { href: `${ctx.to('deliveries', ctx.id)}`, class: 'small grow' },
      'Address of this delivery'), panel)
      : h('nav.crumbs', { 'aria-label': 'Breadcrumb' },
        h('a', { href: ctx.to('deliveries') + location.search }, 'Deliveries')), heading, head, note, body],
  }
}
