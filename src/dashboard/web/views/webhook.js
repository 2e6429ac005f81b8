// SPDX-License-Identifier: MIT
// One webhook: how it does, a test, its secret, its latest deliveries.
import { inOrder, query } from '../api.js'
import { badge, bdi, time } from '../format.js'
import { explain, mixed, phrase, t } from '../texts.js'
import { button, empty, failed, fill, h, loader, loading, menu, toast } from '../ui.js'
import { discard, remove, toggle, toggleText } from './actions.js'
import { activity } from './activity.js'
import { replayMissed } from './again.js'
import { changesCard } from './changes.js'
import { crumbs, formatTag, limit, name, pathOf, tabs } from './parts.js'
import { logTable } from './rows.js'
import { secretCard } from './secret.js'
import { testCard } from './test.js'

const LATEST = 10
const WAITING_MS = 10000 // nothing tells that what waits has become more or less

export default function (ctx) {
  const { id } = ctx
  const fresh = ctx.store.fresh?.id === id ? ctx.store.fresh : {}
  ctx.store.fresh = null
  ctx.title(t.webhook.webhook)
  let webhook
  const head = h('div.row.head')
  const heading = h('h1', { tabindex: -1 }, t.webhook.webhook)
  const facts = h('div.facts')
  const failing = h('div.note.bad.wide')
  const mode = h('div.note.wide')
  const pause = h('div.note.wide')
  const body = h('div.columns', loading())
  const past = h('div')
  const log = logTable(ctx)
  const latest = h('div', loading())
  const ask = inOrder(() => ctx.get(pathOf(id)))
  let secret, arrived = [], missed = false

  function draw() {
    ctx.title(name(webhook))
    fill(heading, bdi(name(webhook)))
    drawFailures()
    mode.hidden = webhook.mode === 'on'
    fill(mode, h('strong', t.modes[webhook.mode].title), t.modes[webhook.mode].meaning)
    drawPause()
    fill(head, badge(webhook.state), formatTag(webhook), h('span.grow'),
      ctx.admin && [
        button(toggleText(webhook), changeMode, { class: 'plain' }),
        menu(t.webhook.more, [
          [t.actions.edit, () => ctx.go(ctx.to('webhooks', id, 'edit'))],
          [t.actions.duplicate, () => ctx.go(ctx.to('webhooks', 'new') + query({ from: id }))],
          [t.jobs.missedMenu, () => replayMissed(ctx, webhook)],
          [t.actions.discardMenu, async () => { await discard(ctx, webhook); await refresh() }],
          [t.actions.deleteMenu, deleteAndLeave, 'bad'],
        ]),
      ])
    drawFacts()
  }

  /** Of one that is failing, or paused for that. */
  function drawFailures() {
    const { failures, state } = webhook
    failing.hidden = !failures || !['failing', 'paused', 'probing'].includes(state)
    if (!failing.hidden) {
      fill(failing, h('strong', t.webhook.failing), mixed(t.webhook.failures, { n: failures.count,
        time: time(failures.since, true) }), ' ', explain(failures), ' ',
      h('a', { href: ctx.to('deliveries') + query({ webhook: id, outcome: 'failed,retrying' }) }, t.webhook.allFailures))
    }
  }

  function drawPause() {
    const words = t.pauses[webhook.state]
    pause.hidden = !words
    if (words) {
      fill(pause, h('strong', words.title),
        mixed(words.text, { time: time(webhook.paused_until ?? webhook.throttled_until) }))
    }
  }

  function drawFacts() {
    fill(facts, h('span.mono.break', webhook.url_masked), h('span', webhook.events.join(', ')),
      h('span', phrase(t.webhook.attempts, { n: webhook.max_attempts })),
      limit(webhook) && h('span', limit(webhook)),
      webhook.ordered && h('span', t.webhook.ordered),
      webhook.standard_headers && h('span', t.webhook.standardHeaders),
      webhook.client_certificate && h('span', t.webhook.clientCertificate),
      webhook.headers.length > 0 && h('span', phrase(t.webhook.headers, { n: webhook.headers.length })),
      webhook.waiting > 0 && h('span', mixed(t.webhook.waiting,
        { n: webhook.waiting, time: time(webhook.waiting_since, true) })))
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
      .catch((error) => {
        if (error.status === 404) fill(past, ctx.admin && changesCard(ctx, id)) // who has deleted it
        throw error
      })
    fill(past)
    webhook = got
    draw()
    secret = ctx.admin && secretCard(ctx, webhook, fresh, refresh)
    fill(body, failing, mode, pause,
      ctx.admin && [testCard(ctx, webhook, events.data, fresh.test), secret.node],
      h('div.wide', activity(ctx, id).node),
      h('section.card.flush.wide', { 'aria-label': t.webhook.latest },
        h('div.row.inset', h('h2.grow', t.webhook.latest),
          h('a', { href: ctx.to('deliveries') + query({ webhook: id }) }, t.webhook.all)), latest),
      ctx.admin && changesCard(ctx, id))
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
      : empty(t.log.none, t.webhook.noneText))
  })

  async function refresh() {
    const before = webhook
    const got = await ask().catch((error) => {
      if (error.status !== 404) throw error
      webhook = null // somebody has deleted it
      fill(head)
      fill(body, failed(error), ctx.admin && changesCard(ctx, id))
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
  return { node: [crumbs(ctx), heading, head, facts, tabs(ctx, id, t.webhook.overview), body, past] }
}
