// SPDX-License-Identifier: MIT
// What takes place while somebody presses, types, reads, or has left.
import assert from 'node:assert/strict'
import { hold } from './lib/hold.mjs'
import { badge, button, card, choose, heading, live, loaded, row, settled, stage, subjects } from './lib/stage.mjs'
import { en } from './lib/texts.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage({ jitter: 0 }) // here each answer has its turn

async function open(scene, path) {
  const page = await scene.newPage()
  await page.goto(scene.desk.page + path)
  await live(page)
  await loaded(page)
  return page
}

const inBar = (page, name) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name })
const toasts = (page) => page.locator('#toast').innerText()

async function many(scene, count, word) {
  await Promise.all(Array.from({ length: count }, (_, i) => scene.desk.ticket({ subject: `${word} ${i}` })))
  await scene.desk.logged(count, `?q=${word}`)
}

it('18 the log: a button that is pressed while a row comes is pressed', async (scene) => {
  await scene.webhook('Pressed')
  await scene.desk.ticket({ subject: 'before the press' })
  const page = await open(scene, 'deliveries?q=press')
  await row(page, 'before the press').waitFor()
  await button(page, 'Pause updates').hover()
  await page.mouse.down()
  await scene.desk.ticket({ subject: 'while it is pressed' })
  await row(page, 'while it is pressed').waitFor()
  await page.mouse.up()
  await page.locator('#live').getByText(en.page.paused).waitFor()
})

it('18 the log: a redelivery is asked about once, though rows come meanwhile', async (scene) => {
  await scene.webhook('Asked', { respond: '500' })
  await scene.desk.ticket({ subject: 'fails at first' })
  const page = await open(scene, 'deliveries?q=fails')
  const again = button(page, 'Redeliver failed…')
  await again.waitFor()
  const held = await hold(page, '**/jobs')
  await again.click()
  await held.made
  await scene.desk.ticket({ subject: 'fails meanwhile' })
  await row(page, 'fails meanwhile').waitFor()
  await again.click()
  await held.release()
  await page.getByRole('dialog').waitFor()
  assert.equal(await page.getByRole('dialog').count(), 1)
})

it('18 the log: what happens after the page was loaded and before the stream begins is told, in its place', async (scene) => {
  await scene.webhook('In order')
  const page = await scene.newPage()
  const stream = await hold(page, '**/stream*', 1, { asked: true })
  await page.goto(`${scene.desk.page}deliveries?q=turn`)
  await page.getByRole('heading', { name: 'No matches' }).waitFor()
  await scene.desk.ticket({ subject: 'turn one' })
  await scene.desk.logged(1, '?q=turn')
  await scene.desk.ticket({ subject: 'turn two' })
  await stream.release()
  await page.getByText('2 matches', { exact: true }).waitFor()
  assert.deepEqual(await subjects(page), ['turn two', 'turn one'])
})

it('18 the log: nothing of the former filter stays beside words of a fault', async (scene) => {
  scene.allow(/status of 503/)
  await scene.webhook('Former')
  await many(scene, 55, 'former')
  const page = await open(scene, 'deliveries')
  await button(page, 'Load older').waitFor()
  await page.route('**/api/**/deliveries?outcome=failed*', (route) => route.fulfill({ status: 503, body: '{}' }))
  await page.getByLabel('All outcomes').selectOption('failed')
  await page.getByText('Could not load').waitFor()
  await settled(page)
  assert.equal(await button(page, 'Load older').count(), 0)
  assert.equal(await page.getByText(/^[\d,]+ (deliver|match)/).count(), 0)
})

it('18 the log: whoever reads further down is not moved by a look', async (scene) => {
  await scene.webhook('Far down')
  await many(scene, 50, 'seen')
  const page = await scene.openWithoutStream('deliveries')
  await page.locator('tbody tr').nth(49).waitFor()
  await page.evaluate(() => scrollTo(0, 1500))
  const y = await page.evaluate(() => scrollY)
  assert.ok(y > 500)
  const before = await subjects(page)
  await many(scene, 60, 'unseen')
  await button(page, '↑ Back to newest').waitFor()
  assert.equal(await page.evaluate(() => scrollY), y)
  assert.deepEqual(await subjects(page), before)

  // At the top it is drawn anew: the rows and the focus stay until it is there.
  await button(page, '↑ Back to newest').click()
  await row(page, 'unseen').first().waitFor()
  await page.evaluate(() => scrollTo(0, 0))
  await page.locator('tbody th a').first().focus()
  const held = await hold(page, '**/deliveries/count')
  await many(scene, 60, 'newest')
  await held.made
  await page.waitForTimeout(500) // "Loading…" is shown after 300
  assert.equal(await page.locator('tbody tr').count(), 50)
  assert.equal(await page.evaluate(() => document.activeElement.closest('tbody') !== null), true)
  await held.release()
  await row(page, 'newest').first().waitFor()
})

