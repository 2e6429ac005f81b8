// SPDX-License-Identifier: MIT
// Tiles and chart of a project or of one webhook.
import { inOrder, query } from '../api.js'
import { chart } from '../chart.js'
import { ms, percent, result } from '../format.js'
import { count, t } from '../texts.js'
import { fill, h, loader, loading, refill, segmented } from '../ui.js'
import { ENDED, RANGES } from './filters.js'

const CHOICES = Object.keys(RANGES).map((value) => [value, t.ranges[value].short])

const tile = (name, value, kind) => h('div.tile', h('dt', name), h('dd', { class: kind }, value))

/** ctx as the router gives it; webhook: an id or nothing; more(): further tiles. */
export function activity(ctx, webhook, more = () => []) {
  let range = '24h', stats
  const tiles = h('dl.tiles')
  const body = h('div.activity', loading())
  const log = (filter) => ctx.to('deliveries') + query({ webhook, test: 'no', ...filter })
  const linked = (n, filter) => n ? h('a', { href: log(filter) }, count(n)) : '0'

  /** Why deliveries failed, or attempts were tried again: the most frequent reasons. */
  function why(title, reasons, filter) {
    const most = Object.entries(reasons).sort((a, b) => b[1] - a[1]).slice(0, 4)
    return most.length > 0 && h('p.reasons', h('span.muted', title), most.map(([reason, n], i) => [
      i > 0 && ' · ', h('a', { href: log({ ...filter, reason }) }, `${result(reason)} (${count(n)})`)]))
  }

  function draw() {
    if (!stats) return
    const { since, until, delivered, failed, canceled, deliveries, tried_again: again } = stats
    const span = { since, until }
    fill(tiles,
      tile(t.page.deliveries, linked(deliveries, { ...span, outcome: ENDED })),
      tile(t.activity.success, percent(stats.success_percent), delivered && !failed && 'good'),
      tile(t.states.failed, linked(failed, { ...span, outcome: 'failed' }), failed && 'bad'),
      canceled > 0 && tile(t.states.canceled, linked(canceled, { ...span, outcome: 'canceled' })),
      tile(t.activity.p95, ms(stats.ms.p95)),
      again > 0 && tile(t.states.retrying, linked(again, { ...span, outcome: 'retrying' })),
      stats.waiting > 0 && tile(t.activity.waiting, count(stats.waiting)),
      more())
    refill(body, chart(stats, (from, to) => log({ since: from, until: to, outcome: ENDED })),
      why(t.activity.reasons, stats.reasons, { ...span, outcome: 'failed,canceled' }),
      why(t.activity.retries, stats.retry_reasons, { ...span, outcome: 'retrying' }))
  }

  const ask = inOrder(() => ctx.get('stats', { range, webhook }))
  const load = loader(body, async () => {
    const asked = range
    const got = await ask()
    if (!got || asked !== range) return
    stats = got
    draw()
  })

  async function choose(value) {
    range = value
    stats = null
    node.setAttribute('aria-busy', 'true') // what is shown is of another range
    await load()
    if (value !== range) return
    node.removeAttribute('aria-busy')
    if (!stats) fill(tiles)
  }

  const node = h('section.card', { 'aria-label': t.activity.activity },
    h('div.row', h('h2.grow', t.activity.activity), segmented(t.activity.range, 'range', CHOICES, range, choose)), tiles, body)
  ctx.again(load.work, (type) => type !== 'webhooks')
  load()
  return { draw, node }
}
