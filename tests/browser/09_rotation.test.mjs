// SPDX-License-Identifier: MIT
// A secret is rotated while deliveries go on: a receiver that knows both accepts them before and after.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { button, card, choose, focused, heading, stage } from './lib/stage.mjs'
import { en } from './lib/texts.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage()
const [FIRST, SECOND, THIRD] = ['the first secret of the test 0001', 'the second secret of the test 002',
  'the third secret of the test 0003']

/** Sends a test by the page, and answers what the receiver got. */
async function sent(page, receiver) {
  const before = receiver.arrivals.length
  const send = button(card(page, 'Send a test'), 'Send test')
  await send.click()
  const arrivals = await receiver.arrived(before + 1)
  await eventually(async () => !(await send.getAttribute('aria-busy')), 'the end')
  return arrivals.at(-1)
}

const signer = ({ headers, body }, secrets) => {
  const signature = headers.find(([name]) => name.toLowerCase() === 'x-helmdesk-signature')[1]
  return secrets.find((secret) => createHmac('sha256', secret).update(body).digest('hex') === signature)
}

it('09 staged, activated, undone, activated, and the old one erased', async (scene) => {
  const both = await scene.listen({ secrets: [FIRST, SECOND] })
  const webhook = await scene.desk.webhook({ name: 'Rotates', url: both.url, secret: FIRST })
  const page = await scene.open(`webhooks/${webhook.id}`)
  await heading(page, 'Rotates')
  const secret = card(page, 'Secret')
  const signs = async (wanted, what) => {
    const arrival = await sent(page, both)
    assert.equal(signer(arrival, [FIRST, SECOND]), wanted, what)
    assert.equal(arrival.answer.status, 200, what)
  }
  await signs(FIRST, 'at first')

  await button(secret, 'Rotate…').click()
  const box = page.getByRole('dialog', { name: 'Rotate the secret' })
  await box.getByLabel('Secret').fill(SECOND)
  await button(box, 'Create the next secret').click()
  await secret.getByText('Rotation, step 1 of 2.').waitFor()
  await secret.getByText(SECOND).waitFor()
  assert.equal((await scene.desk.api('GET', `webhooks/${webhook.id}`)).secret_staged, true)
  await signs(FIRST, 'while it is staged')

  await button(secret, 'Activate…').click()
  await button(page.getByRole('dialog', { name: 'Activate the next secret?' }), 'Activate').click()
  await secret.getByText('Rotation, step 2 of 2.').waitFor()
  await signs(SECOND, 'when it is activated')

  await button(secret, 'Undo').click()
  await secret.getByText('Rotation, step 1 of 2.').waitFor()
  await signs(FIRST, 'when that is undone')

  await button(secret, 'Activate…').click()
  await button(page.getByRole('dialog'), 'Activate').click()
  await secret.getByText('Rotation, step 2 of 2.').waitFor()
  await button(secret, 'Erase previous…').click()
  await button(page.getByRole('dialog', { name: 'Erase the previous secret?' }), 'Erase').click()
  await button(secret, 'Rotate…').waitFor()
  await signs(SECOND, 'at the end')
  assert.deepEqual(await scene.desk.api('POST', `webhooks/${webhook.id}/secret/reveal`, {}),
    { secret: SECOND, next: null, previous: null })
  assert.ok(both.arrivals.every((a) => a.answer.status === 200), 'not one was refused on the way')

  await page.getByText('Changes', { exact: true }).click()
  for (const step of ['staged', 'activated', 'undone', 'forgotten']) {
    await page.locator('.changes li').filter({ hasText: en.changes.actions[`secret_${step}`] }).first().waitFor()
  }
  const text = JSON.stringify(await scene.desk.api('GET', 'changes'))
  for (const value of [FIRST, SECOND]) assert.ok(!text.includes(value), 'no secret in the list of changes')
})

it('09 replaced at once: the receiver that knows the old one refuses', async (scene) => {
  const old = await scene.listen({ secrets: [FIRST] })
  const webhook = await scene.desk.webhook({ name: 'Replaced', url: old.url, secret: FIRST })
  const page = await scene.open(`webhooks/${webhook.id}`)
  assert.equal((await sent(page, old)).answer.status, 200)
  const secret = card(page, 'Secret')
  await button(secret, 'Replace now…').click()
  const box = page.getByRole('dialog', { name: 'Replace the secret now?' })
  await focused(button(box, 'Cancel'), 'Cancel')
  await box.getByLabel('Secret').fill(THIRD)
  await button(box, 'Replace now').click()
  await secret.getByText(THIRD).waitFor()
  const arrival = await sent(page, old)
  assert.equal(arrival.answer.status, 401)
  assert.equal(signer(arrival, [FIRST, THIRD]), THIRD)
  await card(page, 'Send a test').getByText(/Most often its secret is not the webhook's/).waitFor()
})

it('09 made at random, hidden and revealed', async (scene) => {
  const webhook = await scene.desk.webhook({ name: 'Hidden', url: 'http://127.0.0.1:9/', secret: FIRST })
  const page = await scene.open()
  await choose(page, 'Actions for Hidden', 'Rotate secret…')
  await button(page.getByRole('dialog', { name: 'Rotate the secret' }), 'Create the next secret').click()
  const secret = card(page, 'Secret')
  await secret.getByText('Rotation, step 1 of 2.').waitFor()
  const { next } = await scene.desk.api('POST', `webhooks/${webhook.id}/secret/reveal`, {})
  await secret.getByText(next).waitFor()
  await secret.getByText(/^hidden in \d+ s$/).waitFor()
  await button(secret, 'Hide').click()
  await button(secret, 'Reveal').waitFor()
  const text = await page.content()
  assert.ok(!text.includes(next) && !text.includes(FIRST), 'hidden is gone from the page')
})

it('09 too long to be a secret', async (scene) => {
  scene.allow(/status of 422/)
  const webhook = await scene.desk.webhook({ name: 'Long', url: 'http://127.0.0.1:9/', secret: FIRST })
  const page = await scene.open(`webhooks/${webhook.id}`)
  await button(card(page, 'Secret'), 'Rotate…').click()
  const box = page.getByRole('dialog', { name: 'Rotate the secret' })
  await box.getByLabel('Secret').fill('s'.repeat(1025))
  await button(box, 'Create the next secret').click()
  await page.locator('#toast .toast').waitFor()
  assert.match(await page.locator('#toast .toast').innerText(), /secret/i)
  assert.equal((await scene.desk.api('GET', `webhooks/${webhook.id}`)).secret_staged, false)
})
