// SPDX-License-Identifier: MIT
// Node's side of tests/node_test.sh; node/sign_lines.c says what a line is.
//
//   node verify.mjs check FILE        ends with 1 if the page's receiver is of another opinion on one of the lines
//   node verify.mjs sign SEED COUNT   writes COUNT lines with a right signature and as many with a wrong one
import { createHmac } from 'node:crypto'
import { readFileSync, writeSync } from 'node:fs'

// As on the product's page about webhooks, without the types.
function verifyWebhookSignature(body, signature, secret) {
  const expected = createHmac('sha256', secret)
    .update(body)
    .digest('hex')
  return signature === expected
}

const fromHex = (word) => Buffer.from(word === '-' ? '' : word, 'hex')
const toHex = (bytes) => bytes.toString('hex') || '-'

async function check(file) {
  const counts = { right: 0, wrong: 0, text: 0, bytes: 0, events: {} }
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    if (line === '') continue
    const [verdict, kind, bodyHex, secretHex, signatureHex] = line.split(' ')
    const bytes = fromHex(bodyHex)
    // The page's receiver reads its body so, and a secret that is text is a string in it.
    const body = await new Request('http://localhost/', { method: 'POST', body: bytes }).text()
    const secret = kind === 'text' ? fromHex(secretHex).toString('utf8') : fromHex(secretHex)
    const signature = fromHex(signatureHex).toString('latin1')
    if (!Buffer.from(body, 'utf8').equals(bytes)) throw new Error(`not lossless as text: ${bodyHex}`)
    if (verifyWebhookSignature(body, signature, secret) !== (verdict === 'right')) {
      throw new Error(`line ${counts.right + counts.wrong + 1} should be ${verdict}`)
    }
    counts[verdict]++
    counts[kind]++
    if (verdict === 'right' && body.startsWith('{"event":')) {
      const { event, timestamp, data } = JSON.parse(body)
      if (new Date(timestamp).toISOString() !== timestamp) throw new Error(`no timestamp: ${timestamp}`)
      if (!Number.isSafeInteger(data.ticket.number)) throw new Error(`no number: ${data.ticket.number}`)
      if (JSON.stringify(Object.keys(data.ticket)) !== '["id","number","subject","status","priority"]') {
        throw new Error(`no ticket: ${body}`)
      }
      counts.events[event] = (counts.events[event] ?? 0) + 1
    }
  }
  for (const event of ['ticket.created', 'ticket.resolved', 'message.received']) {
    if (!counts.events[event]) throw new Error(`${event} was not among the bodies`)
  }
  if (!counts.right || !counts.wrong || !counts.text || !counts.bytes) throw new Error('nothing was checked')
  console.log(
    `Node took ${counts.right} of the library's signatures and refused ${counts.wrong} wrong ones ` +
      `(secrets: ${counts.text} text, ${counts.bytes} bytes; bodies: ${JSON.stringify(counts.events)})`
  )
}

// mulberry32
function generator(seed) {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 15), z | 1)
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61)
    return ((z ^ (z >>> 14)) >>> 0) % bound
  }
}

function randomText(below, max) {
  let text = ''
  for (let left = below(max + 1); left > 0; left--) {
    const ranges = [[0x20, 0x7e], [0, 0x7f], [0x80, 0xd7ff], [0xe000, 0xffff], [0x10000, 0x10ffff]]
    const [first, last] = ranges[below(ranges.length)]
    text += String.fromCodePoint(first + below(last - first + 1))
  }
  return text
}

function sign(seed, count) {
  const below = generator(seed)
  const line = (verdict, body, secret, signature) => {
    const kind = typeof secret === 'string' ? 'text' : 'bytes'
    const words = [body, secret, signature].map((word) => toHex(Buffer.from(word)))
    writeSync(1, `${verdict} ${kind} ${words.join(' ')}\n`)
  }
  for (let i = 0; i < count; i++) {
    const text = randomText(below, 500)
    const body = i % 2 ? JSON.stringify({ event: 'ticket.created', text }) : text
    const secret =
      i % 3 ? Buffer.from(Array.from({ length: 1 + below(1024) }, () => below(256))) : 's' + randomText(below, 80)
    const signature = createHmac('sha256', secret).update(body).digest('hex')
    line('right', body, secret, signature)
    const at = below(64)
    const wrong = [
      signature.slice(0, at) + (signature[at] === '0' ? '1' : '0') + signature.slice(at + 1),
      signature.toUpperCase(),
      `sha256=${signature}`,
      signature.slice(0, 63),
      `${signature} `,
      createHmac('sha256', secret).update(body + ' ').digest('hex'),
      createHmac('sha256', 'another').update(body).digest('hex'),
      createHmac('sha256', secret).update(body).digest('base64'),
    ][i % 8]
    line('wrong', body, secret, wrong)
  }
}

const [, , mode, first, second] = process.argv
if (mode === 'check') await check(first)
else if (mode === 'sign') sign(Number(first), Number(second))
else throw new Error('usage: verify.mjs check FILE | sign SEED COUNT')
