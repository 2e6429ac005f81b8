// SPDX-License-Identifier: MIT
// The log: filters, live rows, older rows, export, redelivery.
import { get, query } from '../api.js'
import { phrase, t } from '../texts.js'
import { button, dialog, empty, fill, h, loader, loading, say, toast } from '../ui.js'
import { redeliverMany, redeliverOne } from './again.js'
import delivery from './delivery.js'
import { exportAll } from './export.js'
import { filterForm } from './filterform.js'
import { fits, forApi, read, same } from './filters.js'
import { jobsCard } from './jobs.js'
import { name, shownName } from './parts.js'
import { keyOf, logTable } from './rows.js'

const PAGE = 50
const MOST = 500
const BURST = 20

export default function (ctx) {
  const log = logTable(ctx)
  let filter = read(ctx.parameters)
  let cursor, total, paused = false, away = false, busy = false, loads, shown, frame, panel
  let waiting = [], arrived = [], unsaid = []
  const webhooks = new Map() // names by id; those that are deleted keep theirs
  const unnamed = new Set(['event', 'webhook']) // what has no names to choose from yet
  ctx.title(t.page.deliveries)

  const url = (changes, id) => ctx.to('deliveries', ...id ? [id] : []) + query({ ...filter, ...changes })
  const form = filterForm(ctx, (changes, replace) => ctx.go(url(changes), { replace }),
    () => log.node.querySelector('a')?.focus())
  const drawFilters = () => form.draw(filter, webhooks)

  const found = h('span.muted')
  const outcome = () => filter.outcome ?? 'failed'
  const jobs = jobsCard(ctx)
  const again = button('', async () => {
    await redeliverMany(ctx, { ...forApi(filter), outcome: outcome() })
    await jobs.load()
  }, { class: 'plain' })
  const save = button(t.log.export, () => exportAll(ctx, forApi(filter), total), { class: 'plain' })
  const pause = h('button.plain', { type: 'button', onclick: () => setPaused(!paused) })
  const actions = h('div.row', found, h('span.grow'), ctx.admin && again, save, pause)
  const pill = h('button.pill', { type: 'button', hidden: true,
    onclick: () => { showWaiting(); scrollTo({ top: 0 }) } })
  const body = h('div', loading())
  const region = h('div.card.flush', { tabindex: 0, role: 'region', 'aria-label': t.log.log, onkeydown: keys,
    onclick: openRow }, body)
  const older = h('div.row.inset')
  const aside = h('aside', { 'aria-label': t.delivery.delivery, hidden: true })

  // Only their words change: a button that is replaced while it is pressed is not pressed.
  function drawActions() {
    const words = Object.keys(filter).length ? t.log.matches : t.log.entries
    found.textContent = total == null ? '' : phrase(words, { n: total })
    again.hidden = !total || outcome() === 'retrying' || outcome().includes(',')
    again.textContent = filter.outcome ? phrase(t.log.redeliverN, { n: total ?? 0 }) : t.log.redeliverFailed
    save.hidden = !total
    pause.textContent = paused ? t.log.resume : t.log.pause
  }

  // Pages of the log.
  const load = loader(body, async () => {
    unnamed.forEach(loadNames)
    loads?.abort()
    loads = new AbortController()
    const signal = AbortSignal.any([loads.signal, ctx.signal])
    const f = forApi(filter)
    const slow = shown !== filter && setTimeout(() => fill(body, loading()), log.list.length ? 300 : 0)
    busy = true
    waiting = []
    away = false
    drawPill()
    try {
      const [page, all] = await Promise.all([
        get(`${ctx.api}deliveries${query({ ...f, limit: PAGE })}`, { signal }),
        get(`${ctx.api}deliveries/count${query(f)}`, { signal }),
      ])
      total = all.count
      cursor = page.next_cursor
      log.set(page.data)
      nameDeleted(page.data)
      shown = filter
    } catch (error) {
      if (error.name !== 'AbortError') failedToLoad()
      throw error
    } finally {
      clearTimeout(slow)
    }
    drawRows()
    busy = false
    merge()
  })

  // Nothing of another filter stays beside the words of a fault; of this one, the rows do.
  function failedToLoad() {
    if (shown === filter) {
      busy = false
      away = true
      return drawPill()
    }
    shown = cursor = total = null
    log.set([])
    drawOlder()
    return drawActions()
  }

  // Only if it differs: to take the button away from under the focus has the browser lay out the whole table at once.
  function drawOlder() {
    if (older.children.length !== (cursor ? 1 : 0)) {
      fill(older, cursor && button(t.log.older, loadOlder, { class: 'plain' }))
    }
  }

  function drawRows() {
    drawActions()
    drawOlder()
    if (log.list.length) return log.node.isConnected || fill(body, log.node)
    const link = (to, text) => h('a.button.plain', { href: ctx.to(to) }, text)
    return fill(body, Object.keys(filter).length
      ? empty(t.log.nothing, t.log.nothingText, link('deliveries', t.log.clearFilters))
      : empty(t.log.none, t.log.noneText, link('webhooks', t.page.webhooks)))
  }

  async function loadOlder() {
    const from = cursor, of = filter
    const page = await ctx.get('deliveries', { ...forApi(filter), limit: PAGE, cursor })
    if (cursor !== from || filter !== of) return // the log is another one by now
    cursor = page.next_cursor
    if (log.append(page.data, MOST)) away = true
    drawRows()
    drawPill()
    say(phrase(t.log.olderLoaded, { n: page.data.length }))
  }

  // What arrives meanwhile.
  ctx.live(async (type, data) => {
    if (type === 'webhooks') return loadNames('webhook')
    if (type !== 'delivery') unnamed.forEach(loadNames)
    if (type === 'reset') return loadUnlessPaused()
    if (type !== 'delivery') return look()
    arrived.push(data)
    frame ??= requestAnimationFrame(merge)
  })

  /** Asks for the newest, where nothing told of what arrived. */
  async function look() {
    const of = filter
    const { data: page } = await ctx.get('deliveries', { ...forApi(filter), limit: PAGE })
    if (filter !== of || away) return null
    const known = allKeys()
    if (page.length === PAGE && !busy && !page.some((d) => known.has(keyOf(d)))) return loadUnlessPaused()
    arrived.push(...page.reverse())
    frame ??= requestAnimationFrame(merge)
  }

  /** Of what is shown, or waits to be. */
  const allKeys = () => new Set([...log.list, ...waiting].map(keyOf))

  const isBelow = () => region.getBoundingClientRect().top <= 0

  function loadUnlessPaused() {
    if (!paused && !isBelow()) return load.work()
    away = true
    return drawPill()
  }

  function merge() {
    frame = null
    if (busy) return
    const known = allKeys()
    const oldest = cursor && log.list.at(-1)?.finished_at // what is older comes with the older ones
    const isNews = (d) => fits(d, filter) && !(d.finished_at < oldest) && !known.has(keyOf(d)) && known.add(keyOf(d))
    const news = arrived.filter(isNews).reverse()
    arrived = []
    if (!news.length) return
    if (total != null) total += news.length
    unsaid.push(...news)
    waiting.unshift(...news)
    if (!paused && !away && waiting.length <= BURST && !isBelow()) return showWaiting()
    waiting.length = Math.min(waiting.length, MOST)
    drawPill()
    drawActions()
  }

  function showWaiting() {
    if (away) return load()
    // Beyond the most rows the oldest are dropped: then what is older is found again from the top.
    if (log.list.length + waiting.length > MOST) return load()
    log.add(waiting, MOST)
    waiting = []
    drawPill()
    drawRows()
  }

  function drawPill() {
    pill.hidden = !waiting.length && !away
    pill.textContent = !waiting.length ? t.log.newest
      : phrase(t.log.newOnes, { n: waiting.length >= MOST ? `${MOST}+` : waiting.length })
  }

  const speaking = setInterval(() => {
    if (!unsaid.length) return
    const failed = unsaid.filter((d) => d.outcome === 'failed').length
    say(phrase(failed ? t.log.arrivedFailed : t.log.arrived, { n: unsaid.length, failed }))
    unsaid = []
  }, 10000)

  function setPaused(value) {
    paused = value
    ctx.showPaused(paused)
    drawActions()
    if (!paused && (waiting.length || away)) showWaiting()
  }

  // Keys and the panel beside the log.
  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return
    const links = [...log.body.querySelectorAll('th a')]
    const isOpen = (d) => d.id === panel?.id
    const at = panel ? log.list.findIndex(isOpen) : links.indexOf(document.activeElement)
    const d = log.list[at]
    const work = {
      j: () => panel ? openNext(log.list[log.list.findLastIndex(isOpen) + 1])
        : links[Math.min(at + 1, links.length - 1)]?.focus(),
      k: () => panel ? openNext(log.list[at - 1]) : links[Math.max(at - 1, 0)]?.focus(),
      r: () => ctx.admin && d && redeliverOne(ctx, d),
      '/': () => form.search.focus(),
      p: () => setPaused(!paused),
      Escape: () => panel && closePanel(),
      '?': help,
    }[event.key]
    if (!work) return
    event.preventDefault()
    work()
  }

  const help = () => dialog(t.log.keys, [h('p', t.log.keysText),
    h('dl.headers', Object.entries(t.keys).map(([key, text]) => h('div', h('dt', h('kbd', key)), h('dd', text)))),
  ], [[t.common.close, null, 'plain']])

  const wide = () => innerWidth >= 1200

  function openRow(event) {
    const tr = event.target.closest('tr[data-id]')
    if (!tr || event.target.closest('.subject a')) return // which leads to the ticket
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      if (!event.target.closest('a')) open(ctx.to('deliveries', tr.dataset.id), '_blank', 'noopener')
      return
    }
    if (!wide() || String(getSelection())) return
    event.preventDefault()
    ctx.go(url({}, tr.dataset.id), { state: { panel: true }, replace: Boolean(panel) })
  }

  function openNext(d) {
    if (!d) return
    ctx.go(url({}, d.id), { state: { panel: true }, replace: true })
    rowOf(d.id)?.scrollIntoView({ block: 'nearest' })
  }

  const rowOf = (id) => log.body.querySelector(`tr[data-id="${CSS.escape(id)}"]`)

  /** Shows or hides the panel; the row of this delivery stays where it is on the screen. */
  function setPanelHidden(hidden, id) {
    const before = rowOf(id)?.getBoundingClientRect().top
    aside.hidden = hidden
    const after = rowOf(id)?.getBoundingClientRect().top
    if (after !== before) scrollBy(0, after - before)
  }

  function openPanel(id) {
    panel?.end.abort()
    const end = new AbortController()
    ctx.signal.addEventListener('abort', () => end.abort(), { signal: end.signal })
    const close = h('button.quiet', { type: 'button', 'aria-label': t.common.close, onclick: closePanel }, '✕')
    const page = delivery({ ...ctx, id, signal: end.signal, live: (listener) => ctx.live(listener, end.signal) }, close)
    panel = { end, id }
    fill(aside, page.node)
    setPanelHidden(false, id)
    aside.onkeydown = keys
    mark()
    page.heading.focus({ preventScroll: true })
  }

  const closePanel = () => ctx.go(url({}))
  const mark = () => log.body.querySelectorAll('tr').forEach((tr) =>
    tr.toggleAttribute('data-open', tr.dataset.id === panel?.id))

  function dropPanel() {
    if (!panel) return
    panel.end.abort()
    const { id } = panel
    const had = aside.contains(document.activeElement)
    panel = null
    setPanelHidden(true, id)
    fill(aside)
    mark()
    ctx.title(t.page.deliveries)
    if (had) rowOf(id)?.querySelector('th a').focus({ preventScroll: true })
  }

  // Names to choose from. Where they cannot be loaded, neither can the log, which says so; the next time they are asked
  // for once more.
  async function loadNames(field) {
    unnamed.delete(field)
    const { data } = await ctx.get(`${field}s`).catch(() => ({}))
    if (ctx.signal.aborted) return
    if (!data) return void unnamed.add(field)
    if (field === 'webhook') data.forEach((w) => webhooks.set(w.id, name(w)))
    form.offer(field, field === 'event' ? data.map((e) => [e.name, e.name]) : [...webhooks])
    drawFilters()
  }

  /** Those that are deleted have their names in the rows. */
  function nameDeleted(list) {
    const unknown = list.filter((d) => !webhooks.has(d.webhook_id))
    if (!unknown.length) return
    for (const d of unknown) webhooks.set(d.webhook_id, shownName(d.webhook_name) || d.url_masked)
    form.offer('webhook', [...webhooks])
    drawFilters()
  }

  ctx.signal.addEventListener('abort', () => {
    clearInterval(speaking)
    cancelAnimationFrame(frame)
    ctx.showPaused(false)
  })
  drawFilters()
  drawActions()
  if (ctx.was?.list && same(ctx.was.filter, filter)) {
    ({ cursor, total, away } = ctx.was)
    shown = filter
    log.set(ctx.was.list)
    drawRows()
    drawPill()
    unnamed.forEach(loadNames)
    look().catch(toast)
  } else load()
  return {
    node: [
      h('div.row.head', h('h1.grow', { tabindex: -1 }, t.page.deliveries),
        h('button.quiet', { type: 'button', 'aria-label': t.log.keys, onclick: help }, '?')),
      form.node, jobs.node, actions, pill, h('div.split', h('div', region, older), aside)],
    /** The rows, for who comes back. */
    keep: () => shown === filter && log.list.length > 0 && { filter, cursor, total, away, list: log.list },
    /** Other filters, and a delivery in the panel, are this page too. */
    claims(route, parameters) {
      const opens = route.view === 'delivery' && history.state?.panel && wide()
      if (route.project !== ctx.project || !(opens || route.view === 'deliveries')) return false
      if (opens) openPanel(route.id)
      else dropPanel()
      const wanted = read(parameters)
      if (!same(wanted, filter)) {
        filter = wanted
        drawFilters()
        load()
      }
      return true
    },
  }
}