it('18 the log: one look that fails leaves the rows, and a way to the newest', async (scene) => {
  scene.allow(/status of 503/)
  await scene.webhook('Looks')
  await many(scene, 5, 'morning')
  const page = await scene.openWithoutStream('deliveries')
  await row(page, 'morning').first().waitFor()
  await loaded(page)
  const before = await subjects(page)
  await page.route('**/deliveries/count', (route) => route.fulfill({ status: 503, json: { detail: 'Busy.' } }), { times: 1 })
  await many(scene, 60, 'evening')
  await page.locator('#toast').getByText('Busy.').waitFor()
  assert.deepEqual(await subjects(page), before)
  await button(page, '↑ Back to newest').click()
  await row(page, 'evening').first().waitFor()
})

it('18 a form that was left: nothing comes of what it had asked', async (scene) => {
  scene.allow(/status of 422/)
  const page = await open(scene, 'webhooks/new')
  const checked = await hold(page, '**/check-url')
  await page.getByLabel('URL', { exact: true }).fill('ftp://example.com')
  await inBar(page, 'Deliveries').click()
  await button(page.getByRole('dialog'), 'Leave').click()
  await heading(page, 'Deliveries')
  await checked.release()
  assert.equal(await toasts(page), '')

  const { id } = await scene.webhook('Left')
  await page.goto(`${scene.desk.page}webhooks/${id}/edit`)
  await page.getByLabel('Name', { exact: true }).fill('Left behind')
  const saved = await hold(page, `**/api/**/webhooks/${id}`)
  await button(page, 'Save').click()
  await saved.made
  await inBar(page, 'Deliveries').click()
  await button(page.getByRole('dialog'), 'Leave').click()
  await heading(page, 'Deliveries')
  await saved.release()
  assert.equal(await page.locator('h1').innerText(), 'Deliveries')
  assert.equal(await toasts(page), '')
})

it('18 a form that is being saved: saved once, and nothing is typed into it', async (scene) => {
  const page = await open(scene, 'webhooks/new')
  const receiver = await scene.listen()
  await page.getByLabel('Name', { exact: true }).fill('Saved once')
  await page.getByLabel('URL', { exact: true }).fill(receiver.url)
  const held = await hold(page, '**/api/**/webhooks')
  const { x, y, width, height } = await button(page, 'Save and send test').boundingBox()
  await button(page, 'Save').click()
  await held.made
  await page.mouse.click(x + width / 2, y + height / 2)
  await page.keyboard.type('lost')
  await held.release()
  await heading(page, 'Saved once')
  const made = (await scene.desk.api('GET', 'webhooks')).data.filter((w) => w.name.startsWith('Saved once'))
  assert.equal(made.length, 1)
  await page.goto('about:blank') // which asks for nothing of the webhook any more
  await scene.desk.api('DELETE', `webhooks/${made[0].id}`)
})

it('18 a form that could not be saved: the focus is where it was', async (scene) => {
  scene.allow(/status of 503/)
  const { id } = await scene.webhook('Unsaved')
  const page = await open(scene, `webhooks/${id}/edit`)
  await page.route(`**/api/**/webhooks/${id}`, (route) => route.fulfill({ status: 503, json: { detail: 'Busy.' } }))
  await button(page, 'Save').press('Enter')
  await page.locator('#toast').getByText('Busy.').waitFor()
  await settled(page)
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Save')
})

it('18 a secret that is shown is hidden when somebody else changes the webhook', async (scene) => {
  const { id } = await scene.webhook('Rotated by another')
  const page = await open(scene, `webhooks/${id}`)
  const secret = card(page, 'Secret')
  await button(secret, 'Reveal').click()
  await button(secret, 'Hide').waitFor()
  await scene.desk.api('POST', `webhooks/${id}/secret/stage`, {})
  await secret.getByText('Next secret').waitFor()
  await button(secret, 'Reveal').waitFor()
  assert.match((await secret.locator('code').allInnerTexts()).join(''), /^•+$/)
  await button(secret, 'Reveal').click()
  await button(secret, 'Hide').waitFor()
  await scene.desk.api('POST', `webhooks/${id}/secret/activate`, {})
  await secret.getByText('Rotation, step 2 of 2.').waitFor()
  assert.match((await secret.locator('code').allInnerTexts()).join(''), /^•+$/)
})

