// SPDX-License-Identifier: MIT
// The dashboard under /admin/hooks/ in a server that is not ours: every link, and the stream.
import assert from 'node:assert/strict'
import { Mount, send } from './lib/servers.mjs'
import { button, card, GONE, heading, live, row, stage } from './lib/stage.mjs'

const { it } = stage({ desk: null })
const PASSWORD = 'sesame'
const PREFIX = '/admin/hooks/'

async function mounted(scene) {
  const mount = scene.keep(await Mount.start(PASSWORD))
  const Authorization = `Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}`
  const context = await scene.context({ role: null, httpCredentials: { username: 'ann', password: PASSWORD } })
  const page = await context.newPage()
  const paths = new Set()
  page.on('request', (request) => /^http/.test(request.url()) && paths.add(new URL(request.url()).pathname))
  await page.goto(mount.url)
  await heading(page, 'Webhooks')
  const project = new URL(page.url()).pathname.slice(PREFIX.length).split('/')[1]
  const api = async (method, path, body) => {
    const { status, text } = await send(`${mount.url}api/v1/projects/${project}/${path}`, { method,
      headers: { Authorization, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) })
    assert.ok(status < 300, `${method} ${path}: ${status} ${text}`)
    return text && JSON.parse(text)
  }
  return { mount, page, paths, api, project }
}

it('15 every page is below its mount, and so is all that it asks for', async (scene) => {
  const { page, paths, api, project } = await mounted(scene)
  await api('POST', 'webhooks', { name: 'Mounted', url: 'https://nobody.invalid/hooks', format: 'json', mode: 'on',
    events: ['ticket.created'], headers: [] })
  await row(page, 'Mounted').getByRole('link', { name: 'Mounted' }).click()
  await heading(page, 'Mounted')
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Mounted and renamed')
  await button(page, 'Save').click()
  await heading(page, 'Mounted and renamed')
  await button(card(page, 'Send a test'), 'Send test').click()
  await card(page, 'Send a test').getByText('Host name not found').first().waitFor()
  await card(page, 'Send a test').getByRole('link', { name: 'View delivery' }).click()
  await page.getByRole('region', { name: 'Result' }).waitFor()
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Deliveries' }).click()
  await row(page, 'ticket.created').waitFor()
  await page.reload()
  await row(page, 'ticket.created').waitFor()
  assert.equal(new URL(page.url()).pathname, `${PREFIX}projects/${project}/deliveries`)
  await page.goBack()
  await page.getByRole('region', { name: 'Result' }).waitFor()

  for (const link of await page.locator('a[href]').evaluateAll((all) => all.map((a) => a.getAttribute('href')))) {
    assert.ok(link.startsWith(PREFIX) || link.startsWith('#'), `the link ${link}`)
  }
  const outside = [...paths].filter((path) => !path.startsWith(PREFIX))
  assert.deepEqual(outside, [])
  for (const wanted of [/^assets\/[^/]+\/app\.js$/, /^assets\/[^/]+\/app\.css$/, /^api\/v1\/projects\/[^/]+\/stream$/]) {
    assert.ok([...paths].some((path) => wanted.test(path.slice(PREFIX.length))), `${wanted}`)
  }
})

it('15 the stream tells of what happens', async (scene) => {
  const { page, api, mount } = await mounted(scene)
  await live(page)
  const made = await api('POST', 'webhooks', { name: 'Of somebody else', url: 'https://nobody.invalid/', format: 'json',
    events: ['ticket.created'], headers: [] })
  await row(page, 'Of somebody else').waitFor()
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Deliveries' }).click()
  await page.getByRole('heading', { name: 'No deliveries yet' }).waitFor()
  await api('POST', `webhooks/${made.id}/test`, { event: 'message.received' })
  await row(page, 'message.received').waitFor()

  // The server ends although a page listens.
  scene.allow(GONE)
  assert.equal(await mount.stop(), 0)
  await page.locator('#live').getByText(/^Reconnecting/).waitFor()
})

it('15 the server\'s own rules come first', async (scene) => {
  const { mount } = await mounted(scene)
  assert.equal((await send(mount.url)).status, 401)
  assert.equal((await send(new URL('/', mount.url).href, { headers: {
    Authorization: `Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}` } })).status, 404)
  const { status } = await send(mount.url, { headers: { Host: 'evil.example',
    Authorization: `Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}` } })
  assert.equal(status, 421)
})
