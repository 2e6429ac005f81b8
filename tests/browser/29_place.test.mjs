// SPDX-License-Identifier: MIT
// The place in the log and in the list: kept when a delivery is opened, and on the way back.
import assert from 'node:assert/strict'
import { button, focused, heading, live, loaded, row, settled, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage({ jitter: 0 })

async function fill(scene, word, count) {
  await scene.webhook('Of many')
  await Promise.all(Array.from({ length: count }, (_, i) => scene.desk.ticket({ subject: `${word} ${i}` })))
  await scene.desk.logged(count, `?q=${word}`)
}

async function open(scene, width, path) {
  const page = await scene.newPage()
  await page.setViewportSize({ width, height: 700 })
  await page.goto(scene.desk.page + path)
  await live(page)
  await loaded(page)
  return page
}

// Exactly this subject: 'backward 5' is the beginning of 'backward 58'.
const top = (page, subject) => page.locator('.subject bdi').getByText(subject, { exact: true })
  .evaluate((text) => text.closest('tr').getBoundingClientRect().top)

it('29 Back from a delivery: the older rows are there, and so is the place', async (scene) => {
  await fill(scene, 'backward', 120)
  for (const width of [375, 1000]) {
    const page = await open(scene, width, 'deliveries?q=backward')
    await button(page, 'Load older').click()
    await eventually(async () => await page.locator('tbody tr').count() === 100, 'older rows')
    const chosen = page.locator('tbody tr').nth(90)
    const subject = await chosen.locator('.subject bdi').innerText()
    await chosen.scrollIntoViewIfNeeded()
    const before = await top(page, subject)
    await chosen.locator('th a').click()
    await heading(page, 'ticket.created → Of many')
    await page.goBack()
    await heading(page, 'Deliveries')
    await eventually(async () => Math.abs(await top(page, subject) - before) < 3, 'the place')
    assert.equal(await page.locator('tbody tr').count(), 100)
    await button(page, 'Load older').click()
    await eventually(async () => await page.locator('tbody tr').count() === 120, 'the rest')
  }
})

it('29 Back from a delivery: what came meanwhile is told', async (scene) => {
  await fill(scene, 'meanwhile', 60)
  const page = await open(scene, 1000, 'deliveries?q=meanwhile')
  await page.locator('tbody tr').nth(40).locator('th a').click()
  await heading(page, 'ticket.created → Of many')
  await scene.desk.ticket({ subject: 'meanwhile, the newest' })
  await scene.desk.logged(61, '?q=meanwhile')
  await page.goBack()
  await button(page, '● 1 new ↑').click()
  await row(page, 'meanwhile, the newest').waitFor()
})

it('29 Back to a list of webhooks that is longer than the window', async (scene) => {
  for (let i = 0; i < 25; i++) {
    const { id } = await scene.desk.webhook({ name: `Listed ${i}`, url: 'http://127.0.0.1:9/' })
    scene.keep({ stop: () => scene.desk.api('DELETE', `webhooks/${id}`) })
  }
  const page = await open(scene, 700, 'webhooks')
  const link = page.getByRole('link', { name: 'Listed 20', exact: true })
  await link.scrollIntoViewIfNeeded()
  const before = await page.evaluate(() => scrollY)
  assert.ok(before > 100)
  await link.click()
  await heading(page, 'Listed 20')
  await page.goBack()
  await heading(page, 'Webhooks')
  await eventually(async () => Math.abs(await page.evaluate(() => scrollY) - before) < 3, 'the place')
  await page.reload()
  await heading(page, 'Webhooks')
  await eventually(async () => Math.abs(await page.evaluate(() => scrollY) - before) < 3, 'the place after a reload')
})

it('29 a delivery that is opened beside the log: its row stays where it is, in a table', async (scene) => {
  await fill(scene, 'beside', 50)
  for (const width of [1200, 1280, 1600]) {
    const page = await open(scene, width, 'deliveries?q=beside')
    const chosen = page.locator('tbody tr').nth(30)
    const subject = await chosen.locator('.subject bdi').innerText()
    await chosen.evaluate((tr) => tr.scrollIntoView({ block: 'center' }))
    const before = await top(page, subject)
    await chosen.locator('td').first().click()
    await page.locator('aside').getByRole('heading', { level: 2 }).first().waitFor()
    await settled(page)
    assert.ok(Math.abs(await top(page, subject) - before) < 3, `opened at ${width} px`)
    assert.ok(await page.locator('thead').isVisible(), `still a table at ${width} px`)
    await page.keyboard.press('Escape')
    await page.locator('aside').waitFor({ state: 'hidden' })
    await settled(page)
    assert.ok(Math.abs(await top(page, subject) - before) < 3, `closed at ${width} px`)
  }
})

it('29 j and k move the delivery that is open, and Ctrl+click opens one in a tab', async (scene) => {
  await fill(scene, 'moved', 5)
  const page = await open(scene, 1280, 'deliveries?q=moved')
  const ids = await page.locator('tbody tr').evaluateAll((rows) => rows.map((tr) => tr.dataset.id))
  await page.locator('tbody tr').nth(1).locator('td').first().click()
  const isOpen = (n) => page.waitForURL((url) => url.pathname.endsWith(ids[n]))
  await isOpen(1)
  await focused(page.locator('aside h2').first(), 'the open delivery')
  await page.keyboard.press('j')
  await isOpen(2)
  await focused(page.locator('aside h2').first(), 'the next one')
  await page.keyboard.press('k')
  await isOpen(1)
  await page.goBack()
  await page.locator('aside').waitFor({ state: 'hidden' })
  const opened = page.context().waitForEvent('page')
  await page.locator('tbody tr').nth(3).locator('td').first().click({ modifiers: ['Control'] })
  const tab = await opened
  await tab.waitForURL((url) => url.pathname.endsWith(ids[3]))
  assert.equal(await page.locator('aside').isHidden(), true)
})
