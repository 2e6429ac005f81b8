// SPDX-License-Identifier: MIT
// A log of 10,000 deliveries in a store. The budgets are printed; what is checked is many times larger, so that no
// machine is too slow to pass.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after } from 'node:test'
import { hold } from './lib/hold.mjs'
import { makeDirectory } from './lib/servers.mjs'
import { button, live, row, settled, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const store = makeDirectory()
const { it, keepReceiver } = stage({ desk: { store: `${store.path}/store` } })
after(store.remove)
const HOOKS = 20
const TICKETS = 500
const ROWS = HOOKS * TICKETS

/** Says what a budget of the design came to, and fails far beyond it. */
function budget(what, took, wanted, most) {
  console.log(`${what}: ${Math.round(took)} ms (wanted: ${wanted} ms)`)
  assert.ok(took <= most, `${what}: ${Math.round(took)} ms`)
}

/** Long tasks and layout of the page, from its beginning on. */
const observe = (context) => context.addInitScript(() => {
  window.tasks = []
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({ type: 'longtask', buffered: true })
})

it('12 10,000 deliveries are made', async ({ desk }) => {
  const receiver = await keepReceiver({ respond: '200,200,200,200,200,200,200,200,200,503' })
  for (let i = 0; i < HOOKS; i++) await desk.webhook({ name: `Hook ${i}`, url: receiver.url, max_in_flight: 16 })
  const began = Date.now()
  let next = 0
  await Promise.all(Array.from({ length: 6 }, async () => {
    while (next < TICKETS) {
      const i = next++
      // The queue has room for so many; a desk that is busy says so, and is asked again.
      await eventually(async () => (await desk.api('GET', 'stats?range=1h')).waiting < 2000, 'room')
      await desk.ticket({ subject: `Ticket ${i}: ${'what happened '.repeat(i % 7)}`, email: `user${i}@example.com` })
    }
  }))
  await desk.logged(ROWS, '', 300000)
  console.log(`${ROWS} deliveries took ${((Date.now() - began) / 1000).toFixed(1)} s to send`)
}, { timeout: 600000 })

it('12 the log opens, filters, grows and pages within its budgets', async (scene) => {
  const context = await scene.context()
  await observe(context)
  const page = await scene.open('deliveries', { context })
  await page.locator('tbody tr').nth(49).waitFor()
  const first = await page.evaluate(() => new Promise((resolve) =>
    requestAnimationFrame(() => resolve(performance.now()))))
  await page.locator('.row .muted').getByText('10,000 entries', { exact: true }).waitFor()
  assert.equal(await page.locator('tbody tr').count(), 50)
  budget('first rows, cold', first, 1000, 15000)

  // From the choice until its rows are painted, as the page's own clock has it.
  const filtered = async (name, value, is) => {
    await page.evaluate((expected) => {
      window.painted = new Promise((resolve) => {
        const look = () => {
          const rows = [...document.querySelectorAll('tbody tr')]
          const done = rows.length > 0 && rows.every((tr) => tr.textContent.includes(expected))
          if (done) requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - window.chosen)))
          else requestAnimationFrame(look)
        }
        document.addEventListener('change', () => { window.chosen = performance.now(); look() },
          { capture: true, once: true })
      })
    }, is)
    await page.getByLabel(name).selectOption(value)
    return page.evaluate(() => window.painted)
  }
  budget('filter by outcome, painted', await filtered('All outcomes', 'failed', 'Failed'), 300, 6000)
  const { data: [hook] } = await scene.desk.api('GET', 'webhooks')
  budget('filter by webhook, painted', await filtered('All webhooks', hook.id, hook.name), 300, 6000)
  await page.getByRole('link', { name: 'Clear all', exact: true }).click()
  await eventually(async () => await page.locator('tbody tr').count() === 50, '50 rows')

  // A search through the whole log for what is there once in each webhook.
  const asked = Date.now()
  await page.getByRole('searchbox').fill('user0@example.com')
  await eventually(async () => await page.locator('tbody tr').count() === HOOKS, 'what is searched')
  budget('search in all texts (with 250 ms of waiting for more letters)', Date.now() - asked, 600, 15000)
  await page.getByRole('searchbox').fill('')
  await eventually(async () => await page.locator('tbody tr').count() === 50, '50 rows')

  // Older ones, page by page, up to what is kept in the page.
  for (let shown = 100; shown <= 500; shown += 50) {
    await button(page, 'Load older').click()
    await eventually(async () => await page.locator('tbody tr').count() === shown, `${shown} rows`)
  }
  await button(page, 'Load older').click()
  await button(page, '↑ Back to newest').waitFor()
  assert.equal(await page.locator('tbody tr').count(), 500, 'the most rows')
  await button(page, '↑ Back to newest').click()
  await eventually(async () => await page.locator('tbody tr').count() === 50, '50 rows')

  const tasks = await page.evaluate(() => window.tasks)
  budget('the longest task of all that', Math.max(0, ...tasks), 200, 3000)
})

