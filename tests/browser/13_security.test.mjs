// SPDX-License-Identifier: MIT
// Other sites, frames, names and roles: what is refused, and what is nowhere to be found.
import assert from 'node:assert/strict'
import { API, odd, send } from './lib/servers.mjs'
import { button, card, heading, row, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage({ browser: { args: ['--host-resolver-rules=MAP rebound.example 127.0.0.1'] } })

const cookie = (scene) => `${scene.desk.cookies.admin.name}=${scene.desk.cookies.admin.value}`

/** A page of another site, in the same browser. */
async function otherSite(scene, html) {
  return scene.keep(await odd((_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(html)))
}

it('13 another site posts: refused, and nothing changes', async (scene) => {
  const webhook = await scene.desk.webhook({ name: 'Stays', url: 'http://127.0.0.1:9/' })
  const server = await otherSite(scene, '<!doctype html><title>Other</title><h1>Other</h1>')
  scene.allow(/CORS|Failed to load resource|ERR_FAILED|ERR_BLOCKED_BY_RESPONSE/)
  const context = await scene.context()
  // The same machine under another port has the cookie of SameSite=Strict; another name has not.
  for (const site of [server.url, server.url.replace('127.0.0.1', 'localhost')]) {
    const page = await context.newPage()
    await page.goto(site)
    const statuses = []
    page.on('response', (response) => response.request().method() === 'POST' && statuses.push(response.status()))
    for (const type of ['text/plain', 'application/json', 'application/x-www-form-urlencoded']) {
      for (const [path, mode] of [[`${API}webhooks/${webhook.id}/hold`, 'no-cors'],
        [`${API}webhooks/${webhook.id}/hold`, 'cors'], ['/tickets', 'no-cors']]) {
        const outcome = await page.evaluate(async ([url, contentType, how]) => {
          try {
            const answer = await fetch(url, { method: 'POST', mode: how, credentials: 'include', body: '{}',
              headers: { 'Content-Type': contentType } })
            return answer.type
          } catch {
            return 'error'
          }
        }, [scene.desk.url + path, type, mode])
        assert.ok(['opaque', 'error'].includes(outcome), `${path} ${mode} ${type}: ${outcome}`)
      }
    }
    // A form, as it needs no script.
    await page.evaluate((url) => {
      const form = document.createElement('form')
      Object.assign(form, { method: 'post', action: url })
      form.innerHTML = '<input name="subject" value="forged"><input name="name"><input name="email">' +
        '<input name="priority" value="low">'
      document.body.append(form)
      form.submit()
    }, `${scene.desk.url}/tickets`)
    await eventually(() => page.url().startsWith(scene.desk.url), 'the answer to the form')
    await heading(page, 'Cross-site request refused')
    assert.ok(statuses.length > 0 && statuses.every((status) => [401, 403, 405, 404, 415].includes(status)),
      String(statuses))
  }
  assert.equal((await scene.desk.api('GET', `webhooks/${webhook.id}`)).mode, 'on')
  const { text } = await scene.desk.ask('GET', '/')
  assert.ok(!text.includes('forged'))
})

it('13 the guards themselves: with and without Sec-Fetch-Site, by Origin, by type', async (scene) => {
  const webhook = await scene.desk.webhook({ name: 'Guarded', url: 'http://127.0.0.1:9/' })
  const url = `${scene.desk.url}${API}webhooks/${webhook.id}/hold`
  const json = { Cookie: cookie(scene), 'Content-Type': 'application/json' }
  const host = new URL(scene.desk.url).host
  for (const [headers, status] of [
    [{ 'Sec-Fetch-Site': 'cross-site' }, 403], [{ 'Sec-Fetch-Site': 'same-site' }, 403],
    [{ 'Sec-Fetch-Site': 'cross-site', Origin: `http://${host}` }, 403],
    [{ Origin: 'https://evil.example' }, 403], [{ Origin: 'null' }, 403], [{ Origin: `http://${host}1` }, 403],
    [{ Origin: `http://evil.example/${host}` }, 403],
    [{ 'Content-Type': 'text/plain' }, 415], [{ 'Content-Type': 'application/jsonx' }, 415],
    [{ 'Content-Type': undefined }, 415], [{ Cookie: 'helmdesk=no' }, 401]]) {
    const sent = Object.fromEntries(Object.entries({ ...json, ...headers }).filter(([, value]) => value !== undefined))
    const answer = await send(url, { method: 'POST', headers: sent, body: '{}' })
    assert.equal(answer.status, status, JSON.stringify(headers))
  }
  assert.equal((await scene.desk.api('GET', `webhooks/${webhook.id}`)).mode, 'on')
  for (const headers of [{ 'Sec-Fetch-Site': 'same-origin' }, { Origin: `http://${host}` }]) {
    assert.equal((await send(url, { method: 'POST', headers: { ...json, ...headers }, body: '{}' })).status, 200)
  }
})

it('13 another name in Host: 421, on every path', async (scene) => {
  for (const path of ['/admin/', `${API}webhooks`, '/', '/login']) {
    for (const host of ['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example']) {
      const answer = await send(scene.desk.url + path, { headers: { Host: host, Cookie: cookie(scene) } })
      assert.equal(answer.status, 421, `${host} ${path}`)
    }
    for (const host of ['localhost', '127.0.0.1:1', '[::1]:8080']) {
      assert.notEqual((await send(scene.desk.url + path, { headers: { Host: host } })).status, 421, host)
    }
  }
  // As a browser meets it that a name of somebody else's has led here.
  scene.allow(/status of 421/, /Cross-Origin-Opener-Policy header has been ignored/)
  const page = await (await scene.context()).newPage()
  const answer = await page.goto(`${scene.desk.page.replace('127.0.0.1', 'rebound.example')}webhooks`)
  assert.equal(answer.status(), 421)
})

it('13 in a frame: nothing is shown', async (scene) => {
  const server = await otherSite(scene, `<!doctype html><title>Frames</title>
    <iframe id=page src="${scene.desk.page}webhooks"></iframe><iframe id=desk src="${scene.desk.url}/"></iframe>
    <iframe id=login src="${scene.desk.url}/login"></iframe>`)
  scene.allow(/frame-ancestors|ERR_BLOCKED_BY_RESPONSE|refused to connect/i)
  const context = await scene.context()
  const page = await context.newPage()
  await page.goto(server.url)
  await eventually(() => page.frames().length === 4, 'three frames')
  for (const frame of page.frames().slice(1)) {
    await eventually(() => frame.url().startsWith('chrome-error:'), `${frame.url()} is refused`)
    assert.equal(await frame.locator('main, nav').count(), 0)
  }
  await eventually(() => page.seen.console.filter((text) => /frame-ancestors/.test(text)).length >= 3, 'by the CSP')
})

it('13 headers: of pages, assets, answers of the API, faults and downloads', async (scene) => {
  const receiver = await scene.listen({ respond: '200' })
  await scene.desk.webhook({ name: 'Headers', url: receiver.url })
  await scene.desk.ticket({ subject: '<script>alert(1)</script>' })
  await eventually(async () => (await scene.desk.api('GET', 'deliveries/count')).count > 0, 'a delivery')
  const { data: [{ id }] } = await scene.desk.api('GET', 'deliveries')
  const { text } = await scene.desk.ask('GET', '/admin/')
  const assets = [...text.matchAll(/"(\/admin\/assets\/[^"]+)"/g)].map(([, path]) => [path, 200, true])
  assert.equal(assets.length, 3)
  for (const [path, status, cached] of [['/admin/', 200], ['/admin/projects/acme/webhooks', 200],
    ...assets, [`${API}webhooks`, 200],
    [`${API}nothing`, 404], [`${API}deliveries/${id}/request-body`, 200], ['/', 200], ['/login', 200],
    ['/nothing', 404], ['/login.js', 200, true]]) {
    const { status: got, headers } = await scene.desk.ask('GET', path)
    assert.equal(got, status, path)
    const csp = headers['content-security-policy']
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'",
      "require-trusted-types-for 'script'", "trusted-types 'none'"]) assert.ok(csp?.includes(rule), `${path}: ${rule}`)
    assert.ok(!/unsafe|\*/.test(csp), `${path}: ${csp}`)
    assert.equal(headers['x-content-type-options'], 'nosniff', path)
    assert.match(headers['referrer-policy'], /^(no-referrer|same-origin)$/, path)
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin', path)
    assert.equal(headers['access-control-allow-origin'], undefined, path)
    const caching = headers['cache-control'] ?? ''
    if (!cached) assert.match(caching, /no-store|no-cache/, `${path}: ${caching}`)
  }
  const body = await scene.desk.ask('GET', `${API}deliveries/${id}/request-body`)
  assert.match(body.headers['content-type'], /^text\/plain/)
  assert.match(body.headers['content-disposition'], /^attachment/)
})

