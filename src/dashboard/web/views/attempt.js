// SPDX-License-Identifier: MIT
// One attempt: how long its parts took, what was sent, what came back.
import { badge, bytes, ms, plain, pretty, result, size, visible } from '../format.js'
import { copyButton, h } from '../ui.js'

const PARTS = [['dns_ms', 'dns'], ['connect_ms', 'connect'], ['tls_ms', 'tls'], ['first_byte_ms', 'waiting']]

/** "✕ 401 in 84 ms" */
export const verdict = (d) => h('span.verdict', badge(d.outcome, result(d.result)), ' ',
  h('span.muted', `in ${ms(d.ms.total_ms)}`))

/** A bar of the parts of an attempt, each with its value as text. */
export function timing(d) {
  const parts = PARTS.map(([key, text]) => [text, d.ms[key] ?? 0])
  const rest = (d.ms.total_ms ?? 0) - parts.reduce((sum, [, value]) => sum + value, 0)
  const whole = Math.max(d.ms.total_ms ?? 0, 1)
  if (rest > 0) parts.push([d.status ? 'reading' : 'other', rest])
  return h('ul.timing', { 'aria-label': 'Timing' }, parts.map(([text, value], i) =>
    h('li', { style: { flexGrow: Math.max(value, 0.001) } },
      h('span', { class: `bar b${i}`, style: { width: `${value / whole * 100}%` } }), h('span', text), ' ',
      h('b', ms(value)))))
}

/** The sentence about what happened and what to do. */
export const explanation = (d) => h('p.explain', visible(d.explanation),
  d.detail && !d.explanation.includes(d.detail) && !d.result.includes(d.detail) && [' ', h('code', visible(d.detail))])

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`

const UNKNOWN = [['Content-Type', 'application/json']]

/** The request as a curl command. The address is masked, since it may be a secret. */
export const curl = (d) => [`curl ${quote(d.url_masked)}`,
  ...(d.request.headers.length ? d.request.headers : UNKNOWN).filter(([name]) => !/^(host|content-length)$/i.test(name)).map(([name, value]) =>
    `  -H ${quote(`${name}: ${value ?? '••••'}`)}`),
  `  --data-binary ${quote(d.request.body)}`].join(' \\\n')

const header = ([name, value]) => h('div', h('dt', visible(name)),
  h('dd', value == null ? '••••' : visible(value), /^x-helmdesk-signature$/i.test(name) &&
    h('span.hint', 'HMAC-SHA256 of the body’s exact bytes, keyed with the secret')))

/** Request and answer. level: of their headings; download(part): an address for the bytes, or nothing. */
export function exchange(d, level, download) {
  const { request, response } = d
  const link = (part) => download && h('a', { href: download(part), download: '', class: 'small' }, 'Download')
  const part = (title, tools, ...children) => h('section.part', { 'aria-label': title },
    h('div.row', h(`${level}.grow`, title), tools), children)
  return [
    part('Request', [h('span.muted.small', size(request.bytes)), link('request-body'),
      copyButton('Copy body', () => request.body, { class: 'plain small' })],
    h('p.mono.small.break', 'POST ', plain(d.url_masked)),
    request.headers.length ? h('dl.headers', request.headers.map(header))
      : h('p.muted', d.attempt ? 'The headers that were sent are not known.' : 'No attempt was begun: nothing was sent.'),
    bytes(pretty(request.body), 'Request body')),
    !d.status ? part('Answer', null, h('p.muted', 'No answer came.'))
      : part('Answer', [h('span.muted.small', size(response.bytes)), response.bytes > 0 && link('response-body')],
        h('p.mono.small', 'HTTP ', d.status, d.remote_address && h('span.muted', ` from ${d.remote_address}`)),
        response.headers && h('details', h('summary', 'Headers'), bytes(response.headers.trim(), 'Answer headers')),
        response.body ? bytes(response.body, 'Answer body') : h('p.muted', 'The body is empty.'),
        response.truncated && h('p.hint', 'Cut: only the beginning of the answer is kept.')),
  ]
}
