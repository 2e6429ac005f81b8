// SPDX-License-Identifier: MIT
// One attempt: how long its parts took, what was sent, what came back.
import { badge, bytes, ms, plain, pretty, result, size, visible } from '../format.js'
import { explain, phrase, t } from '../texts.js'
import { copyButton, h } from '../ui.js'
import { pathOf } from './parts.js'

const PARTS = ['dns_ms', 'connect_ms', 'tls_ms', 'first_byte_ms']

/** "✕ 401 in 84 ms" */
export const verdict = (d) => h('span.verdict', badge(d.outcome, result(d.result)), ' ',
  h('span.muted', phrase(t.attempt.in, { duration: ms(d.ms.total_ms) })))

/** In which part an attempt without an answer ended: the rest of its time is of that one. */
function unfinished({ reason, status }) {
  if (status) return 'reading'
  if (/^tls_/.test(reason)) return 'tls_ms'
  return { dns: 'dns_ms', timeout_connect: 'connect_ms', timeout_total: 'first_byte_ms' }[reason] ?? 'other'
}

/** The parts of an attempt: a bar in proportion, and each with its value as text. */
export function timing(d) {
  const parts = new Map(PARTS.map((key) => [key, d.ms[key] ?? 0]))
  const whole = d.ms.total_ms ?? 0
  const rest = whole - [...parts.values()].reduce((sum, value) => sum + value, 0)
  const last = unfinished(d)
  if (rest > 0) parts.set(last, (parts.get(last) ?? 0) + rest)
  const list = [...parts]
  return h('div.timing',
    h('div.bars-of-time', { 'aria-hidden': 'true' }, list.map(([, value], i) => value > 0 &&
      h('span', { class: `bar b${i}`, style: { flexGrow: value } }))),
    h('ul', { 'aria-label': t.attempt.timing }, list.map(([key, value], i) =>
      h('li', h('span', { class: `bar b${i}`, 'aria-hidden': 'true' }), h('span', t.timing[key]), ' ', h('b', ms(value))))))
}

/** The sentence about what happened and what to do. */
export function explanation(d) {
  const text = explain(d)
  const says = text.includes(d.detail) || d.result.includes(d.detail)
  return h('p.explain', visible(text), d.detail && !says && [' ', h('code', visible(d.detail))])
}

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`
// In double quotes, where the shell replaces ${NAME:?…}, or says what is missing.
const escaped = (text) => text.replace(/["\\$`}]/g, '\\$&')
const asked = (name, text) => `\${${name}:?${escaped(text)}}`
const variable = (header) => `HEADER_${header.toUpperCase().replace(/\W/g, '_')}`

const UNKNOWN = [['Content-Type', 'application/json']]

function option([name, value]) {
  if (value == null) return `"${escaped(name)}: ${asked(variable(name), phrase(t.attempt.giveValue, { name }))}"`
  return quote(value === '' ? `${name};` : `${name}: ${value}`) // an empty one after ':' would leave it out
}

/**
 * The request as a command that runs. url: where it goes, for who may know it; instead of that, and of a value that is
 * masked, there is a variable, and the shell asks for it.
 */
export const curl = (d, url) => [
  `curl ${url ? quote(url) : `"${asked('URL', phrase(t.attempt.giveUrl, { url: d.url_masked }))}"`}`,
  ...(d.request.headers.length ? d.request.headers : UNKNOWN)
    .filter(([name]) => !/^(host|content-length)$/i.test(name)).map((header) => `  -H ${option(header)}`),
  `  --data-binary ${quote(d.request.body)}`].join(' \\\n')

/** A button that copies it; the address is the webhook's, if that is where this one went. */
export const curlButton = (ctx, d, props) => copyButton(t.attempt.copyAsCurl, async () => {
  const webhook = ctx.admin && await ctx.get(pathOf(d.webhook_id)).catch(() => null)
  return curl(d, webhook?.url_masked === d.url_masked && webhook.url)
}, props)

const header = ([name, value]) => h('div', h('dt', visible(name)),
  h('dd', value == null ? '••••' : visible(value), /^x-helmdesk-signature$/i.test(name) &&
    h('span.hint', t.attempt.hmac)))

/** Request and answer. level: of their headings; download(part): an address for the bytes, or nothing. */
export function exchange(d, level, download) {
  const { request, response } = d
  const link = (part) => download && h('a', { href: download(part), download: '', class: 'small' }, t.attempt.download)
  const part = (title, tools, ...children) => h('section.part', { 'aria-label': title },
    h('div.row', h(`${level}.grow`, title), tools), children)
  return [
    part(t.attempt.request, [h('span.muted.small', size(request.bytes)), link('request-body'),
      copyButton(t.attempt.copyBody, () => request.body, { class: 'plain small' })],
    h('p.mono.small.break', 'POST ', plain(d.url_masked)),
    request.headers.length ? h('dl.headers', request.headers.map(header))
      : h('p.muted', d.attempt ? t.attempt.headersUnknown : t.attempt.noAttempt),
    bytes(pretty(request.body), t.attempt.requestBody)),
    !d.status ? part(t.attempt.response, null, h('p.muted', t.attempt.noResponse))
      : part(t.attempt.response, [h('span.muted.small', size(response.bytes)), response.bytes > 0 && link('response-body')],
        h('p.mono.small', 'HTTP ', d.status,
          d.remote_address && h('span.muted', ' ', phrase(t.attempt.from, { address: d.remote_address }))),
        response.headers && h('details', h('summary', t.attempt.headers),
          bytes(response.headers.trim(), t.attempt.responseHeaders)),
        response.body ? bytes(response.body, t.attempt.responseBody) : h('p.muted', t.attempt.emptyBody),
        response.truncated && h('p.hint', t.attempt.cut)),
  ]
}
