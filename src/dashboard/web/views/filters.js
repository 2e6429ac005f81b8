// SPDX-License-Identifier: MIT
// What the log is filtered by: as it stands in the address, as the API takes it, and as it fits a delivery.
import { now, query } from '../api.js'
import { badge, plain, result } from '../format.js'
import { locale, phrase, t } from '../texts.js'

const NAMES = ['q', 'outcome', 'webhook', 'event', 'test', 'range', 'status', 'reason', 'since', 'until']
/** Times that end now, in seconds. */
export const RANGES = { '1h': 3600, '24h': 86400, '7d': 604800 }

/** Days of the reader's own time: how many days ago they begin, and end. */
export const DAYS = { today: [0, -1], yesterday: [1, 0] }

function midnight(daysAgo) {
  const date = new Date(now())
  date.setHours(0, 0, 0, 0)
  date.setDate(date.getDate() - daysAgo)
  return date.toISOString()
}

/** The outcomes of deliveries that have ended; the other one is of attempts that another one follows. */
export const ENDED = 'delivered,failed,canceled'

/** The filter that stands in an address. */
export const read = (parameters) => Object.fromEntries(NAMES.map((name) => [name, parameters.get(name)])
  .filter(([, value]) => value))

/** The filter with a range as the time that it begins at, and perhaps ends. */
export function forApi({ range, ...filter }) {
  const seconds = RANGES[range], day = DAYS[range]
  if (day) return { ...filter, since: midnight(day[0]), until: midnight(day[1]) }
  return seconds ? { ...filter, since: new Date(now() - seconds * 1000).toISOString() } : filter
}

export const same = (a, b) => query(a) === query(b)

const has = (list, value) => list.split(',').includes(value)

function fitsStatus(status, pattern) {
  const [from, to = from] = pattern.trim().toLowerCase().split('-')
  return status != null && status >= Number(from.replaceAll('x', '0')) && status <= Number(to.replaceAll('x', '9'))
}

/** Would the API answer this delivery too? */
export function fits(d, filter) {
  const { q, outcome, webhook, event, test, status, reason, since, until } = forApi(filter)
  const texts = [d.id, d.ticket_id, `#${d.ticket_number}`, d.subject, d.customer_email, d.customer_name, d.webhook_name,
    d.about_webhook_id, d.about_webhook_name, d.reason]
  return (!q || d.event_id === q || texts.join('\n').toLowerCase().includes(q.toLowerCase())) &&
    (!outcome || has(outcome, d.outcome)) && (!webhook || d.webhook_id === webhook) && (!event || has(event, d.event)) &&
    (!test || d.test === (test === 'only')) && (!reason || has(reason, d.reason)) &&
    (!status || status.split(',').some((one) => fitsStatus(d.status, one))) && (!since || d.finished_at >= since) && (!until || d.finished_at < until)
}

const when = (iso) => new Date(iso).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' })

/** A filter in words. */
export function words(name, value, webhookName) {
  switch (name) {
  case 'q': return phrase(t.filters.quoted, { text: plain(value) })
  case 'outcome': return value === ENDED ? t.filters.ended : value.split(',').map((one) => badge(one))
  case 'webhook': return plain(webhookName)
  case 'test': return t.tests[value] ?? plain(value)
  case 'range': return t.ranges[value]?.words ?? plain(value)
  case 'status': return phrase(t.filters.codeIs, { code: plain(value) })
  case 'reason': return plain(result(value))
  case 'since': return phrase(t.filters.fromIs, { time: when(value) })
  case 'until': return phrase(t.filters.untilIs, { time: when(value) })
  default: return plain(value)
  }
}
