// SPDX-License-Identifier: MIT
// What the pages about webhooks have in common.
import { query } from '../api.js'
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
  probing: ['Probing. ', () => 'The pause is over, and the next delivery decides whether it goes on.'],
  forbidden: ['Not allowed. ', () => 'This server must not deliver to its address. What waits for it is kept.'],
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
