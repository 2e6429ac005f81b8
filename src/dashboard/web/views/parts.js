// SPDX-License-Identifier: MIT
// What the pages about webhooks have in common.
import { host, query } from '../api.js'
import { bdi, ms } from '../format.js'
import { phrase, t } from '../texts.js'
import { h } from '../ui.js'

/** A name with something to see in it, or nothing. */
export const shownName = (text) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(text ?? '') ? text : ''

/** What an event of the log is about: its ticket, or for an alert the webhook. */
export const subject = (d, kind) => d.about_webhook_id ? h(kind, bdi(shownName(d.about_webhook_name) || d.about_webhook_id))
  : [ticketNumber(d), ' ', h(kind, bdi(d.subject))]

/** A link to the ticket, if the host says where tickets are. */
function ticketNumber(d) {
  const values = { id: d.ticket_id, number: d.ticket_number }
  const href = host.ticket?.replace(/\{(id|number)\}/g, (_, name) => encodeURIComponent(values[name]))
  return href ? h('a.num', { href }, `#${d.ticket_number}`) : h('span.muted.num', `#${d.ticket_number}`)
}

/** Whether an event is about a webhook. */
export const isAlert = (event) => event.startsWith('webhook.')

export const name = (webhook) => shownName(webhook.name) || webhook.url_masked

/** Where the API has a webhook. */
export const pathOf = (id) => `webhooks/${encodeURIComponent(id)}`

export const formatTag = (webhook) => h('span.tag', t.formats[webhook.format])

const SLACK = { count: 1, period_ms: 1000, burst: 5 } // as Slack asks

/** What limits its requests, in words; nothing if nothing does. */
export function limit(webhook) {
  const rate = webhook.rate ?? (webhook.format === 'slack' && SLACK)
  return rate && phrase(rate.burst > 1 ? t.webhook.rateBurst : t.webhook.rate,
    { n: rate.count, period: t.periods[rate.period_ms] ?? ms(rate.period_ms), burst: rate.burst })
}

/** The way back from a page about a webhook. */
export const crumbs = (ctx) => h('nav.crumbs', { 'aria-label': t.common.breadcrumb },
  h('a', { href: ctx.to('webhooks') }, t.page.webhooks))

/** The tabs of a webhook, of which one is current. */
export function tabs(ctx, id, current) {
  const tab = (text, href) => h('a', { href, 'aria-current': text === current && 'page' }, text)
  return h('nav.tabs', { 'aria-label': t.webhook.webhook }, tab(t.webhook.overview, ctx.to('webhooks', id)),
    tab(t.page.deliveries, ctx.to('deliveries') + query({ webhook: id })),
    (ctx.admin || current === t.webhook.settings) && tab(t.webhook.settings, ctx.to('webhooks', id, 'edit')))
}