it('12 a live row costs little, however many are shown', async (scene) => {
  const page = await scene.open('deliveries')
  await live(page)
  for (let shown = 100; shown <= 450; shown += 50) {
    await button(page, 'Load older').click()
    await eventually(async () => await page.locator('tbody tr').count() === shown, `${shown} rows`)
  }
  // The script's time alone, of the frame in which the rows come.
  await page.evaluate(() => {
    scrollTo(0, 0)
    window.slow = []
    new PerformanceObserver((list) => window.slow.push(...list.getEntries().map((entry) => ({
      script: entry.scripts.reduce((sum, script) => sum + script.duration, 0), whole: entry.duration }))))
      .observe({ type: 'long-animation-frame' })
  })
  const before = await page.locator('tbody tr').count()
  await scene.desk.ticket({ subject: 'one that is live' })
  await row(page, 'one that is live').first().waitFor()
  await eventually(async () => await page.locator('tbody tr').count() >= Math.min(before + HOOKS, 500), 'its rows')
  await settled(page) // long frames are told of a little later
  const frames = await page.evaluate(() => window.slow)
  budget(`script of the longest frame while ${HOOKS} rows came to ${before}`,
    Math.max(0, ...frames.map((frame) => frame.script)), 16, 3000)
  budget('that whole frame (0: less than 50)', Math.max(0, ...frames.map((frame) => frame.whole)), 50, 3000)
})

it('12 older ones that come after another filter was chosen are not shown', async (scene) => {
  const page = await scene.open('deliveries')
  await page.locator('tbody tr').nth(49).waitFor()
  const held = await hold(page, '**/deliveries?*cursor=*')
  await button(page, 'Load older').click()
  await page.getByRole('searchbox').fill('user0@example.com')
  await eventually(async () => await page.locator('tbody tr').count() === HOOKS, 'what is searched')
  await held.made
  await held.release()
  assert.equal(await page.locator('tbody tr').count(), HOOKS)
})

it('12 an export reads all of it', async (scene) => {
  const page = await scene.open('deliveries')
  const downloading = page.waitForEvent('download', { timeout: 240000 })
  const began = Date.now()
  await button(page, 'Export NDJSON').click()
  const lines = readFileSync(await (await downloading).path(), 'utf8').trimEnd().split('\n')
  budget(`export of ${lines.length} rows`, Date.now() - began, 10000, 240000)
  assert.ok(lines.length >= ROWS)
  assert.equal(new Set(lines.map((line) => JSON.parse(line).id)).size, lines.length, 'each once')
})

it('12 the list of webhooks with all their statistics', async (scene) => {
  const context = await scene.context()
  await observe(context)
  const page = await scene.open('webhooks', { context })
  await page.locator('.cards tbody tr').nth(HOOKS - 1).waitFor()
  budget(`${HOOKS} webhooks`, await page.evaluate(() => performance.now()), 1000, 15000)
  await page.locator('svg.bars').waitFor()
  budget('with the chart', await page.evaluate(() => performance.now()), 1500, 15000)
  budget('the longest task of it', Math.max(0, ...await page.evaluate(() => window.tasks)), 200, 3000)
})
