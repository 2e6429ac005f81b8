// SPDX-License-Identifier: MIT
// How times, durations, states and texts of strangers are shown.
import { h } from './ui.js'
import { now } from './api.js'

const NAMES = {
  '\u00ad': 'SHY', '\u061c': 'ALM', '\u200b': 'ZWSP', '\u200e': 'LRM', '\u200f': 'RLM', '\u2028': 'LS', '\u2029': 'PS',
  '\u202a': 'LRE', '\u202b': 'RLE', '\u202c': 'PDF', '\u202d': 'LRO', '\u202e': 'RLO',
  '\u2066': 'LRI', '\u2067': 'RLI', '\u2068': 'FSI', '\u2069': 'PDI', '\ufeff': 'BOM',
}
// What shows nothing, or turns the direction of what follows; tabs and line ends are left alone.
const HIDDEN = /\r(?!\n)|(?![\t\n\r])\p{Cc}|[\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu

const symbol = (c) => NAMES[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`

/** A text with its control and direction characters made visible. */
export const plain = (text) => String(text ?? '').replace(HIDDEN, symbol)

/** The same as nodes, with the symbols marked. */
export function visible(text) {
  const parts = []
  let at = 0
  for (const found of String(text ?? '').matchAll(HIDDEN)) {
    parts.push(text.slice(at, found.index), h('span.ctl', symbol(found[0])))
    at = found.index + found[0].length
  }
  return [...parts, String(text ?? '').slice(at)]
}

/** Text of a stranger, on its own as to direction. */
export const bdi = (text) => h('bdi', { dir: 'auto' }, visible(text))

/** An HTTP body or head. */
export const bytes = (text, label) =>
  h('pre', { dir: 'auto', tabindex: 0, role: 'region', 'aria-label': label }, visible(text))

/** JSON with line ends; another text as it is. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

const HHMM = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
const minute = new Intl.DateTimeFormat(undefined, HHMM)
const clock = new Intl.DateTimeFormat(undefined, { ...HHMM, second: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const number = new Intl.NumberFormat()

export const count = (n) => number.format(n ?? 0)
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`
export const hhmm = (date) => minute.format(date)

/** How long ago, in the words of a person. */
export function ago(iso) {
  const s = Math.round((now() - Date.parse(iso)) / 1000)
  if (s < -1) return `in ${span(-s)}`
  return s < 5 ? 'just now' : `${span(s)} ago`
}
const span = (s) => s < 90 ? `${s} s`
  : s < 5400 ? `${Math.round(s / 60)} min`
    : s < 129600 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} days`

/** What stands before a time that is not of today. */
const dayBefore = (date) =>
  date.toDateString() === new Date(now()).toDateString() ? '' : `${day.format(date)}, `

/** A time as <time>: relative, or of the clock with milliseconds and, if not today, the day. */
export function time(iso, relative) {
  if (!iso) return h('span.muted', '–')
  const date = new Date(iso)
  const text = relative ? ago(iso)
    : `${dayBefore(date)}${clock.format(date)}.${String(date.getMilliseconds()).padStart(3, '0')}`
  return h('time', { datetime: iso, title: iso, 'data-ago': relative && iso }, text)
}

/** "14:00–15:00", with the day if that is not today. */
export function interval(from, to) {
  const begin = new Date(from)
  return `${dayBefore(begin)}${hhmm(begin)}–${hhmm(new Date(to))}`
}

export const ms = (n) => n == null ? '–' : n >= 10000 ? `${(n / 1000).toFixed(1)} s` : `${count(n)} ms`
export const percent = (p) => p == null ? '–'
  : `${p > 99 && p < 100 ? p.toFixed(2).slice(0, 4) : p.toFixed(p % 1 ? 1 : 0)} %`
export const size = (n) => n < 10240 ? `${count(n)} bytes` : `${count(Math.round(n / 1024))} KiB`

const STATES = {
  delivered: ['good', '✓', 'Delivered'],
  failed: ['bad', '✕', 'Failed'],
  canceled: ['warn', '⊘', 'Canceled'],
  retrying: ['warn', '↻', 'Retrying'],
  on: ['good', '✓', 'On'],
  held: ['warn', '‖', 'Held'],
  off: ['muted', '○', 'Off'],
  failing: ['bad', '✕', 'Failing'],
  paused: ['warn', '‖', 'Paused'],
  throttled: ['warn', '‖', 'Throttled'],
  probing: ['warn', '↻', 'Probing'],
  forbidden: ['bad', '⊘', 'Not allowed'],
}

/** A state as icon and word, never as colour alone. */
export function badge(state, text) {
  const [kind, icon, word] = STATES[state] ?? ['warn', '?', state]
  return h('span', { class: `badge ${kind}${text == null ? ' nowrap' : ''}` },
    h('span', { 'aria-hidden': 'true' }, icon), ' ',
    text == null ? word : [h('span.sr', `${word}: `), visible(text)])
}

const RESULTS = {
  http_3xx: 'Redirect', http_400: '400', http_401_403: '401 or 403', http_404_410: '404 or 410', http_413: '413',
  http_429: '429', http_4xx: '4xx', http_5xx: '5xx', slack: 'Refused by Slack',
  dns: 'Name not found', refused: 'Connection refused', reset: 'Connection closed', unreachable: 'Unreachable',
  timeout_connect: 'No connection', timeout_total: 'Timeout', blocked: 'Address not allowed',
  tls_untrusted: 'Certificate not trusted', tls_name: 'Certificate of another name',
  tls_expired: 'Certificate expired', tls_protocol: 'No secure connection',
  tls_not_yet_valid: 'Certificate not valid yet', tls_unfit: 'Certificate unfit',
  tls_client_certificate: 'Wants a client certificate',
  bad_response: 'Not HTTP', response_too_large: 'Answer too large',
  canceled: 'Canceled', discarded: 'Discarded', dropped: 'Dropped', paused: 'Paused', internal: 'Internal fault',
  proxy_failed: 'Proxy not usable', proxy_refused: 'Refused by the proxy', proxy_gateway: 'Proxy got no connection',
}
export const result = (text) => RESULTS[text] ?? text
