// SPDX-License-Identifier: MIT
// The log while it grows: rows come by themselves, and neither focus nor place is lost; through pauses, a server that
// starts anew, and more tabs than a browser has connections for.
import assert from 'node:assert/strict'
import { hold } from './lib/hold.mjs'
import { Desk, makeDirectory, Way } from './lib/servers.mjs'
import { badge, button, GONE, heading, live, loaded, row, stage, subjects } from './lib/stage.mjs'
import { en } from './lib/texts.mjs'
import { Tabs } from './lib/tabs.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage()

it('11 a ticket of somebody else appears by itself; focus and place stay', async (scene) => {
  await scene.webhook('Live')
  for (let i = 0; i < 40; i++) await scene.desk.ticket({ subject: `old ${i}` })
  await scene.desk.logged(40)
  const page = await scene.open('deliveries')
  await row(page, 'old 0').last().waitFor()
  await live(page)
  const loads = []
  page.on('framenavigated', () => loads.push(page.url()))
  const link = row(page, 'old 30').locator('th a')
  await link.focus()
  await page.evaluate(() => scrollTo(0, 0))
  const focused = () => page.evaluate(() => document.activeElement.closest('tr')?.dataset.id)
  const before = await focused()
  // The other one uses the desk's own page.
  const other = await scene.open('', { base: `${scene.desk.url}/` })
  await other.getByLabel('Subject').fill('brand new')
  await other.getByRole('button', { name: 'Create' }).click()
  const created = Date.now()
  await row(page, 'brand new').waitFor()
  console.log(`a ticket appears in the log after ${Date.now() - created} ms`)
  assert.equal(await focused(), before, 'the focus stays on its row')
  assert.equal(await page.evaluate(() => scrollY), 0)
  assert.equal((await subjects(page))[0], 'brand new')
  assert.deepEqual(loads, [], 'without loading the page')

  // Whoever reads further down is not moved: a line says what came.
  await page.evaluate(() => scrollTo(0, 900))
  const y = await page.evaluate(() => scrollY)
  assert.ok(y > 300)
  await scene.desk.ticket({ subject: 'one more' })
  await button(page, '● 1 new ↑').waitFor()
  assert.equal(await page.evaluate(() => scrollY), y)
  assert.equal(await row(page, 'one more').count(), 0)
  await button(page, '● 1 new ↑').click()
  await row(page, 'one more').waitFor()
  await eventually(async () => await page.evaluate(() => scrollY) === 0, 'the top')
})

it('11 paused, nothing moves; resumed, all of it is there', async (scene) => {
  await scene.webhook('Live')
  const page = await scene.open('deliveries')
  await live(page)
  await loaded(page)
  await button(page, 'Pause updates').click()
  await page.locator('#live').getByText(en.page.paused).waitFor()
  for (const i of [1, 2, 3]) {
    await scene.desk.ticket({ subject: `paused ${i}` })
    await scene.desk.logged(i, '?q=paused') // before the next, which could overtake it
  }
  await button(page, '● 3 new ↑').waitFor()
  assert.equal(await row(page, 'paused').count(), 0)
  await button(page, 'Resume updates').click()
  await row(page, 'paused 3').waitFor()
  assert.deepEqual((await subjects(page)).slice(0, 3), ['paused 3', 'paused 2', 'paused 1'])
  await live(page)
})

it('11 paused is what a log says that is paused, though the stream begins anew', async (scene) => {
  scene.allow(GONE)
  const way = scene.keep(await Way.to(Number(new URL(scene.desk.url).port)))
  const page = await scene.open('deliveries', { base: `${way.url}/admin/projects/acme/`, url: way.url })
  await live(page)
  await button(page, 'Pause updates').click()
  await way.cut()
  await page.locator('#live').getByText(/^Reconnecting/).waitFor()
  const again = page.waitForRequest(/\/stream/)
  await way.open()
  await again
  await page.locator('#live').getByText(/^(Live|Updates paused)$/).waitFor()
  assert.equal(await page.locator('#live').innerText(), en.page.paused)
  await button(page, 'Resume updates').click()
  await live(page)
})

it('11 what does not fit the filter does not come', async (scene) => {
  await scene.webhook('Live')
  const page = await scene.open('deliveries?q=wanted')
  await page.getByRole('heading', { name: 'No matches' }).waitFor()
  await live(page)
  await scene.desk.ticket({ subject: 'something else' })
  await scene.desk.logged(1, '?q=something%20else') // before the next, which could overtake it
  await scene.desk.ticket({ subject: 'wanted at last' })
  await row(page, 'wanted at last').waitFor()
  assert.deepEqual(await subjects(page), ['wanted at last'])

  // What the API finds by the customer comes by the customer.
  await page.goto(`${scene.desk.page}deliveries?q=Wenke`)
  await page.getByRole('heading', { name: 'No matches' }).waitFor()
  await live(page)
  await scene.desk.ticket({ subject: 'by her name', name: 'Wenke' })
  await row(page, 'by her name').waitFor()
})