it('18 a secret that was just made stays when its webhook is held', async (scene) => {
  const page = await open(scene, 'webhooks/new')
  await page.getByLabel('Name', { exact: true }).fill('Made and held')
  await page.getByLabel('URL', { exact: true }).fill((await scene.listen()).url)
  await button(page, 'Save').click()
  await heading(page, 'Made and held')
  const secret = card(page, 'Secret')
  await secret.getByText('The webhook was created.').waitFor()
  const shown = await secret.locator('code').innerText()
  assert.doesNotMatch(shown, /•/)
  // The answer comes first here, and the news of it then.
  await button(page, 'Hold').click()
  await badge(page.locator('.head'), 'Held').waitFor()
  await settled(page)
  assert.equal(await secret.locator('code').innerText(), shown)
  const { data } = await scene.desk.api('GET', 'webhooks')
  await page.goto('about:blank') // which asks for nothing of the webhook any more
  await scene.desk.api('DELETE', `webhooks/${data.find((w) => w.name === 'Made and held').id}`)
})

it('18 a secret that was made is shown, though the page cannot be read again', async (scene) => {
  scene.allow(/status of 503/)
  const { id } = await scene.webhook('Replaced')
  const page = await open(scene, `webhooks/${id}`)
  const secret = card(page, 'Secret')
  await page.route(`**/api/**/webhooks/${id}`, (route) => route.fulfill({ status: 503, json: { detail: 'Busy.' } }))
  await button(secret, 'Replace now…').click()
  await button(page.getByRole('dialog'), 'Replace now').click()
  await button(secret, 'Hide').waitFor()
  const { secret: present } = await scene.desk.api('POST', `webhooks/${id}/secret/reveal`, {})
  assert.equal(await secret.locator('code').innerText(), present)
})

it('18 a session that ends: what is typed stays, and who signs in again goes on', async (scene) => {
  scene.allow(/status of (401|422)/)
  const page = await open(scene, 'webhooks/new')
  const context = page.context()
  const cookies = await context.cookies()
  await page.getByLabel('Name', { exact: true }).fill('Half filled')
  await context.clearCookies()
  await page.getByLabel('URL', { exact: true }).fill('https://example.com/')
  await page.getByLabel('Name', { exact: true }).focus()
  await page.locator('#toast').getByText('You are signed out').waitFor()
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Half filled')

  await inBar(page, 'Deliveries').click()
  await button(page.getByRole('dialog'), 'Leave').click()
  await heading(page, 'You are signed out')
  await context.addCookies(cookies)
  await inBar(page, 'Webhooks').click()
  await heading(page, 'Webhooks')
  await live(page)
})

it('18 a dialog does not stay over a session that has ended', async (scene) => {
  scene.allow(/status of 401/)
  const { id } = await scene.webhook('Asked about')
  const page = await open(scene, 'webhooks')
  await choose(page, 'Actions for Asked about', 'Delete…')
  await page.getByRole('dialog').waitFor()
  await page.context().clearCookies()
  await scene.desk.api('POST', `webhooks/${id}/hold`, {}) // which has the list load again
  await heading(page, 'You are signed out')
  await eventually(async () => await page.getByRole('dialog').count() === 0, 'no dialog')
})

it('18 one look that fails takes nothing away', async (scene) => {
  scene.allow(/ERR_FAILED/)
  const { id } = await scene.webhook('Stays here')
  const page = await open(scene, 'webhooks')
  await page.route('**/api/**/webhooks', (route) => route.abort(), { times: 1 })
  const failed = page.waitForEvent('requestfailed')
  await scene.desk.api('POST', `webhooks/${id}/hold`, {})
  await failed
  await settled(page)
  assert.ok(await row(page, 'Stays here').isVisible())
  assert.equal(await page.locator('#live').innerText(), 'Live')
  await scene.desk.api('POST', `webhooks/${id}/on`, {})
  await badge(row(page, 'Stays here'), 'On').waitFor()
})

