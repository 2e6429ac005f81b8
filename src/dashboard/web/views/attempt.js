// SPDX-License-Identifier: MIT
// One attempt: how long its parts took, what was sent, what came back.
import { badge, bytes, ms, plain, pretty, result, size, visible } from '../format.js'
import { explain, phrase, t } from '../texts.js'
import { copyButton, h } from '../ui.js'

const PARTS = ['dns_ms', 'connect_ms', 'tls_ms', 'first_byte_ms']

/** "✕ 401 in 84 ms" */
export const verdict = (d) => h('span.verdict', badge(d.outcome, result(d.result)), ' ',
  h('span.muted', phrase(t.attempt.in, { duration: ms(d.ms.total_ms) })))

/** A bar of the parts of an attempt, each with its value as text. */
export function timing(d) {
  const parts = PARTS.map((key) => [t.timing[key], d.ms[key] ?? 0])
  const rest = (d.ms.total_ms ?? 0) - parts.reduce((sum, [, value]) => sum + value, 0)
  const whole = Math.max(d.ms.total_ms ?? 0, 1)
  if (rest > 0) parts.push([d.status ? t.timing.reading : t.timing.other, rest])
  return h('ul.timing', { 'aria-label': t.attempt.timing }, parts.map(([text, value], i) =>
    h('li', { style: { flexGrow: Math.max(value, 0.001) } },
      h('span', { class: `bar b${i}`, style: { width: `${value / whole * 100}%` } }), h('span', text), ' ',
      h('b', ms(value)))))
}

/** The sentence about what happened and what to do. */
export function explanation(d) {
  const text = explain(d)
  const says = text.includes(d.detail) || d.result.includes(d.detail)
  return h('p.explain', visible(text), d.detail && !says && [' ', h('code', visible(d.detail))])
}

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`

const UNKNOWN = [['Content-Type', 'application/json']]

/** The request as a curl command. The address is masked, since it may be a secret. */
export const curl = (d) => [`curl ${quote(d.url_masked)}`,
  ...(d.request.headers.length ? d.request.headers : UNKNOWN)
    .filter(([name]) => !/^(host|content-length)$/i.test(name)).map(([name, value]) => `  -H ${quote(`${name}: ${value ?? '••••'}`)}`),
  `  --data-binary ${quote(d.request.body)}`].join(' \\\n')

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
