// SPDX-License-Identifier: MIT
// The log's filters stand in the address, survive a reload and Back, and find what the API finds. Four states are never
// mixed: loading, could not load, nothing matches, nothing yet.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { CLOSED_PORT, Desk, Way } from './lib/servers.mjs'
import { button, GONE, heading, live, row, settled, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage()

let filled
/** Two webhooks, one that takes deliveries and one that nobody answers; five tickets and a test. */
async function fill(scene) {
  filled ??= await (async () => {
    const receiver = await scene.stage.keepReceiver({ respond: '200,200,200,503,200,200' })
    const good = await scene.desk.webhook({ name: 'Good one', url: receiver.url })
    const bad = await scene.desk.webhook({ name: 'Bad one', url: `http://127.0.0.1:${CLOSED_PORT}/` })
    for (const subject of ['No sound', 'No picture', 'Bill is wrong', 'Password', 'Refund']) {
      await scene.desk.ticket({ subject, email: `${subject.split(' ').pop().toLowerCase()}@example.com` })
    }
    await scene.desk.logged(10)
    await scene.desk.api('POST', `webhooks/${good.id}/test`, { event: 'ticket.resolved' })
    return { good, bad }
  })()
  return filled
}

async function count(page) {
  const text = page.locator('main > .row .muted').filter({ hasText: /match|entr/ }).first()
  return Number(/[\d,]+/.exec(await text.innerText())[0].replace(',', ''))
}

/** The rows and the number that the page shows are those that the API has for the page's address. */
async function agrees(page, scene, expected) {
  await eventually(async () => {
    const query = new URL(page.url()).search
    const api = await scene.desk.api('GET', `deliveries/count${query}`)
    assert.equal(api.count, expected)
    assert.equal(await page.locator('tbody tr').count(), expected)
    assert.equal(await count(page), expected)
    return true
  })
}

it('07 filters combine, stand in the address, and survive a reload and Back', async (scene) => {
  const { good, bad } = await fill(scene)
  const page = await scene.open('deliveries')
  await agrees(page, scene, 11)
  await page.getByLabel('All outcomes').selectOption('failed')
  await agrees(page, scene, 6)
  await page.getByLabel('All webhooks').selectOption(good.id)
  await agrees(page, scene, 1)
  assert.equal(new URL(page.url()).search, `?outcome=failed&webhook=${good.id}`)
  await page.reload()
  await agrees(page, scene, 1)
  assert.equal(await page.getByLabel('All outcomes').inputValue(), 'failed')
  await eventually(async () => await page.getByLabel('All webhooks').inputValue() === good.id, 'the names to choose from')
  await page.goBack()
  await agrees(page, scene, 6)
  assert.equal(await page.getByLabel('All webhooks').inputValue(), '')
  await page.goBack()
  await agrees(page, scene, 11)
  await page.goForward()
  await agrees(page, scene, 6)
  await page.getByRole('list', { name: 'Filters' }).getByRole('button', { name: /Failed/ }).click()
  await agrees(page, scene, 11)
  await page.getByLabel('All webhooks').selectOption(bad.id)
  await page.getByRole('searchbox').fill('refund')
  await agrees(page, scene, 1)
  await row(page, 'Refund').waitFor()
  await page.getByRole('link', { name: 'Clear all', exact: true }).click()
  await agrees(page, scene, 11)
})

for (const [name, query, expected] of [['tests', '?test=only', 1], ['no tests', '?test=no', 10],
  ['an event', '?event=ticket.resolved', 1], ['a code', '?status=503', 1], ['a class of codes', '?status=5xx', 1],
  ['a range of codes', '?status=200-299', 5], ['a reason', '?reason=refused', 5],
  ['an e-mail', '?q=picture%40example', 2],
  ['the future', '?since=2999-01-01T00:00:00Z', 0], ['the past', '?until=2001-01-01T00:00:00Z', 0]]) {
  it(`07 by ${name}`, async (scene) => {
    await fill(scene)
    const page = await scene.open(`deliveries${query}`)
    if (expected) return agrees(page, scene, expected)
    await page.getByRole('heading', { name: 'No matches' }).waitFor()
    assert.equal((await scene.desk.api('GET', `deliveries/count${query}`)).count, 0)
  })
}

it('07 a ticket by its number: typed, with one entry in the history', async (scene) => {
  await fill(scene)
  const { data: [{ ticket_number: number }] } = await scene.desk.api('GET', 'deliveries?q=Refund')
  const page = await scene.open('deliveries')
  await agrees(page, scene, 11)
  await page.getByRole('searchbox').pressSequentially(`#${number}`)
  await agrees(page, scene, 2)
  await page.getByText('More', { exact: true }).click()
  await page.getByLabel('Status code', { exact: true }).fill('4xx')
  await page.getByRole('heading', { name: 'No matches' }).waitFor()
  await page.getByRole('link', { name: 'Clear filters' }).click()
  await agrees(page, scene, 11)
})

it('07 what is no filter is said, and not taken for nothing', async (scene) => {
  scene.allow(/status of 4\d\d/)
  const page = await scene.open('deliveries?status=nonsense')
  await page.getByRole('heading', { name: 'Could not load' }).waitFor()
  assert.equal(await page.getByText('No matches').count(), 0)
  await page.goto(`${scene.desk.page}deliveries?since=nonsense&until=nonsense`)
  await heading(page, 'Deliveries')
  await page.getByRole('heading', { name: 'Could not load' }).waitFor()
})

it('07 what a page has given up when it was left is no fault', async (scene) => {
  await fill(scene)
  const page = await scene.open()
  await page.getByRole('link', { name: 'Deliveries' }).click()
  await agrees(page, scene, 11)
  await page.route('**/deliveries.ndjson*', () => {}) // never answered
  await button(page, 'Export NDJSON').click()
  await page.getByRole('dialog', { name: 'Export' }).waitFor()
  await page.goBack()
  await heading(page, 'Webhooks')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  assert.equal(await page.locator('#toast').innerText(), '')
})

it('07 nothing yet, nothing matches, could not load, loading', async (scene) => {
  scene.allow(GONE)
  const desk = scene.keep(await Desk.start())
  const way = scene.keep(await Way.to(Number(new URL(desk.url).port)))
  const page = await scene.open('deliveries', { desk, base: `${way.url}/admin/projects/acme/` })
  await page.getByRole('heading', { name: 'No deliveries yet' }).waitFor()
  await page.getByLabel('All outcomes').selectOption('failed')
  await page.getByRole('heading', { name: 'No matches' }).waitFor()
  assert.equal(await page.getByText('No deliveries yet').count(), 0)

  await way.cut()
  await page.getByLabel('All outcomes').selectOption('delivered')
  await page.getByRole('heading', { name: 'Could not load' }).waitFor()
  assert.equal(await page.getByText(/No matches|No deliveries yet/).count(), 0, 'a fault is not taken for nothing')
  await page.getByText('The server cannot be reached').first().waitFor()
  await way.open()
  await button(page, 'Try again').click()
  await page.getByRole('heading', { name: 'No matches' }).waitFor()

  await page.getByRole('link', { name: 'Webhooks' }).first().click()
  await page.getByRole('heading', { name: 'No webhooks yet' }).waitFor()
  await way.cut()
  await page.getByRole('link', { name: 'Deliveries' }).first().click()
  await heading(page, 'Deliveries')
  await page.getByRole('heading', { name: 'Could not load' }).waitFor()
})

it('07 an address that leads nowhere, and a project that is somebody else\'s', async (scene) => {
  const page = await scene.open('nonsense')
  await heading(page, 'Not found')
  await page.goto(`${scene.desk.url}/admin/projects/other/webhooks`)
  await heading(page, 'Not found')
  await page.getByRole('link', { name: 'Webhooks' }).click()
  await heading(page, 'Webhooks')
})

it('07 export: every row of the filter, as lines of JSON', async (scene) => {
  await fill(scene)
  const page = await scene.open('deliveries?outcome=failed')
  await agrees(page, scene, 6)
  const downloading = page.waitForEvent('download')
  await button(page, 'Export NDJSON').click()
  const download = await downloading
  const lines = readFileSync(await download.path(), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line))
  assert.equal(lines.length, 6)
  assert.ok(lines.every((d) => d.outcome === 'failed'))
})