it('11 a burst becomes one line, and all of it is in the log', async (scene) => {
  await scene.webhook('Live')
  const page = await scene.open('deliveries?q=burst')
  await page.getByRole('heading', { name: 'No matches' }).waitFor()
  await live(page)
  await button(page, 'Pause updates').click()
  await Promise.all(Array.from({ length: 120 }, (_, i) => scene.desk.ticket({ subject: `burst ${i}` })))
  await page.getByRole('button', { name: '● 120 new ↑' }).waitFor()
  await button(page, 'Resume updates').click()
  await eventually(async () => await page.locator('tbody tr').count() === 120, '120 rows')
  assert.equal(new Set(await subjects(page)).size, 120)
})

it('11 other pages live too: the list, and a webhook of its own', async (scene) => {
  await scene.webhook('Live')
  const [list, log] = [await scene.open(), await scene.open('deliveries')]
  await live(list)
  await live(log)
  await log.getByLabel('All events').locator('option', { hasText: 'ticket.created' }).waitFor({ state: 'attached' })
  let asked = 0
  log.on('request', (request) => { asked += request.url().endsWith('/events') })
  await scene.desk.webhook({ name: 'By somebody else', url: 'http://127.0.0.1:9/' })
  await row(list, 'By somebody else').waitFor()
  await log.getByLabel('All webhooks').locator('option', { hasText: 'By somebody else' }).waitFor({ state: 'attached' })
  assert.equal(asked, 0, 'the events there are stay the same')
  await row(list, 'Live').getByRole('link', { name: 'Live' }).click()
  await heading(list, 'Live')
  await scene.desk.ticket({ subject: 'seen on its own page' })
  await row(list, 'seen on its own page').waitFor()
})

it('11 the page of a webhook: its state is the present one', async (scene) => {
  const made = await scene.webhook('Falls and rises', { respond: '500,500,500,500,500,200' })
  const page = await scene.open(`webhooks/${made.id}`)
  await badge(page.locator('.head'), 'On').waitFor()
  await live(page)
  for (let i = 0; i < 5; i++) await scene.desk.ticket({ subject: `falls ${i}` })
  await page.locator('.head').getByText('Failing').waitFor()
  await page.getByText(/^Failing\. 5 attempts in a row have failed/).waitFor()
  await scene.desk.ticket({ subject: 'rises' })
  await badge(page.locator('.head'), 'On').waitFor()
  await page.getByText(/^Failing\. /).waitFor({ state: 'hidden' })
})

it('11 a viewer too sees what changes about a webhook', async (scene) => {
  const made = await scene.webhook('Old name')
  const page = await scene.open(`webhooks/${made.id}`, { role: 'viewer' })
  await heading(page, 'Old name')
  await live(page)
  await scene.desk.api('PATCH', `webhooks/${made.id}`, { name: 'New name' },
    { headers: { 'If-Match': `"${made.version}"` } })
  await heading(page, 'New name')
  await scene.desk.api('POST', `webhooks/${made.id}/hold`, {})
  await badge(page.locator('.head'), 'Held').waitFor()
  await live(page)
  assert.equal(await page.locator('#toast').innerText(), '')
})

it('11 the chart as a table stays open', async (scene) => {
  await scene.webhook('Live')
  await scene.desk.ticket({ subject: 'in the chart' })
  const page = await scene.open()
  await live(page)
  await page.getByText('Show as table', { exact: true }).click()
  const table = page.getByRole('region', { name: 'Activity as a table' })
  const delivered = table.locator('tbody td:nth-child(2)')
  const sum = async () => (await delivered.allInnerTexts()).reduce((all, text) => all + Number(text), 0)
  const before = await sum()
  await scene.desk.ticket({ subject: 'in the chart too' })
  await eventually(async () => await sum() > before, 'one more in the table')
  assert.ok(await delivered.last().isVisible())
})

it('11 of two time ranges the last one that was chosen is shown, whichever is answered first', async (scene) => {
  const made = await scene.webhook('Live')
  await scene.desk.ticket({ subject: 'in each range' })
  await scene.desk.logged(1, `?q=in%20each%20range&webhook=${made.id}`)
  const page = await scene.open()
  const bars = () => page.locator('svg.bars').getAttribute('aria-label')
  await page.locator('svg.bars').waitFor()
  const held = await hold(page, '**/stats?range=7d*')
  const hour = page.waitForResponse(/stats\?range=1h/)
  await page.getByRole('radio', { name: '7 d' }).check({ force: true })
  await page.getByRole('radio', { name: '1 h' }).check({ force: true })
  await hour
  await eventually(async () => !/24 bars/.test(await bars()), 'the bars of the hour')
  const before = await bars()
  await held.made
  await held.release()
  assert.equal(await bars(), before)
})

