// SPDX-License-Identifier: MIT
// The page as a part of its host: the way back, the ticket, and where to sign in.
import assert from 'node:assert/strict'
import { heading, row, stage } from './lib/stage.mjs'

const { it } = stage()

it('34 a ticket in the log leads to the ticket, and the name to the host', async (scene) => {
  const receiver = await scene.listen({ respond: '200' })
  const webhook = await scene.desk.webhook({ name: 'CRM', url: receiver.url })
  const number = await scene.desk.ticket({ subject: 'No sound' })
  await scene.desk.logged(1, `?webhook=${webhook.id}`)
  const page = await scene.open(`deliveries?webhook=${webhook.id}`)
  await row(page, 'No sound').getByRole('link', { name: `#${number}`, exact: true }).click()
  await heading(page, 'Tickets')
  assert.equal(new URL(page.url()).hash, `#ticket-${number}`)
  await page.goBack()
  await heading(page, 'Deliveries')
  await page.getByRole('link', { name: 'Helmdesk', exact: true }).click()
  await heading(page, 'Tickets')
})

it('34 who is signed out is shown where to sign in', async (scene) => {
  const context = await scene.context({ role: null })
  scene.allow(/status of 401/)
  const page = await context.newPage()
  await page.goto(scene.desk.page)
  await heading(page, 'You are signed out')
  const link = page.getByRole('link', { name: 'Sign in', exact: true })
  assert.equal(await link.getAttribute('href'), '/login')
  await link.click()
  await page.waitForURL('**/login')
})
