// SPDX-License-Identifier: MIT
// The pages to look at in every language, theme and width, and what may be wrong with one.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { CLOSED_PORT } from './servers.mjs'
import { heading, row } from './stage.mjs'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Webhooks of each state and format, and deliveries that went well and badly; once for the tests of a file. */
export function filler(keepReceiver) {
  let made
  const make = async (scene) => {
    const receiver = await keepReceiver({ respond: '200' })
    const slack = await keepReceiver({ as: 'slack' })
    const good = await scene.desk.webhook({ name: 'CRM sync', url: receiver.url, headers: [['X-Tenant', 'acme']] })
    await scene.desk.webhook({ name: '#support', url: slack.url, format: 'slack' })
    const bad = await scene.desk.webhook({ name: 'Warehouse with a name that is rather long, as names become',
      url: `http://127.0.0.1:${CLOSED_PORT}/hooks`, events: ['ticket.created'] })
    await scene.desk.webhook({ name: 'Held', url: receiver.url, events: ['message.received'], mode: 'held' })
    await scene.desk.webhook({ name: 'Off', url: receiver.url, mode: 'off' })
    for (let i = 0; i < 6; i++) {
      await scene.desk.ticket({ subject: `A subject of some length, number ${i}, with <b>markup</b>` })
    }
    await scene.desk.logged(18)
    await scene.desk.api('POST', `webhooks/${good.id}/test`, { event: 'ticket.created' })
    const { data: [failed] } = await scene.desk.api('GET', 'deliveries?outcome=failed')
    const { data: [delivered] } = await scene.desk.api('GET', `deliveries?webhook=${good.id}`)
    return { good, bad, failed, delivered }
  }
  return (scene) => made ??= make(scene)
}

/** What axe-core complains of. */
export async function violations(page, at, rules = {}) {
  await page.evaluate(AXE)
  const found = await page.evaluate(async ([tags, given]) => {
    const { violations } = await window.axe.run(document, {
      runOnly: { type: 'tag', values: tags }, rules: given, resultTypes: ['violations'] })
    const node = ({ target, html, failureSummary }) =>
      `${target} ${html.slice(0, 160)} ${failureSummary.replace(/\s+/g, ' ').slice(0, 300)}`
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(node).join(' | ')}`)
  }, [TAGS, rules])
  assert.deepEqual(found, [], at)
}

/** What is wider than the window, or is cut by a box around it. What scrolls in its own box may be. */
export const whatIsTooWide = (page) => page.evaluate(() => {
  const over = [...document.querySelectorAll('body *')].filter((el) => el.checkVisibility() &&
    !el.closest('pre, .scroll, .sr, [popover], dialog, svg')).filter((el) => {
    const { right } = el.getBoundingClientRect()
    const box = el.parentElement.closest('.flush')?.getBoundingClientRect().right ?? innerWidth
    return right > Math.min(box, innerWidth) + 1
  })
  const { scrollWidth } = document.documentElement
  return [...scrollWidth > innerWidth ? [`${scrollWidth} px in a window of ${innerWidth} px`] : [],
    ...over.slice(0, 3).map((el) => `${Math.round(el.getBoundingClientRect().right)} px: ${el.outerHTML.slice(0, 150)}`)]
})

const text = (words) => (page) => page.getByText(words).first().waitFor()
/** The pages, where they are, and what is there once they are loaded. t: the texts of their language. */
export function pagesOf(t) {
  const body = (page) => page.getByRole('region', { name: t.attempt.requestBody }).waitFor()
  return [
    ['A webhooks', () => 'webhooks', (page) => row(page, 'CRM sync').waitFor()],
    ['B new', () => 'webhooks/new', text(t.preview.sample)],
    ['B settings', ({ good }) => `webhooks/${good.id}/edit`, text(t.preview.sample)],
    ['C webhook', ({ good }) => `webhooks/${good.id}`, async (page) => {
      await page.getByRole('region', { name: t.webhook.latest }).locator('tbody tr').first().waitFor()
      await page.locator('svg.bars').waitFor()
    }],
    ['C failing webhook', ({ bad }) => `webhooks/${bad.id}`, text(t.webhook.failing.trim())],
    ['D deliveries', () => 'deliveries', (page) => page.locator('tbody tr').nth(18).waitFor()],
    ['D filtered', ({ good }) => `deliveries?outcome=delivered&webhook=${good.id}`,
      (page) => page.locator('.chip').first().waitFor()],
    ['D nothing', () => 'deliveries?q=nothing+of+that', text(t.log.nothing)],
    ['E delivered', ({ delivered }) => `deliveries/${delivered.id}`, body],
    ['E failed', ({ failed }) => `deliveries/${failed.id}`, text(t.attempt.noResponse)],
    ['not found', () => 'nonsense', (page) => heading(page, t.page.notFound)],
  ]
}
