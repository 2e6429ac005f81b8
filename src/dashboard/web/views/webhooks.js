// SPDX-License-Identifier: MIT
// The webhooks of a project.
import { inOrder, query } from '../api.js'
import { sparkline } from '../chart.js'
import { badge, bdi, percent, plain, result, time } from '../format.js'
import { phrase, t } from '../texts.js'
import { empty, fill, h, loader, loading, menu, reconcile } from '../ui.js'
import { discard, remove, toggle, toggleText } from './actions.js'
import { replayMissed } from './again.js'
import { activity } from './activity.js'
import { changesCard } from './changes.js'
import { arranged, orders } from './order.js'
import { formatTag, name } from './parts.js'

const LONG = 10 // a list that is worth searching

export default function (ctx) {
  let list, typing
  let view = read(ctx.parameters)
  ctx.title(t.page.webhooks)
  const create = () => ctx.admin && h('a.button', { href: ctx.to('webhooks', 'new') }, t.webhooks.new)
  const stats = activity(ctx, null, () => {
    const bad = list?.filter((w) => w.state === 'failing').length
    return bad > 0 && h('div.tile', h('dt', t.states.failing), h('dd.bad', phrase(t.webhooks.failingCount, { n: bad })))
  })
  const rows = h('tbody')
  const table = h('table.cards', h('caption.sr', t.page.webhooks),
    h('thead', h('tr', [t.webhooks.nameAndUrl, t.webhooks.events, t.webhooks.state, t.ranges['24h'].words,
      t.webhooks.lastDelivery].map((text) => h('th', { scope: 'col' }, text)),
    h('td', h('span.sr', t.webhooks.actions)))), rows)
  const body = h('div', loading())

  const row = (w) => h('tr', null,
    h('th', { scope: 'row' }, h('div.name', h('a', { href: ctx.to('webhooks', w.id) }, bdi(name(w))),
      formatTag(w)),
      h('div.muted.mono.small.break', w.url_masked)),
    h('td', { 'data-label': t.webhooks.events },
      w.events.length === 3 ? t.common.all : w.events.map((e) => h('div.small', e))),
    h('td', { 'data-label': t.webhooks.state }, badge(w.state),
      w.waiting > 0 && h('div.muted.small.num', phrase(t.webhooks.waiting, { n: w.waiting }))),
    h('td', { 'data-label': t.webhooks.label24h }, h('span.rate', sparkline(w.stats24h),
      h('span.num', percent(w.stats24h.success_percent)))),
    h('td', { 'data-label': t.webhooks.labelLast }, w.last_delivery
      ? h('span.last', h('a', { href: ctx.to('deliveries', w.last_delivery.id) },
        badge(w.last_delivery.outcome, result(w.last_delivery.result))), ' ',
        h('span.muted.small', time(w.last_delivery.finished_at, true)))
      : h('span.muted', t.webhooks.noneYet)),
    h('td.act', ctx.admin && menu(phrase(t.webhooks.actionsFor, { name: plain(name(w)) }), [
      [t.test.send, () => { ctx.store.fresh = { id: w.id, test: true }; ctx.go(ctx.to('webhooks', w.id)) }],
      [toggleText(w), async () => { await toggle(ctx, w); await load() }],
      [t.actions.edit, () => ctx.go(ctx.to('webhooks', w.id, 'edit'))],
      [t.actions.rotate, () => { ctx.store.fresh = { id: w.id, rotate: true }; ctx.go(ctx.to('webhooks', w.id)) }],
      [t.actions.duplicate, () => ctx.go(ctx.to('webhooks', 'new') + query({ from: w.id }))],
      [t.jobs.missedMenu, () => replayMissed(ctx, w)],
      [t.actions.discardMenu, async () => { await discard(ctx, w); await load() }],
      [t.actions.deleteMenu, async () => { if (await remove(ctx, w)) await load() }, 'bad'],
    ])))

  const ask = inOrder(() => ctx.get('webhooks'))
  const change = (changes) => {
    view = { ...view, ...changes }
    drawRows()
    clearTimeout(typing)
    typing = setTimeout(() => ctx.go(ctx.to('webhooks') + query(view), { replace: true }), 250)
  }
  ctx.signal.addEventListener('abort', () => clearTimeout(typing))
  const search = h('input.search', { type: 'search', placeholder: t.webhooks.search, 'aria-label': t.webhooks.search,
    oninput: () => change({ q: search.value.trim() }) })
  const sort = h('select', { 'aria-label': t.webhooks.sort, onchange: () => change({ sort: sort.value }) },
    h('option', { value: '' }, t.webhooks.sort), orders.map(([value, text]) => h('option', { value }, text)))
  const found = h('span.muted', { role: 'status' })
  const tools = h('form.filters', { role: 'search', hidden: true, onsubmit: (event) => event.preventDefault() },
    search, sort, found)
  const none = h('div', { hidden: true }, empty(t.log.nothing, t.webhooks.nothingText))
  const card = h('div.card.flush', table, none)

  function drawTools() {
    if (search.value.trim() !== view.q) search.value = view.q
    sort.value = view.sort
  }

  function drawRows() {
    const shown = arranged(list, view)
    tools.hidden = list.length < LONG && !view.q && !view.sort
    found.textContent = view.q ? phrase(t.webhooks.found, { n: shown.length, all: list.length }) : ''
    table.hidden = !shown.length
    none.hidden = shown.length > 0
    reconcile(rows, shown, (w) => w.id, row)
  }

  // A row whose menu is open is not drawn anew before that is closed.
  rows.addEventListener('toggle', (event) => event.newState === 'closed' && drawRows(), true)
  const load = loader(body, async () => {
    const got = await ask()
    if (!got) return null
    list = got.data
    stats.draw()
    stats.node.hidden = !list.length
    if (!list.length) {
      tools.hidden = true
      return fill(body, nothing())
    }
    drawRows()
    return card.isConnected || fill(body, card)
  })

  const nothing = () => empty(t.webhooks.none, t.webhooks.noneText, create(), h('p.muted', t.webhooks.tryIt),
    h('pre', { tabindex: 0 }, `helmdesk listen --print-secret  # ${t.webhooks.recipeSecret}\n` +
      `helmdesk listen --port 8787     # ${phrase(t.webhooks.recipeUrl, { url: 'http://127.0.0.1:8787/' })}`))

  ctx.again(load.work)
  drawTools()
  load()
  return {
    node: [h('div.row.head', h('h1.grow', { tabindex: -1 }, t.page.webhooks), create()), stats.node, tools, body,
      ctx.admin && changesCard(ctx, null)],
    /** Another search or order is this page too. */
    claims(route, parameters) {
      if (route.view !== 'webhooks' || route.project !== ctx.project || !list) return false
      view = read(parameters)
      drawTools()
      drawRows()
      return true
    },
  }
}

const read = (parameters) => ({ q: parameters.get('q') ?? '', sort: parameters.get('sort') ?? '' })
