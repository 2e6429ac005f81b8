// SPDX-License-Identifier: MIT
// The webhooks of a project.
import { inOrder, query } from '../api.js'
import { sparkline } from '../chart.js'
import { badge, bdi, count, percent, plain, plural, result, time } from '../format.js'
import { empty, fill, h, loader, loading, menu, reconcile } from '../ui.js'
import { discard, remove, toggle, toggleText } from './actions.js'
import { activity } from './activity.js'
import { formatTag, name } from './parts.js'

export default function (ctx) {
  let list
  ctx.title('Webhooks')
  const create = () => ctx.admin && h('a.button', { href: ctx.to('webhooks', 'new') }, '+ New webhook')
  const stats = activity(ctx, null, () => {
    const bad = list?.filter((w) => w.state === 'failing').length
    return bad > 0 && h('div.tile', h('dt', 'Failing'), h('dd.bad', plural(bad, 'webhook')))
  })
  const rows = h('tbody')
  const table = h('table.cards', h('caption.sr', 'Webhooks'),
    h('thead', h('tr', ['Name and address', 'Events', 'State', 'Last 24 hours', 'Last delivery'].map((t) =>
      h('th', { scope: 'col' }, t)), h('td', h('span.sr', 'Actions')))), rows)
  const body = h('div', loading())

  const row = (w) => h('tr', null,
    h('th', { scope: 'row' }, h('div.name', h('a', { href: ctx.to('webhooks', w.id) }, bdi(name(w))),
      formatTag(w)),
      h('div.muted.mono.small.break', w.url_masked)),
    h('td', { 'data-label': 'Events' }, w.events.length === 3 ? 'all' : w.events.map((e) => h('div.small', e))),
    h('td', { 'data-label': 'State' }, badge(w.state),
      w.waiting > 0 && h('div.muted.small.num', `${count(w.waiting)} waiting`)),
    h('td', { 'data-label': '24 h' }, h('span.rate', sparkline(w.stats24h),
      h('span.num', percent(w.stats24h.success_percent)))),
    h('td', { 'data-label': 'Last' }, w.last_delivery
      ? h('span.last', h('a', { href: ctx.to('deliveries', w.last_delivery.id) },
        badge(w.last_delivery.outcome, result(w.last_delivery.result))), ' ',
        h('span.muted.small', time(w.last_delivery.finished_at, true)))
      : h('span.muted', 'none yet')),
    h('td.act', ctx.admin && menu(`Actions for ${plain(name(w))}`, [
      ['Send test', () => { ctx.store.fresh = { id: w.id, test: true }; ctx.go(ctx.to('webhooks', w.id)) }],
      [toggleText(w), async () => { await toggle(ctx, w); await load() }],
      ['Edit', () => ctx.go(ctx.to('webhooks', w.id, 'edit'))],
      ['Rotate secret…', () => { ctx.store.fresh = { id: w.id, rotate: true }; ctx.go(ctx.to('webhooks', w.id)) }],
      ['Duplicate', () => ctx.go(ctx.to('webhooks', 'new') + query({ from: w.id }))],
      ['Discard what waits…', async () => { await discard(ctx, w); await load() }],
      ['Delete…', async () => { if (await remove(ctx, w)) await load() }, 'bad'],
    ])))

  const drawRows = () => reconcile(rows, list, (w) => w.id, row)
  // A row whose menu is open is not drawn anew before that is closed.
  rows.addEventListener('toggle', (event) => event.newState === 'closed' && drawRows(), true)
  const ask = inOrder(() => ctx.get('webhooks'))
  const load = loader(body, async () => {
    const got = await ask()
    if (!got) return null
    list = got.data
    stats.draw()
    stats.node.hidden = !list.length
    if (!list.length) return fill(body, nothing())
    drawRows()
    return table.isConnected || fill(body, h('div.card.flush', table))
  })

  const nothing = () => empty('No webhooks yet',
    'Helmdesk can call your server when a ticket is created or resolved, or a message arrives.', create(),
    h('p.muted', 'To try it on this computer, start a receiver and make its address a webhook:'),
    h('pre', { tabindex: 0 }, 'helmdesk listen --port 8787 --print-secret\n' +
      '# then a webhook with that secret and the address\n# http://127.0.0.1:8787/'))

  ctx.again(load.work)
  load()
  return { node: [h('div.row.head', h('h1', { tabindex: -1, class: 'grow' }, 'Webhooks'), create()), stats.node, body] }
}
