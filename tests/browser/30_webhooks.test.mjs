// SPDX-License-Identifier: MIT
// Many webhooks: searched and sorted; and those that are gone.
import assert from 'node:assert/strict'
import { button, heading, live, row, stage } from './lib/stage.mjs'
import { en } from './lib/texts.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage({ jitter: 0 })

const names = (page) => page.locator('tbody .name a').allInnerTexts()
const sorted = (list) => JSON.stringify([...list].sort())
const listed = (page, wanted) => eventually(async () => sorted(await names(page)) === sorted(wanted), `the list ${wanted}`)

it('30 two hundred webhooks: found by their name, their address and their state, and sorted', async (scene) => {
  for (let i = 1; i <= 200; i++) {
    const { id } = await scene.desk.webhook({ name: `Café ${i}`, url: `http://127.0.0.1:9/of-${i}`,
      mode: i === 150 ? 'held' : 'on' })
    scene.keep({ stop: () => scene.desk.api('DELETE', `webhooks/${id}`) })
  }
  const page = await scene.open('webhooks')
  const search = page.getByRole('searchbox', { name: en.webhooks.search })
  await search.fill('cafe 17')
  await listed(page, ['Café 17', 'Café 117', ...Array.from({ length: 10 }, (_, i) => `Café ${170 + i}`)])
  await page.getByText('12 of 200 webhooks').waitFor()
  await search.fill('/of-42')
  await listed(page, ['Café 42'])
  await search.fill('held')
  await listed(page, ['Café 150'])
  await page.waitForURL(/q=held/)
  await row(page, 'Café 150').getByRole('link', { name: 'Café 150' }).click()
  await heading(page, 'Café 150')
  await page.goBack()
  await listed(page, ['Café 150'])
  assert.equal(await search.inputValue(), 'held')

  await search.fill('nothing like it')
  await page.getByText(en.webhooks.nothingText).waitFor()
  await search.fill('')
  await page.getByLabel(en.webhooks.sort).selectOption('state')
  await eventually(async () => (await names(page))[0] === 'Café 150', 'the worst one first')
  await page.waitForURL(/sort=state/)
  await page.reload()
  await eventually(async () => (await names(page))[0] === 'Café 150', 'the same after a reload')
  await page.getByLabel(en.webhooks.sort).selectOption('name')
  await eventually(async () => (await names(page)).slice(0, 10).at(-1) === 'Café 10', 'numbers as such')
})

it('30 a webhook that is deleted: its deliveries have its name, and nothing is offered that cannot be done', async (scene) => {
  const { id } = await scene.webhook('Deleted by somebody')
  await scene.desk.ticket({ subject: 'of one that is deleted' })
  await scene.desk.logged(1, '?q=deleted')
  await scene.desk.api('DELETE', `webhooks/${id}`)
  const page = await scene.open(`deliveries?webhook=${id}`)
  await row(page, 'of one that is deleted').waitFor()
  await page.locator('.chip').filter({ hasText: 'Deleted by somebody' }).waitFor()
  assert.equal(await page.getByLabel(en.filters.allWebhooks).inputValue(), id)
  const { data: [delivery] } = await scene.desk.api('GET', 'deliveries')
  await page.goto(`${scene.desk.page}deliveries/${delivery.id}`)
  await page.locator('.tag').getByText(en.delivery.webhookDeleted).waitFor()
  assert.equal(await button(page, en.delivery.redeliver).count(), 0)
  assert.equal(await page.locator(`main a[href*="webhooks/${id}"]`).count(), 0)
})

it('30 what could not be loaded is loaded when the server is there again', async (scene) => {
  scene.allow(/status of 503/)
  const { id } = await scene.webhook('Away for a while')
  for (const [path, seen] of [[`webhooks/${id}`, 'Secret'], [`webhooks/${id}/edit`, 'Save'], ['deliveries?q=none', 'No matches']]) {
    const page = await scene.newPage()
    let away = true
    await page.route(/api\/v1\/projects\/acme\/(webhooks|deliveries)/, (route) => away
      ? route.fulfill({ status: 503, json: { detail: 'Busy.' } }) : route.continue())
    await page.goto(scene.desk.page + path)
    await live(page)
    await page.getByText(en.common.couldNotLoad).first().waitFor()
    away = false
    await page.getByText(seen, { exact: true }).first().waitFor()
    assert.equal(await page.getByText(en.common.couldNotLoad).count(), 0)
  }
})

it('30 the list and the log from 640 to 900 px: nothing is cut, and no word is torn', async (scene) => {
  await scene.webhook('Somewhat longer name of a webhook', { respond: '500' })
  await scene.desk.ticket({ subject: 'of some length, so that the columns need their width' })
  await scene.desk.logged(1, '?q=columns')
  for (const width of [640, 700, 740, 790, 820, 880]) {
    for (const path of ['webhooks', 'deliveries?q=columns']) {
      const page = await scene.newPage()
      await page.setViewportSize({ width, height: 800 })
      await page.goto(scene.desk.page + path)
      await page.locator('.flush tbody tr').first().waitFor()
      const faults = await page.evaluate(() => {
        const seen = []
        const box = document.querySelector('.flush').getBoundingClientRect()
        for (const el of document.querySelectorAll('.flush tbody :is(th, td, button, .badge, .num)')) {
          if (!el.checkVisibility()) continue
          const { left, right } = el.getBoundingClientRect()
          if (left < box.left - 1 || right > box.right + 1) seen.push(`cut: ${el.className} ${el.innerText}`)
          if (!el.matches('.badge, .num:not(td)')) continue
          const range = document.createRange()
          const tops = [...el.childNodes].filter((part) => !part.matches?.('.sr')).map((part) => {
            range.selectNodeContents(part)
            return range.getBoundingClientRect().top
          })
          if (Math.max(...tops) - Math.min(...tops) > 10) seen.push(`torn: ${el.innerText}`)
        }
        if (document.documentElement.scrollWidth > innerWidth) seen.push('the page scrolls sideways')
        return seen
      })
      assert.deepEqual(faults, [], `${path} at ${width} px`)
      await page.close()
    }
  }
})
