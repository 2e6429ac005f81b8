// SPDX-License-Identifier: MIT
// Holding, turning on and off, deleting, duplicating: what is sent, and what is kept.
import assert from 'node:assert/strict'
import { certificate } from './lib/servers.mjs'
import { badge, button, choose, focused, heading, row, settled, stage } from './lib/stage.mjs'
import { en } from './lib/texts.mjs'

const { it } = stage()

const subjectsAt = async (receiver, count) =>
  (await receiver.arrived(count)).map((arrived) => JSON.parse(arrived.body).data.ticket.subject)

it('06 held: what happens meanwhile is sent when it is on again', async (scene) => {
  const receiver = await scene.listen({ respond: '200' })
  const webhook = await scene.desk.webhook({ name: 'Holdable', url: receiver.url })
  const page = await scene.open()
  await scene.desk.ticket({ subject: 'before' })
  await receiver.arrived(1)

  await choose(page, 'Actions for Holdable', 'Hold')
  await badge(row(page, 'Holdable'), 'Held').waitFor()
  await scene.desk.ticket({ subject: 'meanwhile' })
  await row(page, 'Holdable').getByRole('link', { name: 'Holdable' }).click()
  await page.getByText('Held. Accepts events and sends nothing until it is turned on.').waitFor()
  await button(page, 'Turn on').click()
  await badge(page.locator('.head'), 'On').waitFor()
  await page.getByText('Held.').waitFor({ state: 'hidden' })
  await scene.desk.ticket({ subject: 'after' })
  assert.deepEqual((await subjectsAt(receiver, 3)).sort(), ['after', 'before', 'meanwhile'])
  const { data } = await scene.desk.api('GET', `changes?webhook=${webhook.id}&limit=2`)
  assert.deepEqual(data.map(({ fields }) => fields), [[{ name: 'mode', before: 'held', after: 'on' }],
    [{ name: 'mode', before: 'on', after: 'held' }]])
})

it('06 off, as the settings say: what happens meanwhile is not sent, then or later', async (scene) => {
  const receiver = await scene.listen({ respond: '200' })
  const other = await scene.listen({ respond: '200' })
  const webhook = await scene.desk.webhook({ name: 'Can be off', url: receiver.url })
  await scene.desk.webhook({ name: 'Other', url: other.url })
  const page = await scene.open(`webhooks/${webhook.id}/edit`)
  await scene.desk.ticket({ subject: 'before' })
  await receiver.arrived(1)
  await other.arrived(1)

  const modes = page.getByRole('group', { name: 'Mode' })
  assert.ok(await modes.getByRole('radio', { name: /^On/ }).isChecked())
  assert.equal(await modes.getByRole('radio').count(), 3)
  await modes.getByRole('radio', { name: /^Off/ }).check()
  await button(page, 'Save').click()
  await badge(page.locator('.head'), 'Off').waitFor()
  await page.getByText('Off. Accepts no events.').waitFor()
  await scene.desk.ticket({ subject: 'meanwhile' })
  await other.arrived(2) // which has the event, as this one would
  await button(page, 'Turn on').click()
  await badge(page.locator('.head'), 'On').waitFor()
  await scene.desk.ticket({ subject: 'after' })
  await other.arrived(3)
  assert.deepEqual(await subjectsAt(receiver, 2), ['before', 'after'])
})

it('06 deleted after a question: its deliveries still open', async (scene) => {
  const receiver = await scene.listen({ respond: '200' })
  const webhook = await scene.desk.webhook({ name: 'Short lived', url: receiver.url })
  const other = await scene.desk.webhook({ name: 'Stays', url: receiver.url })
  await scene.desk.ticket({ subject: 'of the past' })
  await receiver.arrived(1)
  const page = await scene.open(`webhooks/${webhook.id}`)
  await row(page, 'of the past').waitFor()
  await choose(page, 'More actions', 'Delete…')
  const box = page.getByRole('dialog', { name: 'Delete Short lived?' })
  await focused(button(box, 'Cancel'), 'Cancel')
  await page.keyboard.press('Escape')
  await box.waitFor({ state: 'detached' })
  await settled(page)
  assert.equal((await scene.desk.api('GET', `webhooks/${webhook.id}`)).name, 'Short lived')
  await choose(page, 'More actions', 'Delete…')
  await button(box, 'Delete webhook').click()
  await heading(page, 'Webhooks')
  await row(page, 'Stays').waitFor()
  assert.equal(await row(page, 'Short lived').count(), 0)

  await page.getByRole('link', { name: 'Deliveries' }).click()
  await row(page, 'of the past').getByRole('link').first().click()
  await page.getByRole('region', { name: 'Result' }).locator('.badge', { hasText: '200' }).waitFor()
  await page.getByRole('region', { name: 'Request body' }).getByText('of the past').waitFor()
  scene.allow(/status of 404/)
  await page.goto(`${scene.desk.page}webhooks/${webhook.id}`)
  await page.getByRole('heading', { name: 'Not found' }).waitFor()
  await scene.desk.ticket({ subject: 'too late' })
  await scene.desk.logged(1, `?q=too%20late&webhook=${other.id}`)
  assert.equal((await scene.desk.api('GET', 'deliveries?q=too%20late')).data.filter((d) =>
    d.webhook_id === webhook.id).length, 0)
})

