// SPDX-License-Identifier: MIT
// Twenty strings that have broken other pages, in every field that a stranger can fill: each is shown as the text that
// it is. A dialog, a report of the CSP or an error in the console would fail the test, as in every other.
import assert from 'node:assert/strict'
import net from 'node:net'
import { API, listening } from './lib/servers.mjs'
import { button, card, choose, heading, loaded, row, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage()

const CORPUS = [
  '<script>window.broken=1</script>',
  '</script><script>window.broken=1</script>',
  '<img src=x onerror=window.broken=1>',
  '"><svg onload=window.broken=1>',
  "' onmouseover='window.broken=1",
  'javascript:window.broken=1',
  '<a href="javascript:window.broken=1">click</a>',
  '<iframe srcdoc="<script>parent.broken=1</script>"></iframe>',
  '<math><mtext></mtext><mglyph><style><img src=x onerror=window.broken=1></style></math>',
  '<style>*{display:none!important}</style>',
  '--><!--<body onload=window.broken=1>',
  '&lt;b&gt; &amp;amp; &#60;i&#62; &notit;',
  '${window.broken=1}{{constructor.constructor("window.broken=1")()}}',
  '\u202etxt.exe\u202c and \u2067right to left\u2069',
  'zero\u200bwidth \ufeffbom \u00adsoft \u2028line',
  'bell\u0007 escape\u001b[31m delete\u007f',
  'nul\u0000 in the middle',
  `${'👩‍👩‍👧‍👦'.repeat(120)}end`,
  'Z̴͓̈́a̷͎̽l̸͚̓g̵̱̈́o̶͙̍ ﷽ العربية עברית',
  `${'W'.repeat(1500)}end`,
]
const NAMES = { '\u202e': 'RLO', '\u202c': 'PDF', '\u2067': 'RLI', '\u2069': 'PDI', '\u200b': 'ZWSP', '\ufeff': 'BOM',
  '\u00ad': 'SHY', '\u2028': 'LS', '\u0007': '\\x07', '\u001b': '\\x1b', '\u007f': '\\x7f', '\u0000': '\\x00' }

/** The text with what cannot be seen drawn. */
const drawn = (text) =>
  text.replace(/[\u202e\u202c\u2067\u2069\u200b\ufeff\xad\u2028\x07\x1b\x7f\0]/g, (c) => NAMES[c])

/** What a field of so many bytes has room for. */
const cut = (text, bytes) => {
  let short = ''
  for (const c of text) if (Buffer.byteLength(short + c) <= bytes) short += c
  return short
}
/** An e-mail address has no control characters: the desk refuses those. */
const email = (text) => cut(text.replace(/[\0-\x1f\x7f]/g, ''), 320)

/** Nothing was made of a text, and nothing ran. */
async function harmless(page, at) {
  const found = await page.evaluate(() => ({
    broken: window.broken,
    made: [...document.querySelectorAll(
      'main :is(script, img, iframe, object, embed, math, style, link, body), main a')]
      .filter((el) => el.localName !== 'a' || !/^(\/|#|blob:)/.test(el.getAttribute('href') ?? ''))
      .map((el) => el.outerHTML.slice(0, 200)),
    listeners: [...document.querySelectorAll('main *')].flatMap((el) => el.getAttributeNames())
      .filter((name) => name.startsWith('on')),
    hidden: getComputedStyle(document.querySelector('main')).display,
  }))
  assert.deepEqual(found, { broken: undefined, made: [], listeners: [], hidden: found.hidden }, at)
  assert.notEqual(found.hidden, 'none', at)
}

/** A receiver that answers with the same bytes, in its head and in its body: whatever HTTP has room for. */
async function echo(scene) {
  let text = ''
  const server = net.createServer((socket) => {
    let got = ''
    socket.on('error', () => {})
    socket.setEncoding('latin1').on('data', (part) => {
      got += part
      const [head, body] = [got.split('\r\n\r\n')[0], got.slice(got.indexOf('\r\n\r\n') + 4)]
      if (!got.includes('\r\n\r\n') || body.length < Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)) return
      const inHead = text.replaceAll('\u0000', '')
      socket.end(`HTTP/1.1 400 Bad\r\nX-Echo: ${inHead}\r\nContent-Type: text/html\r\nContent-Length: ${
        Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`)
    })
  })
  const port = await listening(server)
  scene.keep({ stop: () => new Promise((resolve) => server.close(resolve)) })
  return { url: `http://127.0.0.1:${port}/`, say(words) { text = words } }
}

it('10 subject, name, e-mail, webhook, answer and header: text, all of it', async (scene) => {
  const receiver = await echo(scene)
  const webhook = await scene.desk.webhook({ name: 'Echo', url: receiver.url })
  // A form has no room for NUL; the answer of the receiver has.
  const subject = (text) => text.replaceAll('\0', '')
  for (const [i, text] of CORPUS.entries()) {
    receiver.say(text)
    await scene.desk.ticket({ subject: subject(text), name: cut(subject(text), 1024), email: email(text) })
    await scene.desk.logged(i + 1)
  }

  // The desk's own page.
  const desk = await scene.open('', { base: `${scene.desk.url}/` })
  await heading(desk, 'Tickets')
  await harmless(desk, 'tickets')
  const tickets = await desk.locator('h2 bdi').allTextContents()
  for (const text of CORPUS) {
    if (/[\0-\x1f\x7f\u202e\u2067\u200b]/.test(text)) continue
    assert.ok(tickets.includes(text), `the desk shows ${text.slice(0, 60)}`)
  }

  // The log, then each delivery, with head and body of the answer.
  const page = await scene.open('deliveries')
  await eventually(async () => await page.locator('tbody tr').count() === CORPUS.length, 'all rows')
  await harmless(page, 'log')
  const shown = (await page.locator('td.subject bdi').allTextContents()).toReversed()
  for (const [i, text] of CORPUS.entries()) {
    assert.equal(shown[i], drawn(subject(text)))
  }
  const { data } = await scene.desk.api('GET', 'deliveries')
  for (const [i, { id }] of data.toReversed().entries()) {
    const text = CORPUS[i]
    await page.goto(`${scene.desk.page}deliveries/${id}`)
    const answer = page.getByRole('region', { name: 'Response body' })
    await answer.waitFor()
    assert.equal(await answer.textContent(), drawn(text), 'the answer')
    await page.locator('section[aria-label=Response] summary').click()
    const head = await page.getByRole('region', { name: 'Response headers' }).textContent()
    assert.ok(head.includes(drawn(text.replaceAll('\0', '')).slice(0, 1000)),
      `${head.slice(0, 300)} has ${text.slice(0, 60)}`)
    const facts = page.locator('dl.card > div')
    assert.ok((await facts.filter({ hasText: /^Ticket/ }).textContent()).endsWith(drawn(subject(text))), 'the ticket')
    assert.equal(await facts.filter({ hasText: /^Customer/ }).locator('dd').textContent(), drawn(email(text)))
    await harmless(page, text)
  }
  await page.goto(`${scene.desk.page}webhooks/${webhook.id}`)
  await page.getByRole('region', { name: 'Latest deliveries' }).locator('tbody tr').first().waitFor()
  await harmless(page, 'webhook')
})

it('10 names of webhooks and extra headers', async (scene) => {
  const names = []
  for (const text of CORPUS) {
    const name = text.slice(0, 60)
    const answer = await scene.desk.ask('POST', `${API}webhooks`, { name, format: 'json',
      url: 'http://127.0.0.1:9/', events: ['ticket.created'], mode: 'off' })
    if (answer.status === 201) names.push([answer.json.id, name])
    else assert.ok([400, 422].includes(answer.status), `${JSON.stringify(name)}: ${answer.text}`)
  }
  assert.ok(names.length >= 13, `${names.length} of ${CORPUS.length} are names`)
  const page = await scene.open()
  await row(page, 'javascript:').first().waitFor()
  const texts = await page.locator('tbody th bdi').allTextContents()
  for (const [, name] of names) assert.ok(texts.includes(drawn(name)), `the list shows ${name}`)
  await harmless(page, 'list')
  for (const [id, name] of names) {
    await page.goto(`${scene.desk.page}webhooks/${id}`)
    await eventually(async () => await page.locator('h1').textContent() === drawn(name), `the heading ${name}`)
    await harmless(page, name)
    // In questions and messages too.
    await choose(page, 'More actions', 'Delete…')
    const box = page.getByRole('dialog')
    assert.equal(await box.locator('h2').textContent(), `Delete ${drawn(name)}?`)
    await button(box, 'Cancel').click()
    await page.goto(`${scene.desk.page}webhooks/${id}/edit`)
    await eventually(async () => await page.getByLabel('Name', { exact: true }).inputValue() ===
      name.replace(/[\r\n]/g, ''), 'the field')
    await harmless(page, name)
  }
  await page.goto(`${scene.desk.page}deliveries`)
  const options = page.getByLabel('All webhooks').locator('option')
  await eventually(async () => await options.count() >= names.length, 'the options')
  for (const [, name] of names) {
    assert.ok((await options.allTextContents()).includes(drawn(name)), `the choice ${name}`)
  }
  await harmless(page, 'log')
})

it('10 in the address: filters, ids and projects', async (scene) => {
  scene.allow(/status of (400|404|422)/)
  const page = await scene.open('deliveries')
  for (const text of CORPUS) {
    const word = encodeURIComponent(text.replaceAll('\0', ''))
    if (word.length > 4000) continue
    for (const path of [`deliveries?q=${word}`, `deliveries?reason=${word}`, `deliveries?webhook=${word}`,
      `deliveries/${word}`, `webhooks/${word}`, `${word}/webhooks`]) {
      await page.goto(scene.desk.page + path)
      await page.locator('h1').waitFor()
      await loaded(page)
      await harmless(page, path)
    }
  }
  for (const path of ['deliveries/%FF', '%FF/webhooks']) {
    await page.goto(scene.desk.page + path)
    await heading(page, 'Not found')
  }
})

it('10 a message of Slack: what the preview draws is text as well', async (scene) => {
  const page = await scene.open('webhooks/new')
  await page.getByRole('radio', { name: 'Slack' }).check()
  await card(page, 'Preview').getByRole('group', { name: 'As shown in Slack' }).waitFor()
  await harmless(page, 'preview')
})
