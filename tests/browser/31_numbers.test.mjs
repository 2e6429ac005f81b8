// SPDX-License-Identifier: MIT
// A tile, the chart, a reason and the log show the same number for the same thing: deliveries that have ended, attempts
// that were tried again, and no tests.
import assert from 'node:assert/strict'
import { CLOSED_PORT } from './lib/servers.mjs'
import { card, heading, loaded, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage()

const number = (text) => Number(text.replaceAll(',', ''))

/** A webhook one of whose deliveries succeeds at its second attempt, one whose deliveries fail, and a test. */
async function fill(scene) {
  const receiver = await scene.listen({ respond: '503,200,200,200,200,200' })
  const flaky = await scene.desk.webhook({ name: 'Flaky', url: receiver.url, max_attempts: 2 })
  await scene.desk.webhook({ name: 'Bad', url: `http://127.0.0.1:${CLOSED_PORT}/`, max_attempts: 1 })
  for (const subject of ['one', 'two', 'three']) await scene.desk.ticket({ subject })
  await scene.desk.logged(7)
  await scene.desk.api('POST', `webhooks/${flaky.id}/test`, { event: 'ticket.created' })
  await scene.desk.logged(8)
}

/** What the log shows at an address: its own count, and its rows. */
async function listed(scene, href) {
  const page = await scene.open(href)
  await loaded(page)
  const found = page.locator('main > .row .muted').filter({ hasText: /match|entr/ }).first()
  const count = number(/[\d,]+/.exec(await found.innerText())[0])
  assert.equal(await page.locator('tbody tr').count(), count, href)
  await page.close()
  return count
}

it('31 each number of the overview is that of the log it leads to', async (scene) => {
  await fill(scene)
  const page = await scene.open()
  await heading(page, 'Webhooks')
  const activity = card(page, 'Activity')
  const tile = (name) => activity.locator('.tile').filter({ hasText: new RegExp(`^${name}`) })
  await eventually(async () => await tile('Deliveries').locator('dd').innerText() === '6', 'six deliveries')
  assert.equal(await tile('Success').locator('dd').innerText(), '50%')
  assert.equal(await tile('Failed').locator('dd').innerText(), '3')
  assert.equal(await tile('Tried again').locator('dd').innerText(), '1')
  assert.equal(await tile('Waiting').count(), 0)

  const links = await activity.locator('.tile a, .reasons a').evaluateAll((all) =>
    all.map((a) => [a.href.replace(/.*#?\/deliveries/, 'deliveries'), a.textContent]))
  assert.equal(links.length, 5)
  for (const [href, text] of links) {
    assert.equal(await listed(scene, href), number(/([\d,]+)\)?$/.exec(text)[1]), text)
  }

  await activity.getByText('Show as table').click()
  const cells = (column) => activity.locator(`tbody td:nth-child(${column})`).allInnerTexts()
  const sum = (texts) => texts.map(number).reduce((a, b) => a + b, 0)
  assert.equal(sum(await cells(2)), 3)
  assert.equal(sum(await cells(3)), 3)
  const full = activity.locator('tbody tr').filter({ hasNot: page.locator('td:nth-child(2):text-is("0")') })
  for (const one of await full.all()) {
    const href = (await one.locator('a').getAttribute('href')).replace(/.*\/deliveries/, 'deliveries')
    assert.equal(await listed(scene, href), sum(await one.locator('td.num').allInnerTexts().then((texts) => texts.slice(0, 2))))
  }
})