it('06 a question goes with its page', async (scene) => {
  const webhook = await scene.desk.webhook({ name: 'Asked about', url: 'http://127.0.0.1:9/' })
  const page = await scene.open()
  await row(page, 'Asked about').getByRole('link', { name: 'Asked about' }).click()
  await heading(page, 'Asked about')
  await choose(page, 'More actions', 'Delete…')
  await page.getByRole('dialog', { name: 'Delete Asked about?' }).waitFor()
  await page.goBack()
  await heading(page, 'Webhooks')
  await settled(page)
  assert.equal(await page.getByRole('dialog').count(), 0)
  assert.equal((await scene.desk.api('GET', `webhooks/${webhook.id}`)).name, 'Asked about')
})

it('06 the list of changes could not be loaded: tried again, it can', async (scene) => {
  scene.allow(/status of 503/)
  const webhook = await scene.desk.webhook({ name: 'With a past', url: 'http://127.0.0.1:9/' })
  const page = await scene.open(`webhooks/${webhook.id}`)
  await page.route('**/changes?*', (route) => route.fulfill({ status: 503, json: { detail: 'Busy.' } }), { times: 1 })
  await page.getByText('Changes', { exact: true }).click()
  await page.getByText('Busy.').waitFor()
  await button(page, 'Try again').click()
  await page.locator('.changes li').filter({ hasText: en.changes.actions.created }).first().waitFor()
})

it('06 a duplicate: the same settings under another name, and no secrets of the first', async (scene) => {
  const webhook = await scene.desk.webhook({ name: 'Original', url: 'http://127.0.0.1:9/x', max_attempts: 3,
    headers: [['X-Key', 'sesame']], events: ['ticket.resolved'] })
  const page = await scene.open()
  await choose(page, 'Actions for Original', 'Duplicate')
  await heading(page, 'New webhook')
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Original (copy)')
  await page.getByRole('button', { name: 'Remove header' }).click() // whose value is not copied
  await button(page, 'Save').click()
  await heading(page, 'Original (copy)')
  const copy = (await scene.desk.api('GET', 'webhooks')).data.find((w) => w.name === 'Original (copy)')
  assert.deepEqual([copy.url, copy.events, copy.max_attempts, copy.headers], [webhook.url, ['ticket.resolved'], 3, []])
})

it('06 settings: changed by hand, and the values of headers stay what they are', async (scene) => {
  const receiver = await scene.listen({ respond: '200' })
  const webhook = await scene.desk.webhook({ name: 'Settings', url: receiver.url,
    headers: [['X-Key', 'sesame'], ['X-Old', 'gone']] })
  const page = await scene.open(`webhooks/${webhook.id}/edit`)
  const names = page.getByLabel('Header name')
  await names.first().waitFor()
  assert.equal(await page.getByLabel('Header value').first().getAttribute('placeholder'), 'unchanged')
  assert.equal(await page.getByLabel('Header value').first().inputValue(), '')
  await page.getByRole('button', { name: 'Remove header' }).nth(1).click()
  await page.getByLabel('Name', { exact: true }).fill('Other settings')
  await page.getByRole('checkbox', { name: /message\.received/ }).uncheck()
  await page.getByRole('checkbox', { name: /^Standard Webhooks headers/ }).check()
  await button(page, 'Save').click()
  await heading(page, 'Other settings')
  await scene.desk.ticket()
  const [{ headers }] = await receiver.arrived(1)
  const value = (name) => headers.find(([other]) => other.toLowerCase() === name)?.[1]
  assert.equal(value('x-key'), 'sesame')
  assert.equal(value('x-old'), undefined)
  assert.match(value('webhook-signature'), /^v1,/)
  await page.getByText('Changes', { exact: true }).click()
  await page.locator('.changes li').filter({ hasText: en.changes.actions.updated })
    .getByText('Name: Settings → Other settings').waitFor()
})

