// SPDX-License-Identifier: MIT
// Bars of what was delivered, and of what was not: failed and canceled.
import { h } from './ui.js'
import { hhmm, interval, ms } from './format.js'
import { count, phrase, t } from './texts.js'

const ends = (buckets, i, until) => buckets[i + 1]?.t ?? until
const lost = (bucket) => bucket.failed + bucket.canceled
const top = (buckets) => Math.max(1, ...buckets.map((b) => b.delivered + lost(b)))

/** The two rectangles of a bucket, in a picture of the given height. */
function pair(bucket, i, most, height) {
  const bad = lost(bucket) && Math.max(2, lost(bucket) / most * height)
  const good = bucket.delivered && Math.max(1.5, bucket.delivered / most * height)
  const shrink = Math.min(1, height / (bad + good || 1))
  const rect = (kind, y, tall) => tall > 0 && h('svg:rect', { class: kind, x: i * 10 + 1, width: 8, y, height: tall })
  return [rect('fill-good', height - (good + bad) * shrink, good * shrink),
    rect('fill-bad', height - bad * shrink, bad * shrink)]
}

/** A small picture for a row of a table. */
export function sparkline(stats) {
  const { buckets } = stats
  const most = top(buckets)
  return h('svg:svg.spark', {
    viewBox: `0 0 ${buckets.length * 10} 24`, preserveAspectRatio: 'none', role: 'img',
    'aria-label': phrase(t.chart.last24h, { ...stats, failed: lost(stats) }),
  }, h('svg:rect.fill-line', { x: 0, y: 23, width: buckets.length * 10, height: 1 }),
  buckets.map((b, i) => pair(b, i, most, 23)))
}

/** The large chart: each bar is a link that opens the log at its time; arrow keys go from bar to bar. */
export function chart(stats, href) {
  const { buckets } = stats
  if (buckets.every((b) => !b.delivered && !lost(b))) return h('p.empty.muted', t.chart.nothing)
  const most = top(buckets)
  const when = (b, i) => interval(b.t, ends(buckets, i, stats.until))
  const text = (b, i) => phrase(t.chart.bar, { ...b, failed: lost(b), interval: when(b, i) })
  const link = (b, i) => href(b.t, ends(buckets, i, stats.until))
  const bars = buckets.map((b, i) => h('svg:a', { href: link(b, i), 'aria-label': text(b, i), tabindex: i ? -1 : 0 },
    h('svg:rect.hit', { x: i * 10, y: 0, width: 10, height: 100 }), pair(b, i, most, 98), h('svg:title', text(b, i))))
  const svg = h('svg:svg.bars', {
    viewBox: `0 0 ${buckets.length * 10} 100`, preserveAspectRatio: 'none', role: 'group',
    'aria-label': phrase(t.chart.whole, { ...stats, failed: lost(stats), bars: buckets.length }),
    onkeydown(event) {
      const at = bars.indexOf(document.activeElement)
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: bars.length - 1 }[event.key]
      if (at < 0 || !bars[to]) return
      event.preventDefault()
      bars[at].setAttribute('tabindex', -1)
      bars[to].setAttribute('tabindex', 0)
      bars[to].focus()
    },
  }, h('svg:rect.fill-line', { x: 0, y: 99, width: buckets.length * 10, height: 1 }), bars)
  const middle = buckets[buckets.length >> 1]
  return h('div.chart', h('div.scale.muted', h('span', phrase(t.chart.most, { n: most }))), svg,
    h('div.axis.muted', [stats.since, middle?.t ?? stats.since, stats.until].map((at) => h('span', hhmm(new Date(at))))),
    h('details', h('summary', t.chart.showTable), h('div.scroll',
      { tabindex: 0, role: 'region', 'aria-label': t.chart.asTable },
      h('table.plain', h('caption.sr', t.activity.activity),
        h('thead', h('tr', [t.columns.time, t.states.delivered, t.chart.lost, t.activity.p95].map((name) =>
          h('th', { scope: 'col' }, name)))),
        h('tbody', buckets.map((b, i) => h('tr', null,
          h('td', h('a', { href: link(b, i) }, when(b, i))),
          h('td.num', count(b.delivered)), h('td.num', count(lost(b))), h('td.num', ms(b.p95)))))))))
}
