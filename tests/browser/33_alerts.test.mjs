// SPDX-License-Identifier: MIT
// A webhook that fails: the page says since when and why, another webhook is told, and a rule of its own pauses it.
import assert from 'node:assert/strict'
import { CLOSED_PORT } from './lib/servers.mjs'
import { badge, button, card, heading, loaded, row, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage()

const NOBODY = `http://127.0.0.1:${CLOSED_PORT}/`

/** The names of the events that came. */
const names = async (receiver, count) => (await receiver.arrived(count)).map((arrived) => JSON.parse(arrived.body).event)

it('33 a webhook made for alerts is told that another one fails', async (scene) => {
  const receiver = await scene.listen({ respond: '200' })
  const bad = await scene.desk.webhook({ name: 'CRM', url: NOBODY, max_attempts: 1 })
  const page = await scene.open('webhooks/new')
  await heading(page, 'New webhook')
  const events = page.getByRole('group', { name: 'Events' })
  assert.deepEqual(await events.getByRole('checkbox', { checked: true }).evaluateAll((all) => all.map((box) => box.value)),
    ['ticket.created', 'ticket.resolved', 'message.received'])
  for (const box of await events.getByRole('checkbox', { name: /^(ticket|message)/ }).all()) await box.uncheck()
  await events.getByRole('checkbox', { name: /^webhook\.failing/ }).check()
  await page.getByLabel('Name').fill('Operators')
  await page.getByLabel('URL', { exact: true }).fill(receiver.url)
  await button(page, 'Save').click()
  await heading(page, 'Operators')

  for (let i = 0; i < 6; i++) await scene.desk.ticket({ subject: `ticket ${i}` })
  assert.deepEqual(await names(receiver, 1), ['webhook.failing'])
  const [{ body }] = await receiver.arrived(1)
  const { data } = JSON.parse(body)
  assert.deepEqual(data.webhook, { id: bad.id, name: 'CRM' })
  assert.equal(data.failure.reason, 'refused')
  await scene.desk.logged(7)

  const log = await scene.open('deliveries?event=webhook.failing')
  await loaded(log)
  assert.equal(await log.locator('tbody td.subject').innerText(), 'CRM')
  await row(log, 'CRM').getByRole('link').first().click()
  await log.getByText('About webhook').waitFor()
  assert.equal(await log.getByText('Customer', { exact: true }).count(), 0)

  const list = await scene.open()
  await badge(row(list, 'CRM'), 'Failing').waitFor()
  await row(list, 'CRM').getByRole('link', { name: 'CRM' }).click()
  const note = list.locator('.note.bad')
  await note.getByText(/^Failing\. 6 attempts in a row have failed, the first one .*/).waitFor()
  await note.getByText('Nothing listens on this port', { exact: false }).waitFor()
  await note.getByRole('link', { name: 'Show the failures' }).click()
  await loaded(list)
  assert.equal(await list.locator('tbody tr').count(), 6)
})

it('33 a rule of its own pauses a webhook, and a test that arrives ends the pause', async (scene) => {
  const receiver = await scene.listen({ respond: '503,503,200,200,200,200' })
  const webhook = await scene.desk.webhook({ name: 'Own rule', url: receiver.url, max_attempts: 1 })
  const page = await scene.open(`webhooks/${webhook.id}/edit`)
  await page.getByText('Advanced').click()
  await page.getByLabel('failed attempts').fill('2')
  await page.getByLabel('minutes').fill('10')
  await button(page, 'Save').click()
  await heading(page, 'Own rule')
  for (let i = 0; i < 2; i++) {
    await scene.desk.ticket({ subject: `ticket ${i}` })
    await scene.desk.logged(i + 1, `?webhook=${webhook.id}`)
  }
  await page.reload()
  await badge(page.locator('.head'), 'Paused').waitFor()
  await page.getByText('To try now, send a test: one that is delivered ends the pause.', { exact: false }).waitFor()
  await page.getByText(/^Failing\. 2 attempts in a row have failed/).waitFor()
  await button(card(page, 'Send a test'), 'Send test').click()
  await badge(page.locator('.head'), 'On').waitFor()
  const { pause_rule: rule } = await scene.desk.api('GET', `webhooks/${webhook.id}`)
  assert.deepEqual(rule, { failures: 2, pause_ms: 600000 })

  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByText('Advanced').click()
  assert.equal(await page.getByLabel('minutes').inputValue(), '10')
  await page.getByLabel('failed attempts').fill('')
  await button(page, 'Save').click()
  await heading(page, 'Own rule')
  await eventually(async () => (await scene.desk.api('GET', `webhooks/${webhook.id}`)).pause_rule === null, 'no rule')
})
