// SPDX-License-Identifier: MIT
// One delivery: what happened, what to do, what was sent, what came back.
import { get, inOrder, mount, query } from '../api.js'
import { badge, bdi, ms, result, time } from '../format.js'
import { mixed, phrase, t } from '../texts.js'
import { button, fill, h, loader, loading, refill } from '../ui.js'
import { redeliverOne } from './again.js'
import { curlButton, exchange, explanation, timing } from './attempt.js'
import { shownName, subject } from './parts.js'

/** panel: shown beside the log, with a way to close it. */
export default function (ctx, panel) {
  const at = `${ctx.api}deliveries/${encodeURIComponent(ctx.id)}`
  const note = h('div')
  const body = h('div', loading())
  const heading = h(panel ? 'h2' : 'h1', { tabindex: -1 }, t.delivery.delivery)
  const head = h('div.row.head')
  let attempts = [], exists = true, again = [], chosen = 0, drawn
  ctx.title(t.delivery.delivery)

  function draw() {
    const d = attempts[chosen]
    ctx.title(`${result(d.result)}, ${d.event}`)
    fill(heading, d.event, ' → ', webhookOf(d))
    fill(head, badge(d.outcome), d.test && h('span.tag', t.common.test), time(d.finished_at), h('span.grow'),
      ctx.admin && exists && button(t.delivery.redeliver, redeliver),
      curlButton(ctx, d, { class: 'plain' }))
    refill(body,
      attempts.length > 1 && h('nav.attempts', { 'aria-label': t.delivery.attempts }, attempts.map((a, i) => h('button', {
        type: 'button', class: 'plain', 'aria-pressed': String(i === chosen), onclick: () => { chosen = i; draw() },
      }, a.attempt ? phrase(t.delivery.attempt, { n: a.attempt }) : t.delivery.noAttempt, ' ',
      badge(a.outcome, result(a.result))))),
      h('section', { class: `card result ${d.outcome}`, 'aria-label': t.columns.result },
        h('p', badge(d.outcome, result(d.result))), explanation(d),
        d.next_attempt_at && h('p', mixed(t.delivery.next, { time: time(d.next_attempt_at, true) })),
        d.may_be_repeated && h('p.hint', t.delivery.repeated),
        timing(d)),
      h('dl.card.headers', [
        d.about_webhook_id ? [t.delivery.about, subject(d, 'span')] : [t.columns.ticket, subject(d, 'span')],
        !d.about_webhook_id && [t.delivery.customer, bdi(d.customer_email)],
        [t.columns.webhook, [exists ? h('a', { href: ctx.to('webhooks', d.webhook_id) }, webhookOf(d))
          : [h('span', webhookOf(d)), h('span.tag', t.delivery.webhookDeleted)], h('div.mono.small.break.muted', d.url_masked)]],
        [t.delivery.eventTime, time(d.created_at)], [t.delivery.queued, ms(d.queued_ms)],
        [t.delivery.attemptNumber, d.attempt ? String(d.attempt) : t.common.none],
        [t.delivery.delivery, h('code.break', d.id)],
        [t.columns.event, [h('code.break', d.event_id), ' ', h('a', { href: ctx.to('deliveries') + query({ q: d.event_id }) },
          t.delivery.allOfEvent)]],
        d.redelivery_of && [t.delivery.redeliveryOf, delivery(d.redelivery_of)],
        again.length > 0 && [t.delivery.redeliveredAs, again.map((other) =>
          h('div', delivery(other.id), ' ', badge(other.outcome, result(other.result))))],
      ].filter(Boolean).map(([key, value]) => h('div', h('dt', key), h('dd', value)))),
      h('div.card', exchange(d, panel ? 'h3' : 'h2', (part) => `${mount}api/v1/${at}/${part}`)))
  }

  const webhookOf = (d) => shownName(d.webhook_name) ? bdi(d.webhook_name) : d.url_masked
  const delivery = (id) => h('a', { href: ctx.to('deliveries', id) }, h('code.break', id))

  async function redeliver() {
    const event = await redeliverOne(ctx, attempts[chosen])
    if (event) fill(note, h('div.note.good', mixed(t.delivery.redelivered, {
      link: h('a', { href: ctx.to('deliveries') + query({ q: event }) }, t.delivery.viewNew) })))
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
    exists = own.webhook_exists
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
      t.delivery.openPage), panel)
      : h('nav.crumbs', { 'aria-label': t.common.breadcrumb },
        h('a', { href: ctx.to('deliveries') + location.search }, t.page.deliveries)), heading, head, note, body],
  }
}
