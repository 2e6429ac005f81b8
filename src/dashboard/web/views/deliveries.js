// SPDX-License-Identifier: MIT
// The log: filters, live rows, older rows, export, redelivery.
import { get, query, request } from '../api.js'
import { bdi, count, plural } from '../format.js'
import { button, dialog, empty, failed, fill, h, loading, say } from '../ui.js'
import { redeliverMany, redeliverOne } from './again.js'
import delivery from './delivery.js'
import { fits, forApi, read, same, words } from './filters.js'
import { keyOf, logTable } from './rows.js'

const PAGE = 50
const MOST = 500
const BURST = 20

export default function (ctx) {
  const log = logTable(ctx)
  let filter = read(ctx.parameters)
  let cursor, total, paused = false, away = false, busy = false, loads, frame, panel
  let waiting = [], arrived = [], unsaid = []
  const webhooks = new Map()
  ctx.title('Deliveries')

  const url = (changes, id) => ctx.to('deliveries', ...id ? [id] : []) + query({ ...filter, ...changes })
  const change = (changes, replace) => ctx.go(url(changes), { replace })

  // What is chosen by.
  const select = (name, label, options) => h('select',
    { name, 'aria-label': label, onchange: (event) => change({ [name]: event.target.value, ...name === 'range' &&
    { since: '', until: '' } }) },
    h('option', { value: '' }, label), options.map(([value, text]) => h('option', { value }, text)))
  const typing = {} // for each field: what is typed into the next one must not undo it
  const later = (name) => (event) => {
    clearTimeout(typing[name])
    typing[name] = setTimeout(() => change({ [name]: event.target.value.trim() }, true), 250)
  }
  const search = h('input.search', { type: 'search', name: 'q', placeholder: 'Search subject, e-mail, #ticket, id',
    'aria-label': 'Search subject, e-mail, ticket or id', oninput: later('q'),
    onkeydown: (event) => event.key === 'Escape' && log.node.querySelector('a')?.focus() })
  const webhookSelect = select('webhook', 'All webhooks', [])
  const eventSelect = select('event', 'All events', [])
  const moment = (name, label) => h('label', label, h('input',
    { type: 'datetime-local', name, onchange: (event) =>
    change({ [name]: event.target.value && new Date(event.target.value).toISOString(), range: '' }) }))
  const form = h('form.filters', { role: 'search', onsubmit: (event) => event.preventDefault() }, search,
    select('outcome', 'All outcomes', [['delivered', 'Delivered'], ['failed', 'Failed'], ['retrying', 'Retrying'],
      ['canceled', 'Canceled']]), webhookSelect, eventSelect,
    select('range', 'Any time', [['1h', 'Last hour'], ['24h', 'Last 24 hours'], ['7d', 'Last 7 days']]),
    select('test', 'Real and tests', [['no', 'No tests'], ['only', 'Only tests']]),
    h('details', h('summary', 'More'), h('div.row', h('label', 'Code',
      h('input', { name: 'status', size: 8, placeholder: '404, 5xx', oninput: later('status') })),
      h('label', 'Reason', h('input', { name: 'reason', size: 14, placeholder: 'timeout_total',
        oninput: later('reason') })), moment('since', 'From'), moment('until', 'Until'))))
  const chips = h('ul.chips', { 'aria-label': 'Filters' })
  const actions = h('div.row')
  const pause = h('button.plain', { type: 'button', onclick: () => setPaused(!paused) })
  const pill = h('button.pill', { type: 'button', hidden: true, onclick: showWaiting })
  const body = h('div', loading())
  const region = h('div.card.flush', { tabindex: 0, role: 'region', 'aria-label': 'Log', onkeydown: keys,
    onclick: openRow }, body)
  const older = h('div.row.inset')
  const aside = h('aside', { 'aria-label': 'Delivery', hidden: true })

  function drawFilters() {
    for (const el of form.elements) {
      if (!el.name || el === document.activeElement && el.type !== 'select-one') continue
      const value = filter[el.name] ?? ''
      el.value = el.type === 'datetime-local' && value ? local(value) : value
    }
    const set = Object.entries(filter)
    fill(chips, set.map(([name, value]) => h('li', h('button.chip',
      { type: 'button', onclick: () => change({ [name]: '' }) },
      words(name, value, webhooks.get(value) ?? value), h('span.sr', ' remove'),
        h('span', { 'aria-hidden': 'true' }, ' ✕')))),
    set.length > 1 && h('li', h('a', { href: ctx.to('deliveries') }, 'Clear')))
  }

  const local = (iso) => {
    const date = new Date(iso)
    return isNaN(date) ? '' : new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16)
  }

  function drawActions() {
    const outcome = filter.outcome ?? 'failed'
    fill(actions, h('span.muted',
      total == null ? '' : Object.keys(filter).length ? plural(total, 'match', 'matches')
      : plural(total, 'delivery', 'deliveries')), h('span.grow'),
      ctx.admin && total > 0 && outcome !== 'retrying' &&
        button(filter.outcome ? `Redeliver ${count(total)}…` : 'Redeliver failed…',
        () => redeliverMany(ctx, { ...forApi(filter), outcome }), { class: 'plain' }),
      total > 0 && button('Export NDJSON', exportAll, { class: 'plain' }), pause)
    pause.textContent = paused ? 'Resume' : 'Pause'
  }

  // Pages of the log.
  async function load() {
    loads?.abort()
    loads = new AbortController()
    const signal = AbortSignal.any([loads.signal, ctx.signal])
    const f = forApi(filter)
    const slow = setTimeout(() => fill(body, loading()), log.list.length ? 300 : 0)
    busy = true
    waiting = []
    away = false
    drawPill()
    try {
      const [page, all] = await Promise.all([get(`${ctx.api}deliveries${query({ ...f, limit: PAGE })}`, { signal }),
        get(`${ctx.api}deliveries/count${query(f)}`, { signal })])
      total = all.count
      cursor = page.next_cursor
      log.set(page.data)
      drawRows()
      busy = false
      merge()
    } catch (error) {
      if (error.name !== 'AbortError') fill(body, failed(error, load))
    }
    clearTimeout(slow)
  }

  // Only if it differs: to take the button away from under the focus has the browser lay out the whole table at once.
  function drawOlder() {
    if (older.children.length !== (cursor ? 1 : 0))
      fill(older, cursor && button('Load older', loadOlder, { class: 'plain' }))
  }

  function drawRows() {
    drawActions()
    drawOlder()
    if (log.list.length) return log.node.isConnected || fill(body, log.node)
    if (Object.keys(filter).length) fill(body, empty('Nothing matches', 'No delivery in the log fits these filters.',
      h('a.button.plain', { href: ctx.to('deliveries') }, 'Clear the filters')))
    else fill(body,
      empty('No deliveries yet', 'They appear here as soon as an event takes place, or when you send a test.',
      h('a.button.plain', { href: ctx.to('webhooks') }, 'Webhooks')))
  }

  async function loadOlder() {
    const page = await get(`${ctx.api}deliveries${query({ ...forApi(filter), limit: PAGE, cursor })}`,
      { signal: ctx.signal })
    cursor = page.next_cursor
    if (log.append(page.data, MOST)) away = true
    drawRows()
    drawPill()
    say(`${plural(page.data.length, 'older delivery', 'older deliveries')} loaded`)
  }

  // What arrives meanwhile.
  ctx.live(async (type, data) => {
    if (type === 'webhooks') return loadWebhooks()
    if (type === 'reset') return load()
    if (type === 'delivery') arrived.push(data)
    else {
      const { data: page } = await get(`${ctx.api}deliveries${query({ ...forApi(filter), limit: PAGE })}`,
        { signal: ctx.signal })
      if (page.length === PAGE && !busy && !page.some(log.has)) return load()
      arrived.push(...page.reverse())
    }
    frame ??= requestAnimationFrame(merge)
  })

  function merge() {
    frame = null
    if (busy) return
    const known = new Set([...log.list, ...waiting].map(keyOf))
    const news = arrived.filter((d) => fits(d, filter) && !known.has(keyOf(d))).reverse()
    arrived = []
    if (!news.length) return
    if (total != null) total += news.length
    unsaid.push(...news)
    waiting.unshift(...news)
    if (!paused && !away && waiting.length <= BURST && region.getBoundingClientRect().top > 0) return showWaiting()
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
    pill.textContent = waiting.length ? `● ${waiting.length >= MOST ? `${MOST}+` : waiting.length} new ↑`
      : '↑ Back to the newest'
  }
  pill.addEventListener('click', () => scrollTo({ top: 0 }))

  const speaking = setInterval(() => {
    if (!unsaid.length) return
    const bad = unsaid.filter((d) => d.outcome === 'failed').length
    say(`${unsaid.length} new${bad ? `, ${bad} failed` : ''}`)
    unsaid = []
  }, 10000)

  function setPaused(value) {
    paused = value
    ctx.showPaused(paused)
    drawActions()
    if (!paused && waiting.length) showWaiting()
  }

  // Keys and the panel beside the log.
  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return
    const links = [...log.body.querySelectorAll('th a')]
    const at = links.indexOf(document.activeElement)
    const d = log.list[at]
    const work = {
      j: () => links[Math.min(at + 1, links.length - 1)]?.focus(), k: () => links[Math.max(at - 1, 0)]?.focus(),
      r: () => ctx.admin && d && redeliverOne(ctx, d), '/': () => search.focus(), p: () => setPaused(!paused),
      Escape: () => panel && closePanel(), '?': help,
    }[event.key]
    if (!work) return
    event.preventDefault()
    work()
  }

  const help = () => dialog('Keys of the log', [h('p', 'They work while the log has the focus.'),
    h('dl.headers', [['j, k', 'next, previous delivery'], ['Enter', 'open it'],
    ['r', 'redeliver it'], ['/', 'search'], ['p', 'pause or resume'], ['Esc', 'close what is open'],
      ['?', 'this list']].map(([key, text]) => h('div', h('dt', h('kbd', key)), h('dd', text))))],
      [['Close', null, 'plain']])

  const wide = () => innerWidth >= 1100

  function openRow(event) {
    const tr = event.target.closest('tr[data-id]')
    if (!tr || event.ctrlKey || event.metaKey || event.shiftKey || !wide() || String(getSelection())) return
    event.preventDefault()
    ctx.go(url({}, tr.dataset.id), { state: { panel: true }, replace: Boolean(panel) })
  }

  function openPanel(id) {
    panel?.end.abort()
    const end = new AbortController()
    ctx.signal.addEventListener('abort', () => end.abort())
    const close = h('button.quiet', { type: 'button', 'aria-label': 'Close', onclick: closePanel }, '✕')
    const page = delivery({ ...ctx, id, signal: end.signal, live: (listener) => ctx.live(listener, end.signal) }, close)
    panel = { end, id }
    fill(aside, page.node)
    aside.hidden = false
    aside.onkeydown = (event) => event.key === 'Escape' && closePanel()
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
    aside.hidden = true
    fill(aside)
    mark()
    ctx.title('Deliveries')
    if (had) log.body.querySelector(`tr[data-id="${CSS.escape(id)}"] th a`)?.focus({ preventScroll: true })
  }

  // Export: page by page, so that it can be stopped.
  async function exportAll() {
    const parts = []
    let next = '', rows = 0, stopped = false
    const progress = h('p', { role: 'status' }, 'Reading…')
    dialog('Export', [progress], [['Cancel', null, 'plain']]).then(() => { stopped = true })
    try {
      do {
        const path = `${ctx.api}deliveries.ndjson${query({ ...forApi(filter), cursor: next })}`
        const response = await request('GET', path, undefined, { signal: ctx.signal })
        const text = await response.text()
        parts.push(text)
        rows += text.split('\n').length - 1
        progress.textContent = `${plural(rows, 'delivery', 'deliveries')} of ${count(total)} read`
        next = response.headers.get('X-Next-Cursor')
      } while (next && !stopped)
      if (stopped) return
      const href = URL.createObjectURL(new Blob(parts, { type: 'application/x-ndjson' }))
      h('a', { href, download: 'deliveries.ndjson' }).click()
      setTimeout(() => URL.revokeObjectURL(href), 10000)
    } finally {
      progress.closest('dialog')?.close()
    }
  }

  // Names to choose from. Where they cannot be loaded the log says so itself.
  async function loadNames(path, el, add) {
    const { data } = await get(ctx.api + path, { signal: ctx.signal }).catch(() => ({ data: [] }))
    if (ctx.signal.aborted) return
    el.replaceChildren(el.options[0], ...add(data).map(([value, text]) => h('option', { value }, bdi(text))))
    drawFilters()
  }
  const loadEvents = () => loadNames('events', eventSelect, (data) => data.map((e) => [e.name, e.name]))
  const loadWebhooks = () => loadNames('webhooks', webhookSelect, (data) => {
    data.forEach((w) => webhooks.set(w.id, w.name || w.url_masked))
    return [...webhooks]
  })

  ctx.signal.addEventListener('abort', () => {
    clearInterval(speaking)
    Object.values(typing).forEach(clearTimeout)
    cancelAnimationFrame(frame)
    loads?.abort()
    ctx.showPaused(false)
  })
  drawFilters()
  drawActions()
  loadEvents()
  loadWebhooks()
  load()
  return {
    node: [h('div.row.head', h('h1.grow', { tabindex: -1 }, 'Deliveries'),
      h('button.quiet', { type: 'button', 'aria-label': 'Keys', onclick: help }, '?')), form, chips, actions, pill,
      h('div.split', h('div', region, older), aside)],
    claims(route, parameters) {
      if (route.project !== ctx.project || (route.view === 'delivery' &&
        !(history.state?.panel && wide()))) return false
      if (!route.view.startsWith('deliver')) return false
      const wanted = read(parameters)
      if (route.view === 'delivery') openPanel(route.id)
      else dropPanel()
      if (same(wanted, filter)) return true
      filter = wanted
      drawFilters()
      load()
      return true
    },
  }
}
