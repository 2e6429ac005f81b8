// SPDX-License-Identifier: MIT
// What every test gets: a browser, a desk, pages that report their faults, and pictures of what failed.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'
import { Desk, Receiver } from './servers.mjs'
import { en } from './texts.mjs'
import { eventually, PATIENCE } from './wait.mjs'

/** What the console says when the server goes away. */
export const GONE = /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED/
export const OUTPUT = join(process.env.BUILD, 'browser')
const JITTER = Number(process.env.JITTER ?? 0)
const WIDE = { width: 1280, height: 800 }

export const launch = (options = {}) => chromium.launch({ executablePath: process.env.CHROMIUM, headless: true,
  args: ['--no-sandbox', ...options.args ?? []] })

/** In a page: requests are sent late, and answers come late, each at random. */
function holdUp(most) {
  const { fetch, setTimeout } = window
  const late = () => new Promise((resolve) => setTimeout(resolve, Math.random() * most))
  window.fetch = async (url, options) => {
    await late()
    const response = await fetch(url, options)
    await late()
    options?.signal?.throwIfAborted()
    return response
  }
}

/** One test: what it opens is closed at its end, and what a page complained of fails it. */
class Scene {
  constructor(stage, name) {
    Object.assign(this, { stage, name, opened: [], pages: [], complaints: [], allowed: [] })
  }

  get desk() { return this.stage.desk }

  /** Has something stopped at the end of the test. */
  keep(thing) {
    this.opened.push(thing)
    return thing
  }

  async listen(options) { return this.keep(await Receiver.start(options)) }

  /** A webhook for this test, with a receiver of its own. */
  async webhook(name, { desk = this.desk, respond = '200', ...values } = {}) {
    const receiver = await this.listen({ respond })
    const made = await desk.webhook({ name, url: receiver.url, ...values })
    this.keep({ stop: () => desk.api('DELETE', `webhooks/${made.id}`).catch(() => {}) })
    return made
  }

  /** A fault that the test brings about, and that browsers write into the console. */
  allow(...patterns) { this.allowed.push(...patterns) }

