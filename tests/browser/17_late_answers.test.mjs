// SPDX-License-Identifier: MIT
// Answers that come late, in another order, twice or not at all: the page shows what is newest, and loses nothing.
import assert from 'node:assert/strict'
import { hold } from './lib/hold.mjs'
import { badge, button, card, choose, live, returnTo, row, settled, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage({ jitter: 0 }) // here each answer has its turn

/** The page has loaded everything, and hears of news. */
async function open(scene, path, looks) {
  const page = await scene.newPage()
  const looked = page.waitForResponse((response) => looks.test(response.url()))
  await page.goto(scene.desk.page + path)
  await looked
  await live(page)
  await settled(page)
  return page
}

it('17 the page of a webhook: a row that comes before the answer that does not know of it', async (scene) => {
  const made = await scene.webhook('Late log')
  const page = await scene.newPage()
  const held = await hold(page, '**/api/**/deliveries?webhook=*', 1)
  await page.goto(`${scene.desk.page}webhooks/${made.id}`)
  await live(page)
  await held.made
  await scene.desk.ticket({ subject: 'comes meanwhile' })
  await row(page, 'comes meanwhile').waitFor()
  await held.release()
  assert.equal(await row(page, 'comes meanwhile').count(), 1)
})

it('17 the log: a delivery that is told and found is one row', async (scene) => {
  await scene.webhook('Told twice')
  const page = await scene.newPage()
  const busy = await hold(page, '**/deliveries/count?q=found*', 1)
  const look = await hold(page, '**/api/**/deliveries?q=found*', 2, { asked: true })
  await page.goto(`${scene.desk.page}deliveries?q=found`)
  await live(page)
  await busy.made
  await returnTo(page)
  const told = scene.desk.logged(1, '?q=found')
  await scene.desk.ticket({ subject: 'found and told' })
  await told
  await look.made
  const found = page.waitForResponse(/api\/.*deliveries\?q=found/)
  await look.release()
  await (await found).finished()
  await busy.release()
  await row(page, 'found and told').first().waitFor()
  await settled(page)
  assert.equal(await row(page, 'found and told').count(), 1)
  await page.getByText('1 match', { exact: true }).waitFor()
})

it('17 the log: paused, it stays as it is, whatever is found', async (scene) => {
  await scene.webhook('Burst')
  const page = await scene.newPage()
  const look = await hold(page, '**/api/**/deliveries?q=crowd*', 2, { asked: true })
  await page.goto(`${scene.desk.page}deliveries?q=crowd`)
  await page.getByRole('heading', { name: 'No matches' }).waitFor()
  await live(page)
  await returnTo(page)
  await look.made
  await button(page, 'Pause updates').click()
  await Promise.all(Array.from({ length: 60 }, (_, i) => scene.desk.ticket({ subject: `crowd ${i}` })))
  await button(page, '● 60 new ↑').waitFor()
  const found = page.waitForResponse(/api\/.*deliveries\?q=crowd/)
  await look.release()
  await (await found).finished()
  await settled(page)
  assert.equal(await page.locator('tbody tr').count(), 0)
  assert.ok(await button(page, '● 60 new ↑').isVisible())
  await button(page, 'Resume updates').click()
  await eventually(async () => await page.locator('tbody tr').count() >= 50, 'what came')
})

it('17 the log: what was found with another filter is not shown', async (scene) => {
  const old = await scene.webhook('Older')
  await scene.desk.ticket({ subject: 'former one' })
  await scene.desk.logged(1, '?q=former')
  await scene.desk.api('DELETE', `webhooks/${old.id}`)
  await scene.webhook('Newer')
  await Promise.all(Array.from({ length: 51 }, (_, i) => scene.desk.ticket({ subject: `latter ${i}` })))
  await scene.desk.logged(51, '?q=latter')
  const page = await scene.newPage()
  const held = await hold(page, '**/api/**/deliveries?q=former*', 2)
  await page.goto(`${scene.desk.page}deliveries?q=former`)
  await live(page)
  await returnTo(page)
  await held.made
  await row(page, 'former one').waitFor()
  await page.getByRole('searchbox').fill('')
  await eventually(async () => await page.locator('tbody tr').count() === 50, 'a page of the log')
  await held.release()
  assert.equal(await row(page, 'former one').count(), 0, 'it is on a page further down')
})

it('17 the list: an answer that another one has overtaken', async (scene) => {
  const page = await open(scene, 'webhooks', /stats/)
  const held = await hold(page, '**/webhooks', 1)
  await scene.webhook('Between')
  await held.made
  await scene.webhook('Last one')
  await row(page, 'Last one').waitFor()
  await held.release()
  assert.equal(await row(page, 'Last one').count(), 1)
})

it('17 the page of a webhook: an answer that another one has overtaken', async (scene) => {
  const made = await scene.webhook('To and fro')
  const page = await open(scene, `webhooks/${made.id}`, /stats/)
  const held = await hold(page, `**/webhooks/${made.id}`, 1)
  await scene.desk.api('POST', `webhooks/${made.id}/hold`, {})
  await held.made
  const newer = page.waitForResponse((response) => response.url().endsWith(`/api/v1/projects/acme/webhooks/${made.id}`))
  await scene.desk.api('POST', `webhooks/${made.id}/on`, {})
  await newer
  await held.release()
  await badge(page.locator('.head'), 'On').waitFor()
})

it('17 the page of a webhook: a change that comes while it loads', async (scene) => {
  const made = await scene.webhook('Changed early')
  const page = await scene.newPage()
  const held = await hold(page, `**/api/**/webhooks/${made.id}`)
  await page.goto(`${scene.desk.page}webhooks/${made.id}`)
  await live(page)
  await held.made
  await scene.desk.api('POST', `webhooks/${made.id}/hold`, {})
  await page.waitForTimeout(1000) // in which the news comes
  await held.release()
  await badge(page.locator('.head'), 'Held').waitFor()
})

it('17 the page of a webhook: an answer to what was pressed, and newer news', async (scene) => {
  const made = await scene.webhook('Pressed late')
  await scene.desk.api('POST', `webhooks/${made.id}/hold`, {})
  const page = await open(scene, `webhooks/${made.id}`, /stats/)
  const held = await hold(page, '**/on')
  await button(page, 'Turn on').click()
  await held.made
  await badge(page.locator('.head'), 'On').waitFor()
  await scene.desk.api('POST', `webhooks/${made.id}/hold`, {})
  await badge(page.locator('.head'), 'Held').waitFor()
  await held.release()
  assert.ok(await badge(page.locator('.head'), 'Held').isVisible())
})

it('17 a secret that is revealed late is shown if it is the present one', async (scene) => {
  const made = await scene.webhook('Revealed late')
  const page = await open(scene, `webhooks/${made.id}`, /stats/)
  const held = await hold(page, '**/secret/reveal')
  await button(card(page, 'Secret'), 'Reveal').click()
  await held.made
  const heard = page.waitForResponse((response) => response.url().endsWith(`/api/v1/projects/acme/webhooks/${made.id}`))
  await scene.desk.api('POST', `webhooks/${made.id}/secret/replace`, {})
  await (await heard).finished()
  await settled(page)
  await held.release()
  assert.match(await card(page, 'Secret').locator('code').innerText(), /^•+$/)
})

it('17 a question that is answered with no brings nothing older back', async (scene) => {
  const made = await scene.webhook('Name one')
  const page = await open(scene, `webhooks/${made.id}`, /stats/)
  await choose(page, 'More actions', 'Delete…')
  await scene.desk.api('PATCH', `webhooks/${made.id}`, { name: 'Name two' },
    { headers: { 'If-Match': `"${made.version}"` } })
  await eventually(async () => await page.locator('h1').textContent() === 'Name two', 'the other name')
  await button(page.getByRole('dialog'), 'Cancel').click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await settled(page)
  assert.equal(await page.locator('h1').textContent(), 'Name two')
})

it('17 a question that is answered with no can be asked again at once', async (scene) => {
  await scene.webhook('Menu')
  const page = await open(scene, 'webhooks', /stats/)
  await hold(page, '**/webhooks', 1)
  const box = page.getByRole('dialog')
  for (let i = 0; i < 2; i++) {
    await choose(page, 'Actions for Menu', 'Delete…')
    await button(box, 'Cancel').click()
    await box.waitFor({ state: 'detached' })
  }
})

it('17 a row whose menu is open is drawn anew when it is closed', async (scene) => {
  const made = await scene.webhook('Open menu')
  const page = await open(scene, 'webhooks', /stats/)
  await button(page, 'Actions for Open menu').click()
  await page.locator('.menu:popover-open').waitFor()
  const heard = page.waitForResponse((response) => response.url().endsWith('/webhooks'))
  await scene.desk.api('POST', `webhooks/${made.id}/hold`, {})
  await (await heard).finished()
  await settled(page)
  await page.keyboard.press('Escape')
  await badge(row(page, 'Open menu'), 'Held').waitFor()
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Actions for Open menu')
})

it('17 the focus stays on its row while others come and go', async (scene) => {
  const first = await scene.webhook('A first')
  await scene.webhook('B second')
  const page = await open(scene, 'webhooks', /stats/)
  const link = row(page, 'B second').getByRole('link', { name: 'B second' })
  await link.focus()
  await scene.desk.api('DELETE', `webhooks/${first.id}`)
  await row(page, 'A first').waitFor({ state: 'detached' })
  await scene.webhook('C third')
  await row(page, 'C third').waitFor()
  await settled(page)
  assert.ok(await link.evaluate((el) => el === document.activeElement))
})

it('17 a delivery without a stream: its page looks, too', async (scene) => {
  await scene.webhook('No stream', { respond: '500' })
  await scene.desk.ticket({ subject: 'without a stream' })
  await scene.desk.logged(1, '?q=without')
  const { data: [delivery] } = await scene.desk.api('GET', 'deliveries?q=without')
  const page = await scene.openWithoutStream(`deliveries/${delivery.id}`)
  await page.getByRole('region', { name: 'Result' }).waitFor()
  await scene.desk.api('POST', `deliveries/${delivery.id}/redeliver`, {})
  await page.getByText('Redelivered as').waitFor()
})

it('17 the names to choose from: not there once, they are asked for again', async (scene) => {
  scene.allow(/status of 503/)
  const page = await scene.newPage()
  await page.route('**/events', (route) => route.fulfill({ status: 503, body: '{}' }), { times: 1 })
  const refused = page.waitForResponse(/\/events$/)
  await page.goto(`${scene.desk.page}deliveries`)
  await refused
  await settled(page)
  await page.getByLabel('All outcomes').selectOption('failed')
  await page.getByLabel('All events').locator('option', { hasText: 'ticket.created' }).waitFor({ state: 'attached' })
})

it('17 the names to choose from: not asked for with each row', async (scene) => {
  scene.allow(/status of 503/)
  await scene.webhook('Nameless')
  const page = await scene.newPage()
  let asked = 0
  await page.route('**/events', (route) => {
    asked++
    return route.fulfill({ status: 503, body: '{}' })
  })
  await page.goto(`${scene.desk.page}deliveries?q=nameless`)
  await live(page)
  for (let i = 0; i < 10; i++) {
    await scene.desk.ticket({ subject: `nameless ${i}` })
    await row(page, `nameless ${i}`).waitFor()
  }
  assert.ok(asked <= 3, `asked ${asked} times`)
})

it('17 an answer that takes long turns no clock back', async (scene) => {
  await scene.webhook('Fails', { respond: '500' })
  await scene.desk.ticket({ subject: 'slow clock' })
  await scene.desk.logged(1, '?q=slow')
  const page = await scene.newPage()
  const held = await hold(page, '**/webhooks', 1)
  await page.goto(`${scene.desk.page}deliveries?q=slow`)
  await button(page, 'Redeliver failed…').waitFor()
  await page.waitForTimeout(2600) // which the answer takes
  await held.release()
  await scene.desk.ticket({ subject: 'slow clock again' })
  await row(page, 'slow clock again').waitFor()
  await button(page, 'Redeliver failed…').click()
  await page.getByRole('dialog').getByRole('heading', { name: 'Redeliver 2 deliveries (failed)?' }).waitFor()
})
