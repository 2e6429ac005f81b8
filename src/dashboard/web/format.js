// SPDX-License-Identifier: MIT
// How times, durations, states and texts of strangers are shown.
import { now } from './api.js'
import { count, locale, phrase, t } from './texts.js'
import { h } from './ui.js'

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
const minute = new Intl.DateTimeFormat(locale, HHMM)
const clock = new Intl.DateTimeFormat(locale, { ...HHMM, second: '2-digit', fractionalSecondDigits: 3 })
const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })

export const hhmm = (date) => minute.format(date)

/** How long ago, in the words of a person. */
export function ago(iso) {
  const s = Math.round((now() - Date.parse(iso)) / 1000)
  if (s < -1) return phrase(t.time.in, { span: span(-s) })
  return s < 5 ? t.time.now : phrase(t.time.ago, { span: span(s) })
}
const span = (s) => s < 90 ? phrase(t.time.seconds, { n: s })
  : s < 5400 ? phrase(t.time.minutes, { n: Math.round(s / 60) })
    : s < 129600 ? phrase(t.time.hours, { n: Math.round(s / 3600) }) : phrase(t.time.days, { n: Math.round(s / 86400) })

/** What stands before a time that is not of today. */
const dayBefore = (date) =>
  date.toDateString() === new Date(now()).toDateString() ? '' : `${day.format(date)}, `

/** A time as <time>: relative, or of the clock with milliseconds and, if not today, the day. */
export function time(iso, relative) {
  if (!iso) return h('span.muted', '–')
  const date = new Date(iso)
  const text = relative ? ago(iso)
    : dayBefore(date) + clock.format(date)
  return h('time', { datetime: iso, title: iso, 'data-ago': relative && iso }, text)
}

/** "14:00–15:00", with the day if that is not today. */
export function interval(from, to) {
  const begin = new Date(from)
  return `${dayBefore(begin)}${hhmm(begin)}–${hhmm(new Date(to))}`
}

const tenths = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })

export const ms = (n) => n == null ? '–'
  : n >= 10000 ? phrase(t.time.seconds, { n: tenths.format(n / 1000) }) : phrase(t.time.ms, { n })
/** Not all of it is never 100 %. */
export const percent = (p) => p == null ? '–' : share.format((p > 99 ? Math.floor(p * 10) / 10 : p) / 100)
export const size = (n) => n < 10240 ? phrase(t.size.bytes, { n })
  : phrase(t.size.kibibytes, { n: Math.round(n / 1024) })

const STATES = {
  delivered: ['good', '✓'], failed: ['bad', '✕'], canceled: ['warn', '⊘'], retrying: ['warn', '↻'],
  on: ['good', '✓'], held: ['warn', '‖'], off: ['muted', '○'], failing: ['bad', '✕'], paused: ['warn', '‖'],
  throttled: ['warn', '‖'], probing: ['warn', '↻'], forbidden: ['bad', '⊘'],
}

/** A state as icon and word, never as colour alone. */
export function badge(state, text) {
  const [kind, icon] = STATES[state] ?? ['warn', '?']
  const word = t.states[state] ?? state
  return h('span', { class: `badge ${kind}${text == null ? ' nowrap' : ''}` },
    h('span', { 'aria-hidden': 'true' }, icon), text == null ? ' ' : '\u00a0',
    text == null ? word : [h('span.sr', `${word}: `), visible(text)])
}

export const result = (text) => t.results[text] ?? text