it('06 a rate: set, told, refused beside its fields, and taken away', async (scene) => {
  scene.allow(/status of 422/)
  const webhook = await scene.desk.webhook({ name: 'Limited', url: 'http://127.0.0.1:9/' })
  const page = await scene.open(`webhooks/${webhook.id}/edit`)
  const rate = page.getByRole('group', { name: 'Rate limit' })
  const requests = rate.getByLabel('Requests', { exact: true })
  const saved = async () => (await scene.desk.api('GET', `webhooks/${webhook.id}`)).rate
  await page.getByText('Advanced', { exact: true }).click()
  assert.equal(await requests.inputValue(), '')
  await requests.fill('30')
  await rate.getByLabel('Period').selectOption({ label: 'per minute' })
  await rate.getByLabel('burst').fill('2')
  await button(page, 'Save').click()
  await page.getByText('limited to 30 per minute, burst 2').waitFor()
  assert.deepEqual(await saved(), { count: 30, period_ms: 60000, burst: 2 })

  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByText('Advanced', { exact: true }).click()
  assert.equal(await requests.inputValue(), '30')
  assert.equal(await rate.getByLabel('Period').inputValue(), '60000')
  await requests.fill('600000')
  await button(page, 'Save').click()
  await page.locator('#f-rate-error').getByText('1,000 a second').waitFor()
  await requests.fill('')
  await button(page, 'Save').click()
  await heading(page, 'Limited')
  await badge(page.locator('.head'), 'On').waitFor()
  assert.equal(await saved(), null)
  assert.equal(await page.getByText('limited to').count(), 0)
})

it('06 a client certificate: set, shown without its key, kept, refused beside its field, and taken away', async (scene) => {
  scene.allow(/status of 422/)
  const { key, cert } = certificate()
  const webhook = await scene.desk.webhook({ name: 'Certified', url: 'http://127.0.0.1:9/' })
  const saved = async () => (await scene.desk.api('GET', `webhooks/${webhook.id}`)).client_certificate
  const page = await scene.open(`webhooks/${webhook.id}/edit`)
  const field = page.getByLabel('Client certificate', { exact: true })
  const edit = async () => {
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByText('Advanced', { exact: true }).click()
  }
  await page.getByText('Advanced', { exact: true }).click()
  await field.fill(cert)
  await button(page, 'Save').click()
  await page.locator('#f-client_certificate-error').getByText('one private key').waitFor()
  await field.fill(cert + key)
  await button(page, 'Save').click()
  await page.locator('.facts').getByText('Client certificate').waitFor()
  assert.equal((await saved()).trim(), cert.trim())

  await edit()
  assert.equal((await field.inputValue()).trim(), cert.trim())
  await page.getByLabel('Name', { exact: true }).fill('Certified still')
  await button(page, 'Save').click()
  await heading(page, 'Certified still')
  assert.equal((await saved()).trim(), cert.trim())

  await edit()
  await field.fill('')
  await button(page, 'Save').click()
  await heading(page, 'Certified still')
  await badge(page.locator('.head'), 'On').waitFor()
  assert.equal(await saved(), null)
})

it('06 Slack has a rate without being told', async (scene) => {
  const webhook = await scene.desk.webhook({ name: 'To Slack', url: 'http://127.0.0.1:9/', format: 'slack' })
  const page = await scene.open(`webhooks/${webhook.id}`)
  await page.getByText('limited to 1 per second, burst 5').waitFor()
})

it('06 a receiver that asked for patience: until when', async (scene) => {
  const webhook = await scene.desk.webhook({ name: 'Asked for patience', url: 'http://127.0.0.1:9/' })
  const page = await scene.open()
  const until = new Date(Date.now() + 200000).toISOString()
  await page.route(`**/webhooks/${webhook.id}`, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...await response.json(), state: 'throttled', throttled_until: until } })
  })
  await row(page, 'Asked for patience').getByRole('link', { name: 'Asked for patience' }).click()
  await badge(page.locator('.head'), 'Throttled').waitFor()
  const note = page.locator('.note', { hasText: 'Throttled. The receiver responded with 429 or 503' })
  await note.waitFor()
  assert.equal(await note.locator('time').getAttribute('datetime'), until)
})