it('07 whole days, and reasons in words', async (scene) => {
  await fill(scene)
  const page = await scene.open('deliveries')
  await agrees(page, scene, 11)
  const days = () => page.evaluate(() => [0, 1].map((ago) => {
    const date = new Date()
    date.setHours(0, 0, 0, 0)
    date.setDate(date.getDate() - ago)
    return date.toISOString()
  }))
  const asked = page.waitForRequest(/deliveries\?/)
  const before = await days()
  await page.getByLabel('Any time').selectOption({ label: 'Yesterday' })
  const { searchParams } = new URL((await asked).url())
  const after = await days() // another day than before, at midnight
  assert.ok([before, after].some(([today, yesterday]) =>
    searchParams.get('since') === yesterday && searchParams.get('until') === today))
  await page.getByText('No delivery in the log matches these filters.').waitFor()
  await page.getByRole('list', { name: 'Filters' }).getByRole('button', { name: /Yesterday/ }).click()
  await agrees(page, scene, 11)
  await page.getByText('More', { exact: true }).click()
  await page.getByLabel('Any reason').selectOption({ label: 'Connection refused' })
  await agrees(page, scene, 5)
  assert.equal(new URL(page.url()).search, '?reason=refused')
  await page.getByRole('list', { name: 'Filters' }).getByRole('button', { name: /Connection refused/ }).waitFor()
})

it('07 a delivery that comes in obeys a list of codes', async (scene) => {
  const teapot = await scene.listen({ respond: '418' })
  const refusing = await scene.listen({ respond: '503' })
  const page = await scene.open('deliveries?status=404,%205xx&q=Comes+live')
  await live(page)
  await page.getByText('No delivery in the log matches these filters.').waitFor()
  const hooks = [await scene.desk.webhook({ name: 'Teapot', url: teapot.url }),
    await scene.desk.webhook({ name: 'Refusing', url: refusing.url })]
  await scene.desk.ticket({ subject: 'Comes live' })
  await row(page, 'Refusing').waitFor()
  await scene.desk.logged(1, '?status=418&q=Comes+live')
  await settled(page)
  assert.equal(await page.locator('tbody tr').count(), 1)
  for (const { id } of hooks) await scene.desk.ask('DELETE', `/admin/api/v1/projects/acme/webhooks/${id}`)
})
