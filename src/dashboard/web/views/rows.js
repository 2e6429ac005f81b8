// SPDX-License-Identifier: MIT
// Rows of the log.
import { badge, bdi, ms, result, time } from '../format.js'
import { phrase, t } from '../texts.js'
import { h, reconcile } from '../ui.js'
import { shownName, subject } from './parts.js'

const newestFirst = (a, b) => (b.finished_at > a.finished_at) - (b.finished_at < a.finished_at)
/** Of a row: a delivery that was tried may end without another attempt. */
export const keyOf = (d) => `${d.id}/${d.attempt}/${d.outcome}`

const row = (ctx, d) => h('tr', { 'data-id': d.id },
  h('th', { scope: 'row', 'data-label': t.columns.time },
    h('a', { href: ctx.to('deliveries', d.id) }, time(d.finished_at ?? d.created_at))),
  h('td', { 'data-label': t.columns.event }, h('span', d.event, d.test && h('span.tag', t.common.test))),
  h('td.subject', { 'data-label': t.columns.ticket },
    h('div', subject(d, 'span.two-lines'))),
  h('td', { 'data-label': t.columns.result }, h('span', badge(d.outcome, result(d.result)),
    d.attempt > 1 && h('span.muted.small', ' ', phrase(t.rows.attempt, { n: d.attempt })),
    d.may_be_repeated && h('span.tag', { title: t.rows.repeatedText }, t.rows.repeated))),
  h('td', { 'data-label': t.columns.duration, class: 'num right' }, ms(d.ms.total_ms)),
  h('td', { 'data-label': t.columns.webhook },
    shownName(d.webhook_name) ? h('span.two-lines', bdi(d.webhook_name)) : h('span.mono.small.break', d.url_masked)))

/** A table of deliveries, newest first: one row for each attempt. */
export function logTable(ctx) {
  const body = h('tbody')
  let list = []
  const draw = () => reconcile(body, list, keyOf, (d) => row(ctx, d))
  return {
    node: h('table.cards.log', h('caption.sr', t.log.caption),
      h('thead', h('tr', Object.entries(t.columns).map(([name, text]) =>
        h('th', { scope: 'col', class: name === 'duration' && 'right', 'aria-sort': name === 'time' && 'descending' },
          text)))),
      body),
    body,
    get list() { return list },
    has: (d) => list.some((other) => keyOf(other) === keyOf(d)),
    set(data) { list = data; draw() },
    /** Adds newer ones at the top, and drops from the end what is more than most. */
    add(data, most) {
      list = [...data.filter((d) => !this.has(d)), ...list].sort(newestFirst).slice(0, most)
      draw()
    },
    /** Adds older ones at the end, and drops from the top what is more than most; answers how many were dropped. */
    append(data, most) {
      list = [...list, ...data.filter((d) => !this.has(d))]
      const over = Math.max(0, list.length - most)
      list = list.slice(over)
      draw()
      return over
    },
  }
}
