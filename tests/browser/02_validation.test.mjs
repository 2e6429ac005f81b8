// SPDX-License-Identifier: MIT
// What cannot be saved: a message beside its field, the focus on the summary, and the same from the server itself.
import assert from 'node:assert/strict'
import { API } from './lib/servers.mjs'
import { button, focused, heading, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage({ desk: { options: [] } })

const REFUSED = /status of 422/
const good = { name: 'A name', url: 'https://example.com/hooks', format: 'json', mode: 'on', headers: [],
  events: ['ticket.created'] }

async function form(scene) {
  const page = await scene.open('webhooks/new')
  await heading(page, 'New webhook')
  await page.getByLabel('Name', { exact: true }).fill(good.name)
  await page.getByLabel('URL', { exact: true }).fill(good.url)
  return page
}

/** The message that stands beside a field, which points to it and is marked. */
const message = async (page, key) => {
  const field = page.locator(`#f-${key}`)
  const described = (await field.getAttribute('aria-describedby')).split(' ')
  assert.ok(described.includes(`f-${key}-error`), `${key} names its error`)
  return page.locator(`#f-${key}-error`).innerText()
}

/** Saves, and looks for the message at the field, in the summary that has the focus, and behind its link. */
async function refused(page, key, pattern) {
  await button(page, 'Save').click()
  const summary = page.locator('form .note.bad')
  await summary.waitFor()
  await focused(summary, 'the summary')
  assert.match(await summary.innerText(), pattern)
  assert.match(await message(page, key), pattern)
  const control = page.locator(`#f-${key}`)
  const isInput = await control.evaluate((el) => el.tagName === 'INPUT')
  if (isInput) assert.equal(await control.getAttribute('aria-invalid'), 'true')
  await summary.getByRole('link').first().press('Enter')
  await focused(control, 'the field that the link leads to')
  assert.match(page.url(), /\/webhooks\/new$/)
}

/** What the server says of the same values; the page shows its words. */
async function serverSays(scene, values, pointer) {
  const { status, headers, json } = await scene.desk.ask('POST', `${API}webhooks`,
    { ...good, ...values })
  assert.equal(status, 422)
  assert.equal(headers['content-type'], 'application/problem+json')
  const error = json.errors.find((e) => e.pointer === pointer)
  assert.ok(error, `${JSON.stringify(json)} names ${pointer}`)
  return new RegExp(error.message.replace(/[^\w ]/g, '.'), 'i')
}

it('02 without an address', async (scene) => {
  const page = await form(scene)
  await page.getByLabel('URL', { exact: true }).fill('')
  await refused(page, 'url', /Enter the URL that deliveries are sent to/)
  await serverSays(scene, { url: '' }, '/url')
})

it('02 without an event', async (scene) => {
  const page = await form(scene)
  for (const box of await page.locator('[name=events]').all()) await box.uncheck()
  await refused(page, 'events', /Choose at least one event/)
  await serverSays(scene, { events: [] }, '/events')
})

for (const [what, url] of [['ftp:', 'ftp://example.com/hooks'], ['http: to a public host', 'http://example.com/hooks'],
  ['credentials in the address', 'https://ann:sesame@example.com/hooks'], ['no address at all', 'hooks'],
  ['an address of this machine', 'https://127.0.0.1/hooks']]) {
  it(`02 ${what}`, async (scene) => {
    scene.allow(REFUSED)
    const page = await form(scene)
    await page.getByLabel('URL', { exact: true }).fill(url)
    await refused(page, 'url', await serverSays(scene, { url }, '/url'))
    assert.equal((await scene.desk.api('GET', 'webhooks')).data.length, 0)
  })
}

it('02 a name that is too long', async (scene) => {
  scene.allow(REFUSED)
  const page = await form(scene)
  const name = 'n'.repeat(2001)
  await page.getByLabel('Name', { exact: true }).fill(name)
  await refused(page, 'name', await serverSays(scene, { name }, '/name'))
})

it('02 what stands under Advanced is opened to be seen', async (scene) => {
  scene.allow(REFUSED)
  const page = await form(scene)
  await page.getByText('Advanced', { exact: true }).click()
  await page.getByLabel('Secret', { exact: true }).fill('short')
  await button(page, '+ Add header').click()
  await page.getByLabel('Header name').fill('X-Helmdesk-Signature')
  await page.getByLabel('Header value').fill('mine')
  await page.getByLabel('Attempts', { exact: true }).fill('21')
  await page.getByText('Advanced', { exact: true }).click()
  await button(page, 'Save').click()
  const summary = page.locator('form .note.bad')
  await summary.waitFor()
  const { json } = await scene.desk.ask('POST', `${API}webhooks`,
    { ...good, secret: 'short', headers: [['X-Helmdesk-Signature', 'mine']], max_attempts: 21, max_in_flight: 4 })
  const keys = [...new Set(json.errors.map((e) => e.pointer.split('/')[1]))]
  assert.ok(keys.length > 0)
  for (const key of keys) assert.notEqual(await message(page, key), '')
  await page.getByLabel('Attempts', { exact: true }).waitFor({ state: 'visible' })
})

it('02 the address is looked at when its field is left, and the mark goes when it is fixed', async (scene) => {
  scene.allow(REFUSED)
  const page = await form(scene)
  const address = page.getByLabel('URL', { exact: true })
  await address.fill('ftp://example.com/hooks')
  await address.press('Tab')
  await eventually(async () => await message(page, 'url') !== '', 'a message')
  assert.equal(await address.getAttribute('aria-invalid'), 'true')
  await address.fill('https://example.com/hooks')
  await address.press('Tab')
  await eventually(async () => await message(page, 'url') === '', 'no message')
  assert.equal(await address.getAttribute('aria-invalid'), null)
  await address.fill('https://hooks.slack.com/services/T0/B0/x')
  await address.press('Tab')
  await button(page, 'Switch to Slack').click()
  assert.ok(await page.getByRole('radio', { name: 'Slack' }).isChecked())
})

it('02 a secret of its own: as short as the server takes it, and the hint says so', async (scene) => {
  const page = await form(scene)
  await page.getByText('Advanced', { exact: true }).click()
  const secret = page.getByLabel('Secret', { exact: true })
  const hint = page.locator(`#${(await secret.getAttribute('aria-describedby')).split(' ')[0]}`)
  assert.match(await hint.innerText(), /1 to 1,024 bytes/)
  await secret.fill('s')
  await button(page, 'Save').click()
  await heading(page, good.name)
  const { data: [{ id }] } = await scene.desk.api('GET', 'webhooks')
  assert.equal((await scene.desk.api('POST', `webhooks/${id}/secret/reveal`, {})).secret, 's')
  await page.goto('about:blank') // which asks for nothing of the webhook any more
  await scene.desk.api('DELETE', `webhooks/${id}`)
})

it('02 two people change one webhook: the second is told, and loses nothing', async (scene) => {
  scene.allow(/status of 412/)
  const webhook = await scene.desk.webhook({ ...good, name: 'Shared' })
  const page = await scene.open(`webhooks/${webhook.id}/edit`)
  const name = page.getByLabel('Name', { exact: true })
  await name.fill('Of the first')
  const other = await scene.desk.ask('PATCH', `${API}webhooks/${webhook.id}`,
    { name: 'Of the second' }, { headers: { 'If-Match': `"${webhook.version}"` } })
  assert.equal(other.status, 200)
  await button(page, 'Save').click()
  await page.getByText('Somebody else has changed this webhook').waitFor()
  assert.equal(await name.inputValue(), 'Of the first')
  assert.equal((await scene.desk.api('GET', `webhooks/${webhook.id}`)).name, 'Of the second')
})