it('18 the page of a webhook that was left, and of one that is deleted', async (scene) => {
  scene.allow(/status of 404/)
  const { id } = await scene.webhook('Turned on', { mode: 'off' })
  const page = await open(scene, `webhooks/${id}`)
  const held = await hold(page, '**/on')
  await button(page, 'Turn on').click()
  await held.made
  await inBar(page, 'Deliveries').click()
  await heading(page, 'Deliveries')
  await held.release()
  assert.equal(await page.title(), 'Deliveries · Helmdesk')

  await page.goto(`${scene.desk.page}webhooks/${id}`)
  await heading(page, 'Turned on')
  await live(page)
  await loaded(page)
  await scene.desk.api('DELETE', `webhooks/${id}`)
  await page.getByRole('heading', { name: 'Not found' }).waitFor()
  assert.equal(await toasts(page), '')
  assert.equal(await button(page, 'Turn on').count() + await button(page, 'Hold').count(), 0)
  let asked = 0
  page.on('request', (request) => { asked += request.url().endsWith(`/api/v1/projects/acme/webhooks/${id}`) })
  const list = await open(scene, 'webhooks')
  await scene.webhook('Another one')
  await row(list, 'Another one').waitFor()
  await settled(page)
  assert.equal(asked, 0, 'there is nothing more to ask about')
})

it('18 a delivery: the attempt that is read stays, and what is open', async (scene) => {
  await scene.webhook('Attempts', { respond: '500' })
  await scene.desk.ticket({ subject: 'several attempts' })
  await scene.desk.logged(1, '?q=several')
  const { data: [{ id }] } = await scene.desk.api('GET', 'deliveries?q=several')
  const page = await scene.newPage()
  let attempts = 2
  await page.route(`**/api/**/deliveries/${id}`, async (route) => {
    const response = await route.fetch()
    const { data: [one] } = await response.json()
    await route.fulfill({ response,
      json: { data: Array.from({ length: attempts }, (_, i) => ({ ...one, attempt: attempts - i })) } })
  })
  await page.goto(`${scene.desk.page}deliveries/${id}`)
  await live(page)
  const first = page.getByRole('button', { name: /^Attempt 1 / })
  await first.click()
  await page.locator('main summary').first().click()
  attempts = 3
  await scene.desk.api('POST', `deliveries/${id}/redeliver`, {})
  await page.getByRole('button', { name: /^Attempt 3 / }).waitFor()
  await settled(page)
  assert.equal(await first.getAttribute('aria-pressed'), 'true')
  assert.equal(await page.locator('main details').first().evaluate((el) => el.open), true)
})

it('18 the focus after a dialog whose row was drawn anew', async (scene) => {
  const { id } = await scene.webhook('Asked and changed')
  const page = await open(scene, 'webhooks')
  await choose(page, 'Actions for Asked and changed', 'Delete…')
  await page.getByRole('dialog').waitFor()
  await scene.desk.api('POST', `webhooks/${id}/hold`, {})
  await badge(row(page, 'Asked and changed'), 'Held').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await settled(page)
  assert.notEqual(await page.evaluate(() => document.activeElement.tagName), 'BODY')
})

it('18 Back from what was searched: the field says what the log is filtered by', async (scene) => {
  const page = await open(scene, 'webhooks')
  await inBar(page, 'Deliveries').click()
  await heading(page, 'Deliveries')
  await page.getByLabel('All outcomes').selectOption('failed')
  await page.getByRole('searchbox').fill('nothing like it')
  await page.waitForURL(/q=nothing/)
  await page.goBack()
  await page.waitForURL((url) => !url.search)
  assert.equal(await page.getByRole('searchbox').inputValue(), '')
})

it('18 a link that is pressed twice is one step back', async (scene) => {
  const page = await open(scene, 'webhooks')
  await inBar(page, 'Deliveries').dblclick()
  await heading(page, 'Deliveries')
  await page.goBack()
  await heading(page, 'Webhooks')
})

it('18 another time range: what is shown is of the former one, and says so', async (scene) => {
  await scene.webhook('Ranges')
  await scene.desk.ticket({ subject: 'in all of them' })
  const page = await open(scene, 'webhooks')
  await page.locator('svg.bars').waitFor()
  const activity = card(page, 'Activity')
  const held = await hold(page, '**/stats?range=7d*')
  await page.getByRole('radio', { name: '7 d' }).check({ force: true })
  await held.made
  assert.equal(await activity.getAttribute('aria-busy'), 'true')
  await held.release()
  assert.equal(await activity.getAttribute('aria-busy'), null)
})
