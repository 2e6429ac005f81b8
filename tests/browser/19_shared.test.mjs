// SPDX-License-Identifier: MIT
// A store that others use too: what the tool or another desk changes, delivers or discards is seen on the page by itself.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after } from 'node:test'
import { Desk, makeDirectory } from './lib/servers.mjs'
import { badge, button, choose, live, loaded, row, stage, subjects } from './lib/stage.mjs'

const store = makeDirectory()
const { it } = stage({ desk: { store: `${store.path}/store` } })
after(store.remove)

const tool = (...words) => execFileSync(`${process.env.BUILD}/helmdesk`, words,
  { env: { ...process.env, HELMDESK_STORE: `sqlite:${store.path}/store` }, encoding: 'utf8' })

it('19 the tool holds a webhook: the list and its own page say so', async (scene) => {
  const made = await scene.webhook('Shared')
  const list = await scene.open('webhooks')
  const page = await scene.open(`webhooks/${made.id}`)
  await live(list)
  await live(page)
  await badge(row(list, 'Shared'), 'On').waitFor()
  await button(page, 'Hold').waitFor()
  tool('webhooks', 'hold', made.id)
  const held = Date.now()
  await badge(row(list, 'Shared'), 'Held').waitFor()
  console.log(`the list shows a change by the tool after ${Date.now() - held} ms`)
  await page.getByText('Held. Accepts events').waitFor()
  tool('webhooks', 'update', made.id, '--mode', 'on', '--name', 'Renamed')
  await badge(row(list, 'Renamed'), 'On').waitFor()
  await page.getByRole('heading', { name: 'Renamed' }).waitFor()
})

it('19 what waits is told, and discarded after a question', async (scene) => {
  const made = await scene.webhook('Waits')
  tool('webhooks', 'hold', made.id)
  const page = await scene.open(`webhooks/${made.id}`)
  await page.getByText('Held.').waitFor()
  await scene.desk.ticket({ subject: 'one that waits' })
  await scene.desk.ticket({ subject: 'another that waits' })
  await page.getByText(/^2 waiting, the oldest since/).waitFor()
  await choose(page, 'More actions', 'Discard waiting…')
  const box = page.getByRole('dialog', { name: 'Discard 2 deliveries to Waits?' })
  await button(box, 'Cancel').click()
  await choose(page, 'More actions', 'Discard waiting…')
  await button(box, 'Discard 2 deliveries').click()
  await row(page, 'one that waits').getByText('Discarded').waitFor()
  await row(page, 'another that waits').getByText('Discarded').waitFor()
  await page.getByText(/waiting, the oldest since/).waitFor({ state: 'detached' })
})

it('19 what another desk delivers comes into the log, once', async (scene) => {
  await scene.webhook('Common')
  const other = scene.keep(await Desk.start({ store: `${store.path}/store` }))
  const page = await scene.open(`deliveries?q=from`)
  await live(page)
  await loaded(page)
  for (let i = 0; i < 5; i++) {
    await other.ticket({ subject: `from the other ${i}` })
    await scene.desk.ticket({ subject: `from this ${i}` })
  }
  for (let i = 0; i < 5; i++) {
    await row(page, `from the other ${i}`).waitFor()
    await row(page, `from this ${i}`).waitFor()
  }
  assert.equal((await subjects(page)).length, 10)
})
