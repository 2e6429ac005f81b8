// SPDX-License-Identifier: MIT
// One webhook: how it does, a test, its secret, its latest deliveries.
import { inOrder, query } from '../api.js'
import { badge, bdi, count, plural, time, visible } from '../format.js'
import { button, empty, failed, fill, h, loader, loading, menu, toast } from '../ui.js'
import { discard, remove, toggle, toggleText } from './actions.js'
import { activity } from './activity.js'
import { crumbs, formatTag, limit, MODES, name, pathOf, PAUSES, tabs } from './parts.js'
import { logTable } from './rows.js'
import { secretCard } from './secret.js'
import { testCard } from './test.js'

const LATEST = 10
const WAITING_MS = 10000 // nothing tells that what waits has become more or less

export default function (ctx) {
  const { id } = ctx
  const fresh = ctx.store.fresh?.id === id ? ctx.store.fresh : {}
  ctx.store.fresh = null
  ctx.title('Webhook')
  let webhook
  const head = h('div.row.head')
  const heading = h('h1', { tabindex: -1 }, 'Webhook')
  const facts = h('div.facts')
  const failing = h('div.note.bad.wide', h('strong', 'Its last five deliveries failed. '),
    'See the reasons below, fix the receiver, and send a test.')
  const mode = h('div.note.wide')
  const pause = h('div.note.wide')
  const body = h('div.columns', loading())
  const log = logTable(ctx)
  const latest = h('div', loading())
  const ask = inOrder(() => ctx.get(pathOf(id)))
  let secret, arrived = [], missed = false

  function draw() {
    ctx.title(name(webhook))
    fill(heading, bdi(name(webhook)))
    failing.hidden = webhook.state !== 'failing'
    mode.hidden = webhook.mode === 'on'
    fill(mode, h('strong', webhook.mode === 'held' ? 'On hold. ' : 'Off. '), MODES[webhook.mode][1])
    drawPause()
    fill(head, badge(webhook.state), formatTag(webhook), h('span.grow'),
      ctx.admin && [
        button(toggleText(webhook), changeMode, { class: 'plain' }),
        menu('More actions', [
          ['Edit', () => ctx.go(ctx.to('webhooks', id, 'edit'))],
          ['Duplicate', () => ctx.go(ctx.to('webhooks', 'new') + query({ from: id }))],
          ['Discard what waits…', async () => { await discard(ctx, webhook); await refresh() }],
          ['Delete…', deleteAndLeave, 'bad'],
        ]),
      ])
    drawFacts()
  }

  function drawPause() {
    const words = PAUSES[webhook.state]
    pause.hidden = !words
    if (words) fill(pause, h('strong', words[0]), words[1](time(webhook.paused_until ?? webhook.throttled_until)))
  }

  function drawFacts() {
    fill(facts, h('span.mono.break', webhook.url_masked), h('span', webhook.events.join(', ')),
      h('span', webhook.max_attempts > 1 ? `up to ${webhook.max_attempts} attempts` : 'one attempt'),
      limit(webhook) && h('span', limit(webhook)),
      webhook.ordered && h('span', 'in order per ticket'),
      webhook.standard_headers && h('span', 'Standard Webhooks headers'),
      webhook.client_certificate && h('span', 'Client certificate'),
      webhook.headers.length > 0 && h('span', plural(webhook.headers.length, 'extra header')),
      webhook.waiting > 0 && h('span', `${count(webhook.waiting)} waiting, the oldest since `,
        time(webhook.waiting_since, true)))
  }

  async function deleteAndLeave() {
    if (await remove(ctx, webhook) && !ctx.signal.aborted) ctx.go(ctx.to('webhooks'))
  }

  async function changeMode() {
    const before = webhook
    const changed = await toggle(ctx, before)
    if (ctx.signal.aborted || !webhook || changed.version < webhook.version) return
    const own = changed.version === before.version + 1 && secret
    webhook = { ...webhook, ...changed }
    draw()
    if (own) secret.seen(webhook)
  }

  const build = loader(body, async () => {
    const [got, events] = await Promise.all([ctx.get(pathOf(id)), ctx.admin && ctx.get('events')])
    webhook = got
    draw()
    secret = ctx.admin && secretCard(ctx, webhook, fresh, refresh)
    fill(body, failing, mode, pause,
      ctx.admin && [testCard(ctx, webhook, events.data, fresh.test), secret.node],
      h('div.wide', activity(ctx, id).node),
      h('section.card.flush.wide', { 'aria-label': 'Latest deliveries' },
        h('div.row.inset', h('h2.grow', 'Latest deliveries'),
          h('a', { href: ctx.to('deliveries') + query({ webhook: id }) }, 'All deliveries')), latest),
      ctx.admin && history())
    await loadLatest()
    if (missed) refresh().catch(toast)
  })

  const askLatest = inOrder(() => ctx.get('deliveries', { webhook: id, limit: LATEST }))
  const loadLatest = loader(latest, async () => {
    arrived = []
    const got = await askLatest()
    if (!got) return
    log.set(got.data)
    log.add(arrived, LATEST) // which the answer may not know of
    fill(latest, log.list.length ? log.node
      : empty('No deliveries yet', 'Send a test, or wait for the next event.'))
  })

  /** What people did with this webhook. */
  function history() {
    const changes = h('div')
    const load = loader(changes, async () => {
      const data = (await ctx.get('audit')).data.filter((entry) => entry.object === id)
      fill(changes, h('ul.changes', data.length ? data.map((entry) =>
        h('li', time(entry.at), ' ', bdi(entry.user), ' ', h('code', entry.action), ' ', visible(entry.text)))
        : h('li.muted', 'Nobody has changed it yet.')))
    })
    return h('details', { class: 'card wide', ontoggle: (event) => event.target.open && load() },
      h('summary', 'Changes'), changes)
  }

  async function refresh() {
    const before = webhook
    const got = await ask().catch((error) => {
      if (error.status !== 404) throw error
      webhook = null // somebody has deleted it
      fill(head)
      fill(body, failed(error))
    })
    if (!got) return
    webhook = got
    // Only if it differs: to draw the head anew takes an open menu away.
    if (webhook.state !== before.state || webhook.version !== before.version) draw()
    else {
      drawPause()
      drawFacts()
    }
    if (secret) secret.update(webhook)
  }

  ctx.live((type, data) => {
    if (!webhook) {
      missed ||= type !== 'delivery'
      return null
    }
    if (type === 'reset' || type === 'poll') return Promise.all([loadLatest.work(), refresh()])
    if (type === 'webhooks') return refresh()
    if (data.webhook_id !== id) return null
    arrived = [data, ...arrived].slice(0, LATEST)
    log.add([data], LATEST)
    return log.node.isConnected || fill(latest, log.node)
  })
  ctx.again(refresh, (type, data) => webhook && type === 'delivery' && data.webhook_id === id)
  const waits = setInterval(() => webhook && !document.hidden && (webhook.waiting || webhook.state !== 'on') &&
    refresh().catch((error) => error.status !== 0 && toast(error)), WAITING_MS)
  ctx.signal.addEventListener('abort', () => clearInterval(waits))
  build()
  return { node: [crumbs(ctx), heading, head, facts, tabs(ctx, id, 'Overview'), body] }
}