  /** A browser of its own: with cookies, and a window of this size. */
  async context({ role = 'admin', desk = this.desk, url = desk?.url, ...options } = {}) {
    const context = await this.stage.browser.newContext({ viewport: WIDE, locale: 'en-GB', timezoneId: 'Europe/Berlin',
      ...options })
    this.keep({ stop: () => context.close() })
    context.setDefaultTimeout(PATIENCE)
    if (role) await context.addCookies([{ ...desk.cookies[role], url, sameSite: 'Strict', httpOnly: true }])
    // Runs before the page does, and changes nothing of it.
    await context.addInitScript(() => addEventListener('securitypolicyviolation', (event) =>
      console.error(`CSP: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)))
    if (this.stage.jitter) await context.addInitScript(holdUp, this.stage.jitter)
    context.on('page', (page) => this.watch(page))
    return context
  }

  watch(page) {
    const complain = (kind, text) => this.complaints.push(`${kind}: ${text}`)
    page.seen = { console: [], responses: [] }
    this.pages.push(page)
    page.on('console', (message) => {
      page.seen.console.push(message.text())
      if (message.type() === 'error') complain('console', `${message.text()} (${message.location().url})`)
    })
    page.on('pageerror', (error) => complain('exception', error.stack))
    page.on('crash', () => complain('crash', page.url()))
    page.on('dialog', (dialog) => {
      if (dialog.type() !== 'beforeunload') complain('dialog', dialog.message())
      dialog.dismiss().catch(() => {})
    })
  }

  async newPage() {
    const context = await this.context()
    return context.newPage()
  }

  /** A page that the server has no stream for: it looks every 5 s. */
  async openWithoutStream(path) {
    this.allow(/status of 503/)
    const page = await this.newPage()
    await page.route('**/stream*', (route) => route.fulfill({ status: 503, body: '' }))
    await page.goto(this.desk.page + path)
    await page.locator('#live').getByText(en.page.polling).waitFor()
    return page
  }

  /** A page of the dashboard, below the project's address: 'webhooks'. */
  async open(path = 'webhooks', options = {}) {
    const context = options.context ?? await this.context(options)
    const page = await context.newPage()
    await page.goto(`${options.base ?? this.desk.page}${path}`)
    return page
  }

  /** What the pages complain of at last is told as well. */
  async hear() {
    await Promise.all(this.pages.filter((page) => !page.isClosed()).map((page) => page.evaluate(() => 0).catch(() => {})))
  }

  async end(failed) {
    if (failed) await this.record()
    for (const thing of this.opened.reverse()) await thing.stop()
  }

  /** Pictures, DOM and logs of what failed. */
  async record() {
    const folder = join(OUTPUT, this.name.toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, 80))
    mkdirSync(folder, { recursive: true })
    for (const [i, page] of this.pages.entries()) {
      await page.screenshot({ path: join(folder, `page-${i}.png`), timeout: 10000 }).catch(() => {})
      const dom = await page.content().catch((error) => error.message)
      writeFileSync(join(folder, `page-${i}.html`), `<!-- ${page.url()} -->\n${dom}`)
      writeFileSync(join(folder, `page-${i}.console`), page.seen.console.join('\n'))
    }
    const programs = new Set([this.desk, ...this.opened])
    writeFileSync(join(folder, 'servers.log'),
      [...programs].filter((p) => p?.log).map((p) => `==> ${p.name}\n${p.log}`).join('\n'))
  }
}

/**
 * The tests of a file: with one desk, which the options are for, and one browser.
 *   const { it } = stage()
 *   it('is seen', async (scene) => { ... })
 */
export function stage({ desk = {}, browser = {}, jitter = JITTER } = {}) {
  const receivers = []
  const self = { desk: null, browser: null, jitter,
    /** A receiver for all tests of the file. */
    async keepReceiver(options) {
      receivers.push(await Receiver.start(options))
      return receivers.at(-1)
    } }
  before(async () => {
    self.desk = desk && await Desk.start(desk)
    self.browser = await launch(browser)
  })
  after(async () => {
    await self.browser?.close()
    await self.desk?.stop()
    for (const receiver of receivers) await receiver.stop()
  })
  self.it = (name, work, { timeout = 300000 } = {}) => test(name, { timeout }, async () => {
    const scene = new Scene(self, name)
    let failed = true
    try {
      await work(scene)
      await scene.hear()
      const faults = scene.complaints.filter((text) => !scene.allowed.some((pattern) => pattern.test(text)))
      assert.deepEqual(faults, [], 'what the pages complained of')
      failed = false
    } finally {
      await scene.end(failed)
    }
  })
  return self
}

/** What a page is looked at through: words that people see. */
export const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor()
export const card = (page, name) => page.getByRole('region', { name, exact: true })
/** The badge with this word in a row, in the head of a page. */
export const badge = (box, word) => box.locator('.badge').filter({ hasText: new RegExp(`^\\S ${word}$`) })
export const row = (page, text) => page.locator('tbody tr').filter({ hasText: text })
/** The tickets of the rows of a log, from the top. */
export const subjects = (page) => page.locator('tbody td.subject bdi').allInnerTexts()
export const button = (where, name) => where.getByRole('button', { name, exact: true })
/** The page hears of what happens. */
export const live = (page) => page.locator('#live').getByText('Live', { exact: true }).waitFor()
/** Comes back to the page from another tab: it looks at everything once more. */
export const returnTo = (page) => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
export const menuItem = (page, name) => page.locator('.menu:popover-open').getByRole('menuitem', { name, exact: true })
/** Chooses from the menu behind a button: 'Actions for CRM sync'. */
export async function choose(page, menu, item) {
  await button(page, menu).click()
  await menuItem(page, item).click()
}
/** Nothing of the page is still to come. */
export const loaded = (page) =>
  eventually(async () => await page.locator('main .loading').count() === 0, 'what is still loading')
/** Lets a page do what it has to do with what it was given. */
export const settled = (page) => page.evaluate(() => new Promise((resolve) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 50)))))
/** Waits until an element has the focus. */
export const focused = (element, what) =>
  eventually(() => element.evaluate((el) => el === document.activeElement), `the focus on ${what}`)
