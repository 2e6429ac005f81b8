// SPDX-License-Identifier: MIT
// The pictures of the README: the list of webhooks of `helmdesk-desk --demo`, light and dark, 1280 by 800.
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { heading, live, OUTPUT, row, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage({ desk: { options: ['--demo'] } })

for (const colorScheme of ['light', 'dark']) {
  it(`16 the webhooks, ${colorScheme}`, async (scene) => {
    await eventually(async () => (await scene.desk.api('GET', 'stats?range=24h')).delivered > 250,
      'the demo\'s deliveries')
    const page = await scene.open('webhooks', { colorScheme, reducedMotion: 'reduce' })
    await heading(page, 'Webhooks')
    await row(page, 'Failing').first().waitFor()
    await page.locator('svg.bars').waitFor()
    await live(page)
    await page.evaluate(() => { document.activeElement.blur(); return document.fonts.ready })
    const path = join(OUTPUT, `webhooks-${colorScheme}.png`)
    await page.screenshot({ path })
    assert.ok(statSync(path).size > 20000)
  })
}
