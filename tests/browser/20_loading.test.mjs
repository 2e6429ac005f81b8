// SPDX-License-Identifier: MIT
// What the page asks for when it is opened, over a network with a round trip of 300 ms. Times are printed; what is
// checked is the number of requests, and bounds that no machine is too slow to keep.
import assert from 'node:assert/strict'
import { live, row, stage } from './lib/stage.mjs'

const { it } = stage()
const ROUND_TRIP = { offline: false, latency: 300, downloadThroughput: 2.5e6, uploadThroughput: 2.5e6 }

/** Opens the page in this context, and tells when its first row was there and what it had asked for. */
async function load(scene, context, path, text) {
  const page = await context.newPage()
  const network = await context.newCDPSession(page)
  await network.send('Network.enable')
  await network.send('Network.emulateNetworkConditions', ROUND_TRIP)
  const asked = []
  page.on('request', (request) => asked.push(new URL(request.url())))
  await page.goto(`${scene.desk.url}/admin/projects/acme/${path}`)
  await row(page, text).first().waitFor()
  const took = await page.evaluate(() => performance.now())
  await live(page)
  await page.close()
  return { took, asked: asked.filter(({ protocol }) => protocol !== 'data:').map(({ pathname, search }) => pathname + search) }
}

for (const [path, text] of [['webhooks', 'Loaded'], ['deliveries', 'ticket.created']]) {
  it(`20 ${path}: four files and each of the data once; kept files are not asked for again`, async (scene) => {
    const receiver = await scene.listen({ respond: '200' })
    await scene.desk.webhook({ name: 'Loaded', url: receiver.url })
    await scene.desk.ticket({ subject: 'Printer' })
    const context = await scene.context()
    for (const [state, files] of [['cold', 4], ['warm', 4]]) {
      const { took, asked } = await load(scene, context, path, text)
      console.log(`${path}, ${state}: first row after ${Math.round(took)} ms, ${asked.length} requests`)
      const data = asked.filter((each) => each.includes('/api/'))
      assert.deepEqual(data.filter((each, i) => data.indexOf(each) !== i), [], 'asked for twice')
      assert.equal(asked.length - data.length, files, asked.join('\n'))
    }
  })
}