it('13 without a session: nothing but the way in', async (scene) => {
  scene.allow(/status of 401/)
  for (const path of ['me', 'projects/acme/webhooks', 'projects/acme/deliveries', 'projects/acme/stream',
    'projects/acme/changes', 'projects/acme/deliveries.ndjson']) {
    const { status, text } = await send(`${scene.desk.url}/admin/api/v1/${path}`)
    assert.equal(status, 401, path)
    assert.ok(text.length < 400, path)
  }
  const page = await scene.open('webhooks', { role: null })
  await heading(page, 'You are signed out')
})

it('13 a viewer looks, and neither sends nor sees addresses and secrets', async (scene) => {
  const receiver = await scene.listen({ respond: '200' })
  const sentinel = 'SENTINEL-of-the-address'
  const secret = 'SENTINEL-of-the-secret, 32 letters'
  const url = `${receiver.url}hooks/${sentinel}`
  const webhook = await scene.desk.webhook({ name: 'Secretive', url, secret,
    headers: [['X-Key', 'SENTINEL-of-the-header']] })
  await scene.desk.ticket({ subject: 'for the viewer' })
  await scene.desk.logged(1, `?q=viewer&webhook=${webhook.id}`)
  const { data: [delivery] } = await scene.desk.api('GET', `deliveries?q=viewer&webhook=${webhook.id}`)
  const context = await scene.context({ role: 'viewer' })
  const texts = []
  const reads = []
  context.on('page', (page) => page.on('response', (response) => reads.push((async () => {
    texts.push(JSON.stringify([response.url(), response.headers()]))
    if (!/stream/.test(response.url())) texts.push(await response.text().catch(() => ''))
  })())))
  const page = await scene.open('webhooks', { context })
  await row(page, 'Secretive').waitFor()
  texts.push(await page.content())
  assert.equal(await page.getByRole('link', { name: '+ New webhook' }).count(), 0)
  assert.equal(await page.getByRole('button', { name: /^Actions/ }).count(), 0)
  await row(page, 'Secretive').getByRole('link', { name: 'Secretive' }).click()
  await heading(page, 'Secretive')
  await page.getByRole('region', { name: 'Latest deliveries' }).getByText('for the viewer').waitFor()
  texts.push(await page.content())
  for (const name of ['Send a test', 'Secret']) assert.equal(await card(page, name).count(), 0, name)
  for (const name of [/^(Hold|Turn on)/, 'Reveal', 'Send test', 'More actions']) {
    assert.equal(await page.getByRole('button', { name }).count(), 0, String(name))
  }
  await page.goto(`${scene.desk.page}webhooks/${webhook.id}/edit`)
  await page.getByRole('heading', { name: 'Read-only' }).waitFor()
  await page.goto(`${scene.desk.page}deliveries/${delivery.id}`)
  await page.getByRole('region', { name: 'Request body' }).waitFor()
  assert.equal(await button(page, 'Redeliver…').count(), 0)
  texts.push(await page.content())
  await page.goto(`${scene.desk.page}deliveries`)
  await row(page, 'for the viewer').first().waitFor()
  assert.equal(await page.getByRole('button', { name: /Redeliver/ }).count(), 0)
  texts.push(await page.content(), page.seen.console.join('\n'))
  await Promise.all(reads)
  for (const word of [sentinel, 'SENTINEL-of-the-secret', 'SENTINEL-of-the-header']) {
    assert.ok(!texts.some((text) => text.includes(word)), `${word} is nowhere`)
  }

  // And if the page did ask, it would not be answered.
  const asViewer = (method, path, body) => scene.desk.ask(method, API + path, body, { role: 'viewer' })
  for (const [method, path, body] of [['POST', `webhooks/${webhook.id}/secret/reveal`, {}],
    ['POST', `webhooks/${webhook.id}/secret/stage`, {}], ['POST', `webhooks/${webhook.id}/secret/replace`, {}],
    ['POST', `webhooks/${webhook.id}/hold`, {}], ['POST', `webhooks/${webhook.id}/test`, { event: 'ticket.created' }],
    ['POST', 'webhooks', { name: 'x', url, format: 'json', events: ['ticket.created'] }],
    ['PATCH', `webhooks/${webhook.id}`, { name: 'x' }], ['DELETE', `webhooks/${webhook.id}`],
    ['POST', `deliveries/${delivery.id}/redeliver`, {}], ['POST', 'jobs', { filter: {} }],
    ['GET', 'changes'], ['POST', 'check-url', { url, format: 'json' }]]) {
    assert.equal((await asViewer(method, path, body)).status, 403, `${method} ${path}`)
  }
  assert.equal((await scene.desk.api('GET', `deliveries?webhook=${webhook.id}`)).data.length, 1, 'nothing was sent')
  const said = scene.desk.log
  for (const word of [sentinel, 'SENTINEL-of-the-secret']) assert.ok(!said.includes(word), `${word} is not in the log`)
})