it('11 news that the page cannot understand is a fault, and no lost connection', async (scene) => {
  const made = await scene.webhook('Garbled')
  const page = await scene.open(`webhooks/${made.id}`)
  await heading(page, 'Garbled')
  await live(page)
  await page.route(`**/webhooks/${made.id}`, (route) => route.fulfill({ body: 'no JSON' }))
  await scene.desk.api('POST', `webhooks/${made.id}/hold`, {})
  await page.locator('#toast .toast').waitFor()
  await live(page)
})

it('11 the server starts anew: the page goes on, with no gap and nothing twice', async (scene) => {
  scene.allow(GONE)
  const store = makeDirectory()
  scene.keep({ stop: store.remove })
  let desk = scene.keep(await Desk.start({ store: `${store.path}/store` }))
  const way = scene.keep(await Way.to(Number(new URL(desk.url).port)))
  await scene.webhook('Live', { desk })
  const page = await scene.open('deliveries', { desk, base: `${way.url}/admin/projects/acme/` })
  await live(page)
  await desk.ticket({ subject: 'before' })
  await row(page, 'before').waitFor()
  for (const round of [1, 2]) {
    await way.cut()
    await page.locator('#live').getByText(/^Reconnecting; last update at \d\d:\d\d$/).waitFor()
    await desk.ticket({ subject: `unseen ${round}` })
    await desk.logged(1, `?q=unseen%20${round}`)
    assert.equal(await desk.stop(), 0)
    desk = scene.keep(await Desk.start({ store: `${store.path}/store` }))
    way.target = Number(new URL(desk.url).port)
    await page.context().addCookies([{ ...desk.cookies.admin, url: way.url, sameSite: 'Strict', httpOnly: true }])
    await way.open()
    await live(page)
    await row(page, `unseen ${round}`).waitFor()
    await desk.ticket({ subject: `after ${round}` })
    await row(page, `after ${round}`).waitFor()
  }
  assert.deepEqual(await subjects(page), ['after 2', 'unseen 2', 'after 1', 'unseen 1', 'before'])
})

it('11 what was done with webhooks while there was no stream is seen when there is one', async (scene) => {
  scene.allow(GONE)
  const made = await scene.webhook('Unseen')
  const way = scene.keep(await Way.to(Number(new URL(scene.desk.url).port)))
  const page = await scene.open('webhooks', { base: `${way.url}/admin/projects/acme/`, url: way.url })
  await live(page)
  await loaded(page)
  await scene.desk.api('POST', `webhooks/${made.id}/hold`, {})
  await badge(row(page, 'Unseen'), 'Held').waitFor()
  await way.cut()
  await page.locator('#live').getByText(/^Reconnecting/).waitFor()
  await scene.desk.api('POST', `webhooks/${made.id}/on`, {})
  await way.open()
  await live(page)
  await badge(row(page, 'Unseen'), 'On').waitFor()
})

it('11 whoever is signed out meanwhile is told so', async (scene) => {
  scene.allow(/status of 401/)
  const page = await scene.open('deliveries')
  await live(page)
  await page.getByLabel('All events').locator('option', { hasText: 'ticket.created' }).waitFor({ state: 'attached' })
  await loaded(page)
  await page.context().clearCookies()
  await page.getByLabel('All outcomes').selectOption('failed')
  await heading(page, 'You are signed out')
  assert.equal(await page.getByText('Could not load').count(), 0)
})

it('11 eight tabs: all load, and each lives when it is looked at', async (scene) => {
  await scene.webhook('Live')
  const browser = scene.keep(await Tabs.start())
  const tabs = []
  for (let i = 0; i < 8; i++) {
    tabs.push(await browser.open(`${scene.desk.page}deliveries`, scene.desk.cookies.admin))
    await eventually(() => tabs[i].evaluate('document.querySelector("h1")?.textContent === "Deliveries" && ' +
      'document.querySelector("#live").textContent === "Live"'), `tab ${i + 1}`)
  }
  await eventually(async () => (await Promise.all(tabs.map((tab) => tab.evaluate('document.visibilityState')))).join() ===
    [...Array(7).fill('hidden'), 'visible'].join(), 'one that is looked at')
  await scene.desk.ticket({ subject: 'for all tabs' })
  for (const tab of tabs) {
    await tab.show()
    await eventually(() => tab.evaluate('document.querySelector("tbody")?.textContent.includes("for all tabs")'),
      'the row')
  }
  assert.deepEqual(browser.complaints, [])
})
