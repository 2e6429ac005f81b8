// SPDX-License-Identifier: MIT
// A test that arrives: the receiver recomputes the signature over the raw bytes.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { API } from './lib/servers.mjs'
import { button, card, heading, row, stage } from './lib/stage.mjs'

const { it } = stage()
const SECRET = 'a secret of the test, 32 letters'

it('03 a test is sent, signed, shown and kept', async (scene) => {
  const receiver = await scene.listen({ secrets: [SECRET] })
  const webhook = await scene.desk.webhook({ name: 'CRM sync', url: receiver.url, secret: SECRET,
    headers: [['X-Tenant', 'acme']] })
  const page = await scene.open(`webhooks/${webhook.id}`)
  await heading(page, 'CRM sync')
  const test = card(page, 'Send a test')
  await test.getByLabel('Event', { exact: true }).selectOption('ticket.resolved')
  await button(test, 'Send test').click()
  await test.getByText('200').first().waitFor()
  assert.match(await test.locator('.verdict').innerText(), /200.* in [\d,]+ ms/s)
  assert.match(await page.locator('#say').innerText(), /^Test delivered: 200\./)

  const [arrival] = await receiver.arrived(1)
  const headers = Object.fromEntries(arrival.headers.map(([name, value]) => [name.toLowerCase(), value]))
  const expected = createHmac('sha256', SECRET).update(Buffer.from(arrival.body)).digest('hex')
  assert.equal(headers['x-helmdesk-signature'], expected)
  assert.equal(headers['x-helmdesk-event'], 'ticket.resolved')
  assert.match(headers['content-type'], /^application\/json/)
  assert.equal(headers['x-tenant'], 'acme')
  assert.equal(arrival.answer.status, 200)
  assert.equal(JSON.parse(arrival.body).event, 'ticket.resolved')
  assert.notEqual(arrival.signature, 'invalid')

  // The page shows the same request, and the log has it as a test.
  await test.getByText('Show request and response').click()
  await test.getByText(expected).waitFor()
  const shown = await test.locator('dl.headers dt').allInnerTexts()
  assert.deepEqual(shown.map((name) => name.toLowerCase()).sort(), Object.keys(headers).sort())
  assert.equal(await test.locator('dl.headers div', { hasText: 'X-Tenant' }).locator('dd').innerText(), '••••')
  const latest = page.getByRole('region', { name: 'Latest deliveries' })
  await row(latest, 'ticket.resolved').locator('.tag', { hasText: 'test' }).waitFor()
  await test.getByRole('link', { name: 'View delivery' }).click()
  await heading(page, /ticket\.resolved → CRM sync/)
  await page.locator('.head .tag', { hasText: 'test' }).waitFor()

  const { data: [logged] } = await scene.desk.api('GET', 'deliveries')
  assert.equal(logged.test, true)
  assert.equal(logged.status, 200)
  const { text } = await scene.desk.ask('GET', `${API}deliveries/${logged.id}/request-body`)
  assert.equal(text, arrival.body, 'the log has the very bytes')
})

it('03 save and send test: made, sent and shown in one step', async (scene) => {
  const receiver = await scene.listen({ secrets: [SECRET] })
  const page = await scene.open('webhooks/new')
  await page.getByLabel('URL', { exact: true }).fill(receiver.url)
  await page.getByText('Advanced', { exact: true }).click()
  await page.getByLabel('Secret', { exact: true }).fill(SECRET)
  await button(page, 'Save and send test').click()
  await card(page, 'Send a test').getByText('200').first().waitFor()
  const [arrival] = await receiver.arrived(1)
  assert.equal(arrival.reason, null)
})

it('03 the preview is what is sent: its signature, made with the secret that was typed', async (scene) => {
  const page = await scene.open('webhooks/new')
  const preview = card(page, 'Preview')
  await preview.getByText('Signed with a sample secret.').waitFor()
  await page.getByText('Advanced', { exact: true }).click()
  await page.getByLabel('Secret', { exact: true }).fill(SECRET)
  await preview.getByText('Signed with a sample secret.').waitFor({ state: 'hidden' })
  const signature = preview.locator('dl div', { hasText: 'X-Helmdesk-Signature' }).locator('dd')
  const shown = await signature.innerText()
  await preview.getByRole('radio', { name: 'Bytes' }).check()
  await preview.getByText(/^Exactly [\d,]+ bytes/).waitFor()
  const body = await preview.getByLabel('Body', { exact: true }).textContent()
  assert.equal(shown.trim(), createHmac('sha256', SECRET).update(body).digest('hex'))
  assert.equal(await signature.innerText(), shown, 'another form of the same event')
  await preview.getByText('Verify the signature in your receiver').click()
  for (const language of ['C', 'Node', 'Python', 'Go', 'CLI']) {
    await preview.getByRole('radio', { name: language, exact: true }).check()
    assert.ok((await preview.getByLabel('How to verify the signature').innerText()).length > 20)
  }
})

it('03 the preview says of a sample secret, and not of what is being typed', async (scene) => {
  const context = await scene.context()
  const page = await context.newPage()
  await page.clock.install()
  let release
  const held = new Promise((resolve) => { release = resolve })
  const asked = page.waitForRequest(/\/preview$/)
  const answered = page.waitForResponse(/\/preview$/)
  await page.route('**/preview', async (route) => {
    await held
    await route.continue()
  })
  await page.goto(`${scene.desk.page}webhooks/new`)
  await page.getByText('Advanced', { exact: true }).click()
  await page.clock.runFor(200)
  await asked
  await page.clock.pauseAt(Date.now() + 3600000)
  await page.getByLabel('Secret', { exact: true }).fill(SECRET)
  release()
  await answered
  const preview = card(page, 'Preview')
  await preview.getByText('X-Helmdesk-Signature').waitFor()
  assert.ok(await preview.getByText('Signed with a sample secret.').isVisible(), 'as it is')
  await page.clock.runFor(200)
  await preview.getByText('Signed with a sample secret.').waitFor({ state: 'hidden' })
})
