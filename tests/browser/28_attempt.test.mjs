// SPDX-License-Identifier: MIT
// One attempt: how long its parts took, and the command that sends it again.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { button, heading, stage } from './lib/stage.mjs'
import { en } from './lib/texts.mjs'

const { it } = stage({ jitter: 0 })

async function delivered(scene, word) {
  const receiver = await scene.listen()
  const webhook = await scene.desk.webhook({ name: 'Receives', url: `${receiver.url}path?token=of-the-webhook`, standard_headers: true,
    headers: [['X-Token', 'secret of a header']] })
  scene.keep({ stop: () => scene.desk.api('DELETE', `webhooks/${webhook.id}`) })
  await scene.desk.ticket({ subject: `${word}: the customer's "$HOME" \`id\`` })
  await scene.desk.logged(1, `?q=${word}`)
  const { data: [{ id }] } = await scene.desk.api('GET', `deliveries?q=${word}`)
  return { receiver, id }
}

/** The command that the button copies. */
async function copied(scene, id, role) {
  const context = await scene.context({ role })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await scene.open(`deliveries/${id}`, { context })
  await button(page, en.attempt.copyAsCurl).click()
  await page.getByText('Copied ✓').waitFor()
  return page.evaluate(() => navigator.clipboard.readText())
}

it('28 copied as curl: it runs, and what is masked is asked for', async (scene) => {
  const { receiver, id } = await delivered(scene, 'copied')
  const command = await copied(scene, id, 'admin')
  assert.ok(command.includes(`${receiver.url}path?token=of-the-webhook`))
  const refused = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
  assert.notEqual(refused.status, 0)
  assert.match(refused.stderr, /HEADER_X_TOKEN: set this to the value of X-Token/)
  execFileSync('sh', ['-c', command], { stdio: 'ignore', env: { ...process.env, HEADER_X_TOKEN: 'secret of a header' } })
  const [first, second] = await receiver.arrived(2)
  const sorted = ({ headers }) => headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`).sort()
  assert.deepEqual(sorted(second), sorted(first))
  assert.equal(second.body, first.body)
  assert.equal(second.path, first.path)

  const masked = await copied(scene, id, 'viewer')
  assert.ok(!masked.includes('of-the-webhook') && !masked.includes('secret of a header'))
  const asks = spawnSync('sh', ['-c', masked], { encoding: 'utf8', env: { ...process.env, HEADER_X_TOKEN: 'x' } })
  assert.match(asks.stderr, /URL: set URL to the URL of the webhook/)
  execFileSync('sh', ['-c', masked],
    { stdio: 'ignore', env: { ...process.env, HEADER_X_TOKEN: 'x', URL: `${receiver.url}path?token=of-the-webhook` } })
  await receiver.arrived(3)
})

it('28 the bar of an attempt is in proportion', async (scene) => {
  const { id } = await delivered(scene, 'measured')
  for (const width of [1280, 375]) {
    const page = await scene.newPage()
    await page.setViewportSize({ width, height: 800 })
    await page.route(`**/api/**/deliveries/${id}`, async (route) => {
      const response = await route.fetch()
      const { data: [one] } = await response.json()
      const ms = { dns_ms: 0, connect_ms: 2, tls_ms: 0, first_byte_ms: 197, total_ms: 200 }
      await route.fulfill({ response, json: { data: [{ ...one, ms }] } })
    })
    await page.goto(`${scene.desk.page}deliveries/${id}`)
    const bars = page.locator('.bars-of-time .bar')
    await bars.first().waitFor()
    const widths = await bars.evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().width))
    const whole = widths.reduce((sum, part) => sum + part, 0)
    assert.deepEqual(widths.map((part) => Math.round(part / whole * 200)), [2, 197, 1])
    assert.equal(await page.getByRole('list', { name: 'Timing' }).innerText().then((text) => text.replace(/\s+/g, ' ')),
      'DNS 0 ms connect 2 ms TLS 0 ms waiting 197 ms reading 1 ms')
  }
})

it('28 the time of an attempt without an answer is of the part in which it ended', async (scene) => {
  const { id } = await delivered(scene, 'unfinished')
  const page = await scene.newPage()
  await page.route(`**/api/**/deliveries/${id}`, async (route) => {
    const response = await route.fetch()
    const { data: [one] } = await response.json()
    const ms = { dns_ms: 0, connect_ms: 1, tls_ms: 0, first_byte_ms: 0, total_ms: 5004 }
    await route.fulfill({ response,
      json: { data: [{ ...one, ms, status: null, outcome: 'failed', reason: 'timeout_total' }] } })
  })
  await page.goto(`${scene.desk.page}deliveries/${id}`)
  await page.locator('.timing li').filter({ hasText: 'waiting' }).getByText(/5[.,]003|5 s|5\.0/).waitFor()
  assert.equal(await page.locator('.timing li').filter({ hasText: 'other' }).count(), 0)
})

it('28 a name with nothing to see in it has a link all the same', async (scene) => {
  const { id } = await scene.desk.webhook({ name: '   ', url: 'http://127.0.0.1:9/' })
  const page = await scene.open('webhooks')
  await page.locator(`a[href$="/webhooks/${id}"]`).click()
  await heading(page, /127\.0\.0\.1:9/)
})
