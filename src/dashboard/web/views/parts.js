// SPDX-License-Identifier: MIT
// What the pages about webhooks have in common.
import { query } from '../api.js'
import { count } from '../format.js'
import { h } from '../ui.js'

export const name = (webhook) => webhook.name || webhook.url_masked

/** Where the API has a webhook. */
export const pathOf = (id) => `webhooks/${encodeURIComponent(id)}`

export const FORMATS = { json: 'JSON', slack: 'Slack' }
export const formatTag = (webhook) => h('span.tag', FORMATS[webhook.format])

/** The modes of a webhook: what a person chooses, and what it means. */
export const MODES = {
  on: ['On', 'Accepts events and sends them.'],
  held: ['Hold', 'Accepts events and sends nothing until it is on again. Nothing is lost.'],
  off: ['Off', 'Accepts no events. What waits already is not sent until it is on again.'],
}

/** What keeps a webhook from sending that is on, by its state. */
export const PAUSES = {
  paused: ['Paused. ', (until) => ['Its deliveries kept failing. What is due waits until ', until, '; then one is tried.']],
  throttled: ['Throttled. ', (until) =>
    ['Its receiver answered 429 or 503, and asked to be left in peace. What is due waits until ', until, '.']],
  probing: ['Probing. ', () => 'The pause is over, and the next delivery decides whether it goes on.'],
  forbidden: ['Not allowed. ', () => 'This server must not deliver to its address. What waits for it is kept.'],
}

/** The periods of a rate that have a name. */
export const PERIODS = { 1000: 'second', 60000: 'minute', 3600000: 'hour' }
const SLACK = { count: 1, period_ms: 1000, burst: 5 } // as Slack asks

/** What limits its requests, in words; nothing if nothing does. */
export function limit(webhook) {
  const rate = webhook.rate ?? (webhook.format === 'slack' && SLACK)
  return rate && `limited to ${count(rate.count)} per ${PERIODS[rate.period_ms] ?? `${count(rate.period_ms)} ms`}` +
    (rate.burst > 1 ? `, ${count(rate.burst)} at once` : '')
}

/** The way back from a page about a webhook. */
export const crumbs = (ctx) => h('nav.crumbs', { 'aria-label': 'Breadcrumb' },
  h('a', { href: ctx.to('webhooks') }, 'Webhooks'))

/** The tabs of a webhook, of which one is current. */
export function tabs(ctx, id, current) {
  const tab = (text, href) => h('a', { href, 'aria-current': text === current && 'page' }, text)
  return h('nav.tabs', { 'aria-label': 'Webhook' }, tab('Overview', ctx.to('webhooks', id)),
    tab('Deliveries', ctx.to('deliveries') + query({ webhook: id })),
    (ctx.admin || current === 'Settings') && tab('Settings', ctx.to('webhooks', id, 'edit')))
}
