// SPDX-License-Identifier: MIT
// Redelivery of one and of many: the same bytes, a new delivery, a count that is confirmed, progress, and a way out.
import assert from 'node:assert/strict'
import { CLOSED_PORT } from './lib/servers.mjs'
import { button, heading, row, settled, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage()
const TICKETS = 15

const move = async (scene, webhook, url) => scene.desk.api('PATCH', `webhooks/${webhook.id}`, { url },
  { headers: { 'If-Match': `"${webhook.version}"` } })

/** Failed deliveries of three webhooks, which then lead to a receiver that takes them. */
async function failures(scene, name) {
  const dead = `http://127.0.0.1:${CLOSED_PORT}/`
  const hooks = []
  for (let i = 0; i < 3; i++) hooks.push(await scene.desk.webhook({ name: `${name} ${i}`, url: dead }))
  for (let i = 0; i < TICKETS; i++) await scene.desk.ticket({ subject: `${name} ticket ${i}` })
  await eventually(async () => (await scene.desk.api('GET', `deliveries/count?outcome=failed&q=${name}`)).count ===
    3 * TICKETS, 'the failures')
  const receiver = await scene.listen({ respond: '200' })
  for (const webhook of hooks) await move(scene, webhook, receiver.url)
  return { receiver, async away() {
    for (const { id } of hooks) await scene.desk.ask('DELETE', `/admin/api/v1/projects/acme/webhooks/${id}`)
  } }
}

it('08 one: asked first, the same bytes, a new delivery of the same event', async (scene) => {
  const webhook = await scene.desk.webhook({ name: 'Comes back', url: `http://127.0.0.1:${CLOSED_PORT}/` })
  await scene.desk.ticket({ subject: 'Once more' })
  const page = await scene.open('deliveries?q=Once+more')
  await row(page, 'Once more').getByText('Connection refused').waitFor()
  const { data: [failed] } = await scene.desk.api('GET', 'deliveries?q=Once%20more')
  const receiver = await scene.listen({ respond: '200' })
  await move(scene, webhook, receiver.url)

  await page.goto(`${scene.desk.page}deliveries/${failed.id}`)
  await button(page, 'Redeliver…').click()
  const box = page.getByRole('dialog', { name: 'Redeliver this delivery?' })
  await box.getByText('The timestamp in it stays that of the event').waitFor()
  await button(box, 'Cancel').click()
  await box.waitFor({ state: 'detached' })
  await settled(page)
  assert.equal((await scene.desk.api('GET', 'deliveries?q=Once%20more')).data.length, 1, 'nothing was sent')
  await button(page, 'Redeliver…').click()
  await button(box, 'Redeliver').click()
  await page.getByText('Redelivery started').first().waitFor()
  const [arrival] = await receiver.arrived(1)
  const { text } = await scene.desk.ask('GET', `/admin/api/v1/projects/acme/deliveries/${failed.id}/request-body`)
  assert.equal(arrival.body, text, 'the very bytes')
  assert.notEqual(arrival.delivery_id, failed.id)

  const next = page.getByRole('link', { name: arrival.delivery_id })
  await next.waitFor() // it has joined the page of the old one by itself

  await page.getByRole('link', { name: 'view the new delivery' }).click()
  await heading(page, 'Deliveries')
  await row(page, 'Once more').locator('.badge', { hasText: '200' }).waitFor()
  assert.notEqual(new URL(page.url()).searchParams.get('q'), failed.event_id, 'an event of its own')
  await page.reload()
  await row(page, 'Once more').locator('.badge', { hasText: '200' }).waitFor()
  const { data } = await scene.desk.api('GET', 'deliveries?q=Once%20more')
  assert.deepEqual(data.map((d) => d.outcome), ['delivered', 'failed'])
  assert.notEqual(data[0].id, failed.id)

  // Each leads to the other.
  await page.goto(`${scene.desk.page}deliveries/${failed.id}`)
  await next.click()
  await page.getByRole('link', { name: failed.id }).click()
  await next.click()

  // What was delivered already is asked about in other words.
  await page.getByText('Redelivery of').waitFor()
  await page.getByRole('button', { name: 'Redeliver…' }).click()
  await box.getByText('The receiver has already confirmed this delivery').waitFor()
  await page.keyboard.press('Escape')
  await page.goto('about:blank') // which asks for nothing of the webhook any more
  await scene.desk.ask('DELETE', `/admin/api/v1/projects/acme/webhooks/${webhook.id}`)
})

it('08 many: counted, confirmed, with progress to the end', async (scene) => {
  const { receiver, away } = await failures(scene, 'All')
  const page = await scene.open('deliveries?outcome=failed&q=All')
  await button(page, `Redeliver ${3 * TICKETS}…`).click()
  const ask = page.getByRole('dialog', { name: `Redeliver ${3 * TICKETS} deliveries (failed)?` })
  await button(ask, `Redeliver ${3 * TICKETS}`).click()
  const box = page.getByRole('dialog', { name: 'Redelivering' })
  await box.getByText(`Done: ${3 * TICKETS} delivered, 0 failed.`).waitFor()
  assert.equal(await box.getByRole('progressbar').evaluate((el) => el.position), 1)
  await button(box, 'Close').click()
  const arrivals = await receiver.arrived(3 * TICKETS)
  const perTicket = arrivals.reduce((seen, a) => {
    const { subject } = JSON.parse(a.body).data.ticket
    return { ...seen, [subject]: (seen[subject] ?? 0) + 1 }
  }, {})
  assert.deepEqual([...new Set(Object.values(perTicket))], [3], 'each once for each webhook')
  await eventually(async () => (await scene.desk.api('GET', 'deliveries/count?outcome=delivered&q=All')).count ===
    3 * TICKETS, 'the log of them')
  assert.equal(receiver.arrivals.length, 3 * TICKETS, 'none twice')
  await away()
})

it('08 many, stopped: what is under way ends, and nothing more is sent', async (scene) => {
  const { receiver, away } = await failures(scene, 'Some')
  const page = await scene.open('deliveries?outcome=failed&q=Some')
  const asked = []
  await page.route('**/projects/acme/jobs', async (route) => { // slowly, so that there is something to stop
    if (route.request().method() !== 'POST') return route.continue()
    asked.push(route.request().postDataJSON())
    return route.continue({ postData: JSON.stringify({ ...asked.at(-1), pace: 2 }) })
  })
  await button(page, `Redeliver ${3 * TICKETS}…`).click()
  await button(page.getByRole('dialog'), `Redeliver ${3 * TICKETS}`).click()
  const box = page.getByRole('dialog', { name: 'Redelivering' })
  await box.getByText(new RegExp(`^[1-9]\\d* of ${3 * TICKETS} redelivered$`)).waitFor()
  await button(box, 'Stop').click()
  await box.waitFor({ state: 'hidden' })
  await page.getByText(new RegExp(`^Stopped: \\d+ of ${3 * TICKETS} redelivered$`)).waitFor()
  const { data: [job] } = await scene.desk.api('GET', 'jobs')
  assert.equal(job.state, 'stopped')
  assert.ok(job.sent > 0 && job.sent < 3 * TICKETS, `${job.sent} were sent`)
  await eventually(async () => (await scene.desk.api('GET', 'deliveries/count?outcome=delivered&q=Some')).count ===
    job.sent, 'all of them in the log')
  assert.equal((await receiver.arrived(job.sent)).length, job.sent)
  assert.deepEqual(asked.map((body) => body.plan ?? body.confirm_count), [true, 3 * TICKETS])

  const wrong = await scene.desk.ask('POST', '/admin/api/v1/projects/acme/jobs', { ...asked[1], confirm_count: 7 })
  assert.equal(wrong.status, 409, 'a count that is not the present one')
  await away()
})

it('08 many, once more: what has arrived since is left out', async (scene) => {
  const { receiver, away } = await failures(scene, 'Twice')
  const page = await scene.open('deliveries?outcome=failed&q=Twice')
  await button(page, `Redeliver ${3 * TICKETS}…`).click()
  await button(page.getByRole('dialog'), `Redeliver ${3 * TICKETS}`).click()
  const box = page.getByRole('dialog', { name: 'Redelivering' })
  await box.getByText(`Done: ${3 * TICKETS} delivered, 0 failed.`).waitFor()
  await button(box, 'Close').click()
  await button(page, `Redeliver ${3 * TICKETS}…`).click()
  const none = page.getByRole('dialog', { name: 'Nothing to redeliver' })
  await none.getByText(`${3 * TICKETS} left out: delivered since, or in progress (${3 * TICKETS}).`).waitFor()
  await button(none, 'Close').click()
  assert.equal(receiver.arrivals.length, 3 * TICKETS, 'none twice')
  await away()
})

it('08 nothing failed: nothing is sent', async (scene) => {
  const receiver = await scene.listen({ respond: '200' })
  const webhook = await scene.desk.webhook({ name: 'Fine', url: receiver.url })
  await scene.desk.ticket({ subject: 'Fine' })
  await receiver.arrived(1)
  const page = await scene.open(`deliveries?webhook=${webhook.id}`)
  await button(page, 'Redeliver failed…').click()
  await button(page.getByRole('dialog', { name: 'Nothing to redeliver' }), 'Close').click()
  assert.equal(receiver.arrivals.length, 1)
})