it('13 an administrator sees the address in its form, the secret once revealed: nowhere else', async (scene) => {
  const receiver = await scene.listen({ respond: '200' })
  const secret = 'SENTINEL-of-an-admin, 32 letters.'
  const webhook = await scene.desk.webhook({ name: 'Masked', url: `${receiver.url}hooks/SENTINEL-path`, secret })
  await scene.desk.ticket({ subject: 'for the admin' })
  await receiver.arrived(1)
  const context = await scene.context()
  const bodies = []
  const reads = []
  context.on('page', (page) => page.on('response', (response) => {
    if (!/stream/.test(response.url())) reads.push(response.text().then((text) => bodies.push(text), () => {}))
  }))
  const page = await scene.open('webhooks', { context })
  await row(page, 'Masked').waitFor()
  const pages = [await page.content()]
  await row(page, 'Masked').getByRole('link', { name: 'Masked' }).click()
  await button(card(page, 'Secret'), 'Reveal').waitFor()
  await page.getByRole('region', { name: 'Latest deliveries' }).getByText('for the admin').waitFor()
  pages.push(await page.content())
  await page.getByRole('region', { name: 'Latest deliveries' }).locator('th a').first().click()
  await page.getByRole('region', { name: 'Request body' }).waitFor()
  pages.push(await page.content())
  await Promise.all(reads)
  assert.ok(!pages.some((text) => text.includes('SENTINEL-path')), 'the pages mask the address')
  assert.ok(![...pages, ...bodies, ...page.seen.console].some((text) => text.includes('SENTINEL-of-an-admin')),
    'the secret is not sent unless it is asked for')
  await page.goto(`${scene.desk.page}webhooks/${webhook.id}`)
  await button(card(page, 'Secret'), 'Reveal').click()
  await card(page, 'Secret').getByText(secret).waitFor()
  assert.ok((await scene.desk.api('GET', `changes?webhook=${webhook.id}`)).data.some((entry) =>
    entry.action === 'secret_revealed' && entry.by), 'who looked is in the list of changes')
  assert.equal(await page.evaluate((text) => [localStorage, sessionStorage].some((storage) =>
    JSON.stringify(storage).includes(text)) || JSON.stringify(history.state ?? '').includes(text), secret), false)
})

it('13 what runs is ours: innerHTML, eval and inline scripts are refused by the browser', async (scene) => {
  scene.allow(/CSP|Trusted|Content Security Policy|unsafe-eval|inline/i)
  const page = await scene.open()
  await heading(page, 'Webhooks')
  // As a script of the page itself would try it: what is evaluated from outside is above the CSP.
  const outcome = await page.evaluate(() => {
    const tries = { html: () => { document.createElement('div').innerHTML = '<b>x</b>' },
      script: () => { document.createElement('script').text = 'window.broken = 1' } }
    return Object.fromEntries(Object.entries(tries).map(([name, act]) => {
      try {
        act()
        return [name, 'done']
      } catch (error) {
        return [name, error.name]
      }
    }))
  })
  assert.deepEqual(outcome, { html: 'TypeError', script: 'TypeError' })
})
