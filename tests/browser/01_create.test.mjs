// SPDX-License-Identifier: MIT
// A webhook is made with the keyboard alone, and its secret is shown once.
import assert from 'node:assert/strict'
import { badge, heading, row, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage()

const focused = (page) => page.evaluate(() => {
  const el = document.activeElement
  return el.labels?.[0]?.innerText.split('\n')[0] || el.getAttribute('aria-label') || el.innerText.trim()
})

/** Presses Tab until what has the focus has this name. */
async function tabTo(page, name) {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab')
    const at = await focused(page)
    if (name instanceof RegExp ? name.test(at) : at === name) return
  }
  assert.fail(`Tab does not come to ${name}; it is at ${await focused(page)}`)
}

it('01 a link of the terminal signs in, and leaves its token nowhere', async (scene) => {
  const context = await scene.context({ role: null })
  const page = await context.newPage()
  const link = scene.desk.link('admin')
  await page.goto(link)
  await heading(page, 'Tickets')
  await page.getByRole('link', { name: 'Webhooks' }).click()
  await heading(page, 'Webhooks')
  await page.getByText('No webhooks yet').waitFor()
  await page.goBack()
  await heading(page, 'Tickets')
  assert.ok(!(await page.content()).includes(link.split('#')[1]))
  assert.notEqual(scene.desk.link('admin'), link, 'the link is spent, and there is another one')
})

it('01 created by keyboard: in the list, in the API, the secret shown once', async (scene) => {
  const receiver = await scene.listen()
  const page = await scene.open()
  await heading(page, 'Webhooks')
  await tabTo(page, '+ New webhook')
  await page.keyboard.press('Enter')
  await heading(page, 'New webhook')
  await page.getByLabel('Name', { exact: true }).waitFor()
  await tabTo(page, 'Name')
  await page.keyboard.type('CRM sync')
  await tabTo(page, 'URL')
  await page.keyboard.type(receiver.url)
  await tabTo(page, 'JSON')
  await tabTo(page, /^message\.received/)
  await page.keyboard.press('Space')
  await tabTo(page, 'Save')
  await page.keyboard.press('Enter')

  await heading(page, 'CRM sync')
  await page.getByText('The webhook was created. Give this secret to your receiver').waitFor()
  const secret = await page.locator('.secret code').first().innerText()
  assert.ok(secret.length >= 32, `a secret of ${secret.length} characters`)

  const { data: [webhook] } = await scene.desk.api('GET', 'webhooks')
  assert.equal(webhook.name, 'CRM sync')
  assert.equal(webhook.url, receiver.url)
  assert.deepEqual(webhook.events.toSorted(), ['ticket.created', 'ticket.resolved'])
  assert.equal((await scene.desk.api('POST', `webhooks/${webhook.id}/secret/reveal`, {})).secret, secret)

  await page.getByRole('link', { name: 'Webhooks' }).first().click()
  await badge(row(page, 'CRM sync'), 'On').waitFor()
  await row(page, 'CRM sync').getByRole('link', { name: 'CRM sync' }).click()
  await heading(page, 'CRM sync')
  await page.locator('.secret code').first().waitFor()
  await eventually(async () => !(await page.content()).includes(secret), 'a page without the secret')
  assert.match(await page.locator('.secret code').first().innerText(), /^•+$/)
})

it('01 what is typed is kept until somebody says otherwise', async (scene) => {
  const page = await scene.open('webhooks/new')
  await page.getByLabel('Name', { exact: true }).fill('Half done')
  await page.getByRole('link', { name: 'Cancel' }).click()
  const box = page.getByRole('dialog', { name: 'Leave this page?' })
  await box.getByRole('button', { name: 'Cancel' }).click()
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Half done')
  await page.getByRole('link', { name: 'Cancel' }).click()
  await box.getByRole('button', { name: 'Leave' }).click()
  await heading(page, 'Webhooks')
})

it('01 what is typed is kept on the way Back and Forward too, and by the skip link', async (scene) => {
  const page = await scene.open()
  await heading(page, 'Webhooks')
  await page.getByRole('link', { name: '+ New webhook' }).first().click()
  const name = page.getByLabel('Name', { exact: true })
  await name.fill('Half done')
  await page.getByText('Skip to main content').press('Enter')
  assert.equal(await name.inputValue(), 'Half done')
  const box = page.getByRole('dialog', { name: 'Leave this page?' })
  for (const round of [1, 2]) {
    await page.goBack()
    await box.getByRole('button', { name: 'Cancel' }).click()
    await eventually(() => page.url().endsWith('/webhooks/new'), `the address, ${round}`)
    assert.equal(await name.inputValue(), 'Half done')
  }
  await page.goBack()
  await box.getByRole('button', { name: 'Leave' }).click()
  await heading(page, 'Webhooks')
  await page.goForward()
  await heading(page, 'New webhook')
})
