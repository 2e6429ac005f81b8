// SPDX-License-Identifier: MIT
// Pausing, resuming, deleting, duplicating: what is sent, and what is kept.
import assert from 'node:assert/strict'
import { button, choose, focused, heading, row, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage()

it('06 paused, nothing is sent; resumed, it is again', async (scene) => {
  const receiver = await scene.listen({ respond: '200' })
  const other = await scene.listen({ respond: '200' })
  await scene.desk.webhook({ name: 'Pausable', url: receiver.url })
  await scene.desk.webhook({ name: 'Other', url: other.url })
  const page = await scene.open()
  await scene.desk.ticket({ subject: 'before' })
  await receiver.arrived(1)

  await choose(page, 'Actions for Pausable', 'Pause…')
  const box = page.getByRole('dialog', { name: 'Pause Pausable?' })
  await focused(button(box, 'Cancel'), 'Cancel')
  await button(box, 'Cancel').click()
  await row(page, 'Pausable').getByText('Active').waitFor()
  await choose(page, 'Actions for Pausable', 'Pause…')
  await button(box, 'Pause').click()
  await row(page, 'Pausable').getByText('Paused').waitFor()
  await scene.desk.ticket({ subject: 'meanwhile' })
  await other.arrived(2) // which has the event, as the paused one would
  await choose(page, 'Actions for Pausable', 'Resume')
  await row(page, 'Pausable').getByText('Active').waitFor()
  await scene.desk.ticket({ subject: 'after' })
  await other.arrived(3)
  const subjects = (await receiver.arrived(2)).map((a) => JSON.parse(a.body).data.ticket.subject)
  assert.deepEqual(subjects, ['before', 'after'], 'what was paused is not sent, then or later')
})

it('06 deleted after a question: its deliveries still open', async (scene) => {
  const receiver = await scene.listen({ respond: '200' })
  const webhook = await scene.desk.webhook({ name: 'Short lived', url: receiver.url })
  await scene.desk.ticket({ subject: 'of the past' })
  await receiver.arrived(1)
  const page = await scene.open(`webhooks/${webhook.id}`)
  await row(page, 'of the past').waitFor()
  await choose(page, 'More actions', 'Delete…')
  const box = page.getByRole('dialog', { name: 'Delete Short lived?' })
  await focused(button(box, 'Cancel'), 'Cancel')
  await page.keyboard.press('Escape')
  await heading(page, 'Short lived')
  assert.equal((await scene.desk.api('GET', `webhooks/${webhook.id}`)).name, 'Short lived')
  await choose(page, 'More actions', 'Delete…')
  await button(box, 'Delete webhook').click()
  await heading(page, 'Webhooks')
  await eventually(async () => await row(page, 'Short lived').count() === 0, 'a list without it')

  await page.getByRole('link', { name: 'Deliveries' }).click()
  await row(page, 'of the past').getByRole('link').first().click()
  await page.getByRole('region', { name: 'What happened' }).getByText('200').waitFor()
  await page.getByRole('region', { name: 'Request body' }).getByText('of the past').waitFor()
  scene.allow(/status of 404/)
  await page.goto(`${scene.desk.page}webhooks/${webhook.id}`)
  await page.getByRole('heading', { name: 'Not found' }).waitFor()
  await scene.desk.ticket({ subject: 'too late' })
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
  assert.equal(await page.getByRole('dialog').count(), 0)
  assert.equal((await scene.desk.api('GET', `webhooks/${webhook.id}`)).name, 'Asked about')
})

it('06 the list of changes could not be loaded: tried again, it can', async (scene) => {
  scene.allow(/status of 503/)
  const webhook = await scene.desk.webhook({ name: 'With a past', url: 'http://127.0.0.1:9/' })
  const page = await scene.open(`webhooks/${webhook.id}`)
  await page.route('**/audit', (route) => route.fulfill({ status: 503, json: { detail: 'Busy.' } }), { times: 1 })
  await page.getByText('Changes', { exact: true }).click()
  await page.getByText('Busy.').waitFor()
  await button(page, 'Try again').click()
  await page.locator('.changes li').filter({ hasText: 'webhook.create' }).first().waitFor()
})

it('06 a duplicate: the same settings under another name, and no secrets of the first', async (scene) => {
  const webhook = await scene.desk.webhook({ name: 'Original', url: 'http://127.0.0.1:9/x', max_attempts: 3,
    headers: [['X-Key', 'sesame']], events: ['ticket.resolved'] })
  const page = await scene.open()
  await choose(page, 'Actions for Original', 'Duplicate')
  await heading(page, 'New webhook')
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Original (copy)')
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
  await page.locator('.changes li').filter({ hasText: 'webhook.update' }).first().waitFor()
})
