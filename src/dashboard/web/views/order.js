// SPDX-License-Identifier: MIT
// Which webhooks of a long list are shown, and in which order.
import { locale, t } from '../texts.js'
import { name } from './parts.js'

const WORST_FIRST = ['failing', 'forbidden', 'paused', 'probing', 'throttled', 'held', 'off', 'on']
const collator = new Intl.Collator(locale, { numeric: true, sensitivity: 'base' })
const rate = (w) => w.stats24h.success_percent ?? Infinity // what sent nothing has no rate: at the end
const last = (w) => Date.parse(w.last_delivery?.finished_at) || 0

const COMPARE = {
  name: (a, b) => collator.compare(name(a), name(b)),
  state: (a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state),
  success: (a, b) => (rate(a) === rate(b) ? 0 : rate(a) - rate(b)),
  last: (a, b) => last(b) - last(a),
}

/** The orders that there are, as [value, text]. */
export const orders = Object.keys(COMPARE).map((key) => [key, t.webhooks.orders[key]])

/** Without regard to case and accents. */
const folded = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** Those that have each word somewhere, in an order; without one, in their own. */
export function arranged(list, { q, sort }) {
  const words = folded(q ?? '').split(/\s+/).filter(Boolean)
  const found = list.filter((w) => {
    const text = folded([w.name, w.url_masked, w.url, t.states[w.state], t.formats[w.format], ...w.events].join('\n'))
    return words.every((word) => text.includes(word) || w.id === word)
  })
  return COMPARE[sort] ? found.sort(COMPARE[sort]) : found
}
