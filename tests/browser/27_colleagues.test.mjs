// SPDX-License-Identifier: MIT
// Several people look after the same webhooks: nobody undoes what another one did without being told.
import assert from 'node:assert/strict'
import { button, card, choose, heading, live, stage } from './lib/stage.mjs'
import { en } from './lib/texts.mjs'

const { it } = stage({ jitter: 0 })

it('27 of two people who rotate one secret, the second is told', async (scene) => {
  scene.allow(/status of 412/)
  const { id } = await scene.webhook('Rotated by two')
  const page = await scene.open(`webhooks/${id}`)
  await live(page)
  const secret = card(page, 'Secret')
  await button(secret, 'Rotate…').click()
  await scene.desk.api('POST', `webhooks/${id}/secret/stage`, { secret: 'the secret of the first person' })
  await secret.getByText('Rotation, step 1 of 2.').waitFor()
  await button(page.getByRole('dialog'), 'Create the next secret').click()
  await page.locator('#toast').getByText(en.secret.changed).waitFor()
  await page.locator('#toast').getByText(en.changes.actions.secret_staged).waitFor() // who, what and when
  const { next } = await scene.desk.api('POST', `webhooks/${id}/secret/reveal`, {})
  assert.equal(next, 'the secret of the first person')

  await button(secret, 'Activate…').click()
  await scene.desk.api('POST', `webhooks/${id}/secret/stage`, { secret: 'the second try of that person' })
  await button(page.getByRole('dialog'), 'Activate').click()
  await page.locator('#toast').getByText(en.secret.changed).waitFor()
  assert.equal((await scene.desk.api('GET', `webhooks/${id}`)).secret_staged, true)
})

it('27 a secret that has leaked during a rotation is replaced in one step', async (scene) => {
  const { id } = await scene.webhook('Leaked')
  await scene.desk.api('POST', `webhooks/${id}/secret/stage`, {})
  const page = await scene.open(`webhooks/${id}`)
  const secret = card(page, 'Secret')
  await button(secret, 'Replace now…').click()
  await button(page.getByRole('dialog'), 'Replace now').click()
  await button(secret, 'Rotate…').waitFor()
  assert.equal((await scene.desk.api('GET', `webhooks/${id}`)).secret_staged, false)
})

it('27 settings that somebody else saves while they are open: what differs, and the choice', async (scene) => {
  const { id } = await scene.webhook('Open in a form')
  const page = await scene.open(`webhooks/${id}/edit`)
  await live(page)
  const field = page.getByLabel('Name', { exact: true })
  await field.fill('typed here')
  await scene.desk.api('POST', `webhooks/${id}/secret/stage`, {}) // no setting
  await scene.desk.api('PATCH', `webhooks/${id}`, { max_attempts: 7 })
  const note = page.getByRole('alert').filter({ hasText: en.edit.changed })
  await note.getByText(`${en.edit.attempts}: 7`).waitFor()
  assert.equal(await note.locator('li').count(), 1)
  assert.equal(await field.inputValue(), 'typed here')
  await button(note, en.edit.loadPresent).click()
  await note.waitFor({ state: 'detached' })
  await page.getByText('Advanced', { exact: true }).click()
  assert.equal(await page.getByLabel('Attempts', { exact: true }).inputValue(), '7')

  await field.fill('typed again')
  await scene.desk.api('PATCH', `webhooks/${id}`, { name: 'by another one' })
  await note.getByText('by another one').waitFor()
  await button(note, en.edit.overwrite).click()
  await button(page, 'Save').click()
  await heading(page, 'typed again')
  assert.equal((await scene.desk.api('GET', `webhooks/${id}`)).name, 'typed again')
})

it('27 Enter in a field saves', async (scene) => {
  const { id } = await scene.webhook('Saved by a key')
  const page = await scene.open(`webhooks/${id}/edit`)
  await page.getByLabel('Name', { exact: true }).fill('Saved by Enter')
  await page.keyboard.press('Enter')
  await heading(page, 'Saved by Enter')
  assert.equal((await scene.desk.api('GET', `webhooks/${id}`)).version, 2)
})

it('27 the value of a header is never lost with its name', async (scene) => {
  const receiver = await scene.listen()
  const webhook = await scene.desk.webhook({ name: 'Headers', url: receiver.url, headers: [['Authorization', 'Bearer abc']] })
  const page = await scene.open(`webhooks/${webhook.id}/edit`)
  const name = page.getByLabel(en.edit.headerName)
  await name.fill('X-Authorization')
  await button(page, 'Save').click()
  await page.locator('#f-headers-error').getByText('Enter the value of X-Authorization').waitFor()
  await page.getByLabel(en.edit.headerValue).fill('Bearer abc')
  await button(page, 'Save and send test').click()
  const [{ headers }] = await receiver.arrived(1)
  assert.deepEqual(headers.filter(([key]) => /authorization/i.test(key)).map(([, value]) => value), ['Bearer abc'])

  const list = await scene.open('webhooks')
  await choose(list, 'Actions for Headers', 'Duplicate')
  await heading(list, 'New webhook')
  await list.getByText(en.edit.notCopied).waitFor()
  assert.equal(await list.getByLabel(en.edit.headerName).inputValue(), 'X-Authorization')
  await button(list, 'Save').click()
  await list.locator('#f-headers-error').getByText('Enter the value of X-Authorization').waitFor()
})

it('27 who changed what, before and after, in two browsers; and who deleted it', async (scene) => {
  scene.allow(/status of 404/)
  const { id } = await scene.webhook('Much changed')
  const [first, second] = [await scene.open(`webhooks/${id}`), await scene.open(`webhooks/${id}`)]
  await scene.desk.api('PATCH', `webhooks/${id}`, { name: 'Renamed', max_attempts: 7 })
  await scene.desk.api('POST', `webhooks/${id}/hold`, {})
  for (const page of [first, second]) {
    await heading(page, 'Renamed')
    await page.getByText(en.changes.title, { exact: true }).click()
    const entry = page.locator('.changes > li').filter({ hasText: en.changes.actions.updated })
    await entry.getByText('Name: Much changed → Renamed').waitFor()
    await entry.getByText(`${en.edit.attempts}: 1 → 7`).waitFor()
    await page.locator('.changes > li').filter({ hasText: en.changes.modes.held }).waitFor()
    assert.equal(await page.locator('.changes > li').count(), 3)
  }
  const { by } = (await scene.desk.api('GET', `changes?webhook=${id}&limit=1`)).data[0]
  assert.ok(by, 'somebody is named')
  await scene.desk.api('DELETE', `webhooks/${id}`)
  const past = await scene.open(`webhooks/${id}`)
  await past.getByText(en.changes.title, { exact: true }).click()
  await past.locator('.changes > li').filter({ hasText: en.changes.actions.deleted }).getByText(by).waitFor()
  const list = await scene.open('webhooks')
  await list.getByText(en.changes.ofProject, { exact: true }).click()
  await list.locator('.changes > li').filter({ hasText: en.changes.actions.deleted }).getByText('Renamed').waitFor()
  await list.getByRole('link', { name: 'Renamed' }).first().click()
  await list.getByText(en.changes.title, { exact: true }).waitFor()
})
