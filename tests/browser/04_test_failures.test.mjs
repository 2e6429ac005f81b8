// SPDX-License-Identifier: MIT
// Tests that fail, each in its own way: the right sentence, and a page that stays usable.
import assert from 'node:assert/strict'
import { hold } from './lib/hold.mjs'
import { API, CLOSED_PORT, Desk, odd, selfSigned } from './lib/servers.mjs'
import { button, card, GONE, heading, row, settled, stage } from './lib/stage.mjs'

const { it } = stage()

const answers = (status) => async (scene) => (await scene.listen({ respond: status })).url
const FAILURES = [
  ['401', answers('401'), '401', /refused the request \(401 or 403\)/],
  ['401 by a secret that differs',
    async (scene) => (await scene.listen({ secrets: ['another secret altogether'] })).url, '401',
    /Most often its secret is not the webhook's/],
  ['404', answers('404'), '404', /404/],
  ['410', answers('410'), '410', /410/],
  ['429', answers('429'), '429', /asks for fewer requests \(429\)/],
  ['500', answers('500'), '500', /The receiver failed \(5xx\)/],
  ['reset', answers('reset'), 'Connection closed', /closed the connection before it had answered/],
  ['refused', () => `http://127.0.0.1:${CLOSED_PORT}/`, 'Connection refused',
    /Nothing listens on this port/],
  ['a name that is not there', () => 'http://nobody.invalid/', 'Host name not found',
    /No address was found for the host name/],
  ['a certificate that nobody knows', async (scene) => scene.keep(await selfSigned()).url, 'Certificate not trusted',
    /certificate is signed by itself and by no authority/],
  ['redirect', async (scene) => scene.keep(await odd((_, response) =>
    response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end())).url, '302', /redirect, which is not followed/],
  ['no HTTP', async (scene) => scene.keep(await odd((request) =>
    request.socket.end('220 mail.example.com ESMTP\r\n'))).url, 'Invalid HTTP response', /HTTP/],
]

for (const [what, receiver, result, sentence] of FAILURES) {
  it(`04 ${what}`, async (scene) => {
    const webhook = await scene.desk.webhook({ name: what, url: await receiver(scene) })
    const page = await scene.open(`webhooks/${webhook.id}`)
    await heading(page, what)
    const test = card(page, 'Send a test')
    await button(test, 'Send test').click()
    await test.locator('.verdict').waitFor()
    assert.ok((await test.locator('.verdict').innerText()).includes(result),
      `${await test.locator('.verdict').innerText()} has ${result}`)
    assert.match(await test.locator('.explain').innerText(), sentence)
    assert.match(await test.locator('.verdict .sr').textContent(), /^Failed/)
    // The same words in the log.
    await test.getByRole('link', { name: 'View delivery' }).click()
    await page.getByRole('region', { name: 'Result' }).waitFor()
    assert.match(await page.locator('.explain').innerText(), sentence)
    assert.equal(await page.locator('#toast').innerText(), '', 'what a receiver does is no fault of the page')
  })
}

it('04 events that come late: a test is of one of them all the same', async (scene) => {
  const webhook = await scene.desk.webhook({ name: 'Late', url: (await scene.listen()).url })
  const page = await scene.newPage()
  const held = await hold(page, '**/events')
  const answered = page.waitForResponse((response) => response.url().endsWith(API + `webhooks/${webhook.id}`))
  await page.goto(`${scene.desk.page}webhooks/${webhook.id}`)
  await Promise.all([held.made, answered])
  await settled(page)
  const test = card(page, 'Send a test')
  assert.equal(await button(test, 'Send test').count(), 0, 'nothing to press before there is an event to send')
  await held.release()
  await button(test, 'Send test').click()
  await test.locator('.verdict').waitFor()
})

it('04 timeout: within 6 s, while the page goes on working', async (scene) => {
  const webhook = await scene.desk.webhook({ name: 'Hangs', url: (await scene.listen({ respond: 'hang' })).url })
  const page = await scene.open(`webhooks/${webhook.id}`)
  const test = card(page, 'Send a test')
  const answered = page.waitForResponse(/\/test$/)
  await button(test, 'Send test').click()
  await test.getByText('Sending, up to 5 seconds…').waitFor()
  await button(test, 'Send test').click() // pressed twice, sent once
  // Another part of the page answers meanwhile, and so does the server.
  await button(card(page, 'Secret'), 'Reveal').click()
  await button(card(page, 'Secret'), 'Hide').waitFor()
  assert.equal((await scene.desk.api('GET', 'deliveries')).data.some((d) => d.webhook_id === webhook.id), false)
  assert.ok(await test.getByText('Sending, up to 5 seconds…').isVisible(), 'all that took less than the timeout')
  const timing = (await answered).request().timing()
  await test.getByText('Timeout').first().waitFor()
  assert.match(await test.locator('.explain').innerText(), /No response within the time limit/)
  const wall = timing.responseStart - timing.requestStart
  console.log(`a test that times out was answered after ${Math.round(wall)} ms`)
  assert.ok(wall >= 4900 && wall < 20000, `the server answered after ${wall} ms`)
  const other = await scene.open('deliveries')
  await row(other, 'Hangs').getByText('Timeout').waitFor()
  const { data } = await scene.desk.api('GET', `deliveries?webhook=${webhook.id}`)
  assert.equal(data.length, 1, 'one test, for all that was pressed')
})

it('04 the server itself is gone: a fault of ours, told as such', async (scene) => {
  scene.allow(GONE)
  const desk = scene.keep(await Desk.start())
  const webhook = await desk.webhook({ name: 'Lost', url: 'http://127.0.0.1:9/' })
  const page = await scene.open(`webhooks/${webhook.id}`, { desk, base: desk.page })
  const test = card(page, 'Send a test')
  await button(test, 'Send test').waitFor()
  await desk.stop()
  await button(test, 'Send test').click()
  await page.locator('#toast').getByText('The server cannot be reached').waitFor()
  await page.getByText(/^Reconnecting; last update at/).waitFor()
})
