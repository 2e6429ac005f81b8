// SPDX-License-Identifier: MIT
// `make check-interop`: the library, the code on the product's page and the reference library of Standard Webhooks for
// Node agree, over real HTTP.
//
//   node interop.mjs INTEROP MODULE    the program interop, and the file that the reference library is
import { createHmac } from 'node:crypto'
import { execFile, spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'

const [, , interop, reference] = process.argv
const { Webhook } = createRequire(import.meta.url)(reference)
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

// As on the product's page about webhooks, without the types.
function verifyWebhookSignature(body, signature, secret) {
  const expected = createHmac('sha256', secret)
    .update(body)
    .digest('hex')
  return signature === expected
}

function fail(text) {
  console.error(text)
  process.exit(1)
}

// What our sender posts is right for both.
async function checkSender() {
  const seen = []
  const server = createServer((request, response) => {
    const pieces = []
    request.on('data', (piece) => pieces.push(piece))
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString('utf8')
      seen.push({ event: request.headers['x-helmdesk-event'], headers: request.headers, body })
      response.end('OK')
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  await new Promise((resolve, reject) =>
    execFile(interop, ['send', String(server.address().port), SECRET], (error) => (error ? reject(error) : resolve())))
  server.close()
  server.closeAllConnections()
  if (seen.length !== 3) fail(`${seen.length} requests came, not 3`)
  for (const { event, headers, body } of seen) {
    if (!verifyWebhookSignature(body, headers['x-helmdesk-signature'], SECRET)) fail(`${event}: wrong for the page`)
    if (new Webhook(SECRET).verify(body, headers).event !== event) fail(`${event}: another event`)
    const changed = body.replace('Smith', 'Smyth')
    if (verifyWebhookSignature(changed, headers['x-helmdesk-signature'], SECRET)) fail('the page takes another body')
  }
  console.log(`# ${seen.length} deliveries of the library: right for the page's code and for the reference library`)
}

function line(id, seconds, body, webhook) {
  const signature = webhook.sign(id, new Date(seconds * 1000), body)
  return JSON.stringify({
    headers: [['Webhook-Id', id], ['Webhook-Timestamp', String(seconds)], ['Webhook-Signature', signature]], body })
}

// What the reference library signs is right for our receiver, and what it signs with another secret is not.
function checkReceiver() {
  const count = 1000
  const subjects = ['plain', 'Ä ö 🎫 \u2028', '"quoted" \\ \u0001', '']
  const good = new Webhook(SECRET), bad = new Webhook('whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD')
  const now = Math.floor(Date.now() / 1000)
  const lines = [], expected = []
  for (let i = 0; i < count; i++) {
    const body = JSON.stringify({ event: 'ticket.created', timestamp: new Date(i * 1e6).toISOString(), data: {
      ticket: { id: `t${i}`, number: i + 1, subject: subjects[i % 4], status: 'open', priority: 'high' },
      customer: { email: 'user@example.com', name: 'Jane Smith' } } })
    lines.push(line(`msg_${i}`, now, body, i % 2 ? bad : good))
    expected.push(i % 2 ? 'HD_E_SIGNATURE_MISMATCH' : 'HD_OK')
  }
  lines.push(line('msg_old', now - 400, '{}', good), line('msg_new', now + 400, '{}', good))
  expected.push('HD_E_TOO_OLD', 'HD_E_TOO_NEW')
  const { stdout, status } = spawnSync(interop, ['accept', SECRET], { input: lines.join('\n'), encoding: 'utf8' })
  const answers = stdout.trim().split('\n')
  if (status !== 0 || answers.length !== expected.length) fail(`interop accept ended with ${status}`)
  answers.forEach((answer, i) => answer === expected[i] || fail(`request ${i}: ${answer}, not ${expected[i]}`))
  console.log(`# ${answers.length} requests of the reference library: the library's receiver says what it should`)
}

// The reference library's opinion of the vectors, at the time of each. Statuses of ours that come after the signature
// was found right count as right.
function checkVectors() {
  const { vectors } = JSON.parse(readFileSync(new URL('../data/receiver_vectors.json', import.meta.url), 'utf8'))
  const asked = vectors.filter((vector) => 'npm' in vector)
  const realNow = Date.now
  const disagreements = []
  for (const { name, secrets, headers, body, now_ms, expect, npm, note } of asked) {
    const given = Object.fromEntries(headers.map(([key, value]) => [key.toLowerCase(), value]))
    Date.now = () => now_ms ?? (parseInt(given['webhook-timestamp'], 10) || 0) * 1000
    let accepted = true
    try {
      new Webhook(secrets[0]).verify(body, given)
    } catch {
      accepted = false
    }
    Date.now = realNow
    if (accepted !== npm) fail(`${name}: the reference library ${accepted ? 'accepts' : 'refuses'} it`)
    const ours = ['HD_OK', 'HD_E_JSON_KEY'].includes(expect)
    if (ours !== npm) disagreements.push(`${name}: ${expect}; ${note ?? 'no reason is given'}`)
    if (ours !== npm && !note) fail(`${name}: the two disagree, and no note says why`)
  }
  console.log(`# ${asked.length} vectors asked of the reference library; it disagrees about ${disagreements.length}:`)
  for (const text of disagreements) console.log(`#   ${text}`)
}

await checkSender()
checkReceiver()
checkVectors()
