// SPDX-License-Identifier: MIT
// Entry: who is there, which page is shown, and what happens meanwhile.
import { follow, get, host, mount, onSignedOut, post, query, request } from './api.js'
import { ago, hhmm, plain } from './format.js'
import { locale, phrase, sentence, t } from './texts.js'
import { failed, fill, h, retry, toast } from './ui.js'
import deliveries from './views/deliveries.js'
import delivery from './views/delivery.js'
import edit from './views/edit.js'
import webhook from './views/webhook.js'
import webhooks from './views/webhooks.js'

const views = { webhooks, webhook, edit, deliveries, delivery }
const main = document.getElementById('main')
const liveBox = document.getElementById('live')

/** What outlives a page: the user, the project, and what one page leaves for the next. */
const store = { me: null, position: null, project: null, fresh: null, stop: null }
const listeners = new Set()
/** What pages looked like when they were left, by their place in the history. */
const kept = new Map()
const KEPT_MOST = 8
let page, leave, shownAt, asking = false
let place = history.state?.place ?? 0 // in the history, to know which way Back and Forward lead
history.replaceState({ ...history.state, place }, '', location.pathname + location.search)
history.scrollRestoration = 'manual' // before the rows are there, it would lead nowhere

function route(path) {
  let parts
  try {
    parts = path.split('/').map(decodeURIComponent)
  } catch {
    return null // it is no UTF-8
  }
  const [top, project, list, id, more] = parts
  if (top !== 'projects' || !project) return null
  if (list === 'webhooks') {
    const view = id === 'new' || more === 'edit' ? 'edit' : id ? 'webhook' : 'webhooks'
    return { view, project, id: id === 'new' ? null : id }
  }
  if (list === 'deliveries') return { view: id ? 'delivery' : 'deliveries', project, id }
  return null
}

const path = (project, ...parts) => `${mount}projects/${[project, ...parts].map(encodeURIComponent).join('/')}`

/** Goes to a page. */
async function go(url, { replace, state } = {}) {
  if (page?.leave && !(await page.leave())) return
  replace ||= new URL(url, location.href).href === location.href // pressed twice
  if (!replace) place++
  history[replace ? 'replaceState' : 'pushState']({ ...state, place }, '', url)
  show()
}

/** Back and Forward: the address is another one already, and becomes what it was if somebody stays. */
async function travel() {
  if (!history.state) { // only the part behind '#', typed into the address
    history.replaceState({ place: ++place }, '', location.pathname + location.search)
    return focusHeading()
  }
  if (history.state.place === place || asking) return
  asking = true
  const leaves = !page?.leave || await page.leave()
  asking = false
  if (!leaves) return history.go(place - history.state.place)
  place = history.state.place
  show(kept.get(place) ?? history.state)
}

function keep() {
  kept.delete(shownAt)
  kept.set(shownAt, { scroll: scrollY, ...page.keep?.() })
  if (kept.size > KEPT_MOST) kept.delete(kept.keys().next().value)
}

/** Scrolls to where a page was left, once it is long enough, unless somebody scrolls before. */
function scrollBack(top, signal) {
  const end = new AbortController()
  const observer = new ResizeObserver(() => {
    if (document.documentElement.scrollHeight < top + innerHeight) return
    scrollTo(0, top)
    end.abort()
  })
  observer.observe(main)
  end.signal.addEventListener('abort', () => observer.disconnect())
  signal.addEventListener('abort', () => end.abort(), { signal: end.signal })
  for (const type of ['wheel', 'pointerdown', 'keydown']) addEventListener(type, () => end.abort(), { signal: end.signal })
}

/** was: what the page looked like when it was left. */
function show(was) {
  const found = route(location.pathname.slice(mount.length))
  const parameters = new URLSearchParams(location.search)
  if (found && page?.claims?.(found, parameters)) {
    shownAt = place
    return
  }
  if (page) keep()
  shownAt = place
  leave?.abort()
  page = null
  for (const dialog of document.querySelectorAll('dialog')) dialog.close()
  scrollTo(0, 0)
  const project = found?.project ?? store.me.projects[0]
  if (location.pathname === mount && project) return go(path(project, 'webhooks'), { replace: true })
  if (!found || !store.me.projects.includes(project)) {
    title(t.page.notFound)
    fill(main, h('div.empty', h('h1', { tabindex: -1 }, t.page.notFound), h('p', t.page.notFoundText),
      h('a', { href: mount, class: 'button' }, t.page.webhooks)))
    return focusHeading()
  }
  enter(project, found)
  leave = new AbortController()
  const { signal } = leave
  const api = `projects/${encodeURIComponent(project)}/`
  const live = (listener, until = signal) => {
    listeners.add(listener)
    until.addEventListener('abort', () => listeners.delete(listener))
  }
  page = views[found.view]({
    ...found, parameters, signal, store, title, go, was,
    admin: store.me.role === 'admin',
    api,
    get: (path, values = {}) => get(api + path + query(values), { signal }),
    post: (path, body) => post(api + path, body),
    request: (method, path, body, options) => request(method, api + path, body, options),
    to: (...parts) => path(project, ...parts),
    live,
    /** Does its work again on news of this kind: a while after a delivery, as others may follow it, and else at once. */
    again(work, wants = () => true) {
      let timer
      live((type, data) => {
        if (!wants(type, data)) return
        timer ??= setTimeout(() => { timer = null; hear(work) }, type === 'delivery' ? 3000 : 0)
      })
      signal.addEventListener('abort', () => clearTimeout(timer))
    },
    showPaused: (paused) => showConnection({ paused }),
  })
  fill(main, page.node)
  main.className = found.view
  focusHeading()
  if (was?.scroll) scrollBack(was.scroll, signal)
}

const focusHeading = () => main.querySelector('h1').focus({ preventScroll: true })

/** The name of the page, in the window's title. */
function title(text) {
  document.title = `${plain(text)} · ${plain(host.name ?? 'Helmdesk')}`
}

function enter(project, found) {
  const on = found.view.startsWith('deliver') ? 'deliveries' : 'webhooks'
  fill(document.getElementById('nav'), [['webhooks', t.page.webhooks], ['deliveries', t.page.deliveries]].map(([to, text]) =>
    h('a', { href: path(project, to), 'aria-current': on === to && 'page' }, text)))
  if (store.project === project) return
  store.project = project
  store.stop?.()
  store.stop = follow(project, store.position, (type, data) => {
    if (type === 'poll' || type === 'reset') retry()
    listeners.forEach((listener) => hear(listener, type, data))
  }, (state, last) => showConnection({ state, last }))
  store.position = null // of a project that is followed later, the page has to look at everything
  const { projects } = store.me
  fill(document.getElementById('project'), projects.length < 2 ? h('bdi.muted', plain(project))
    : h('select', { 'aria-label': t.page.project, onchange: (event) => go(path(event.target.value, 'webhooks')) },
      projects.map((name) => h('option', { value: name, selected: name === project }, plain(name)))))
}

/** A page hears news; the server that cannot be reached meanwhile is a state and no fault. */
async function hear(listener, type, data) {
  try {
    await listener(type, data)
  } catch (error) {
    if (error.status !== 0) toast(error)
    else if (connection.state === 'polling') showConnection({ state: 'lost' }) // a stream tells by itself
  }
}

const connection = { state: 'off', last: 0, paused: false }

/** How the page hears of news, as a dot with words. A log that is paused says that, unless there is no connection. */
function showConnection(changes) {
  const { state, last, paused } = Object.assign(connection, changes)
  const [kind, text] = {
    live: ['good', t.page.live], paused: ['warn', t.page.paused], polling: ['warn', t.page.polling],
    lost: ['bad', phrase(t.page.lost, { time: hhmm(last) })], off: ['', ''],
  }[paused && state !== 'lost' ? 'paused' : state]
  liveBox.hidden = !text
  liveBox.className = `live ${kind}`
  fill(liveBox, text)
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a')
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey ||
    event.altKey) return
  const url = new URL(link.getAttribute('href'), location.href)
  if (link.hasAttribute('download') || url.origin !== location.origin || !url.pathname.startsWith(mount)) return
  event.preventDefault()
  if (url.hash) document.getElementById(url.hash.slice(1)).focus() // the skip link: no step in the history
  else go(url)
})
addEventListener('popstate', travel)
addEventListener('scrollend', () => history.replaceState({ ...history.state, scroll: scrollY }, '')) // for a reload
addEventListener('unhandledrejection', (event) => toast(event.reason))
addEventListener('beforeunload', (event) => page?.dirty?.() && event.preventDefault())

setInterval(() => {
  for (const el of document.querySelectorAll('time[data-ago]')) el.textContent = ago(el.dataset.ago)
}, 15000)

document.documentElement.lang = locale
document.getElementById('skip').textContent = t.page.skip
document.getElementById('nav').ariaLabel = t.page.main
const brand = document.getElementById('brand')
brand.textContent = plain(host.name ?? 'Helmdesk')
if (host.home) brand.href = host.home
document.getElementById('theme-label').textContent = t.page.theme
const theme = document.getElementById('theme')
fill(theme, [['', t.page.systemTheme], ['light', t.page.light], ['dark', t.page.dark]].map(([value, text]) =>
  h('option', { value }, text)))
theme.value = document.documentElement.dataset.theme
theme.addEventListener('change', () => {
  document.documentElement.dataset.theme = theme.value
  try {
    localStorage.setItem('helmdesk-theme', theme.value)
  } catch (error) {
    toast(phrase(t.page.themeNotKept, { why: error.message }))
  }
})

onSignedOut(() => {
  if (page?.dirty?.()) return toast(t.page.signInElsewhere)
  store.stop?.()
  store.project = null // and is followed anew after signing in
  leave?.abort()
  page = null
  kept.clear()
  for (const dialog of document.querySelectorAll('dialog')) dialog.close()
  title(t.page.signedOut)
  const again = h('button', { type: 'button', onclick: () => location.reload() }, t.page.reload)
  const signIn = host.sign_in && h('a', { href: host.sign_in, class: 'button' }, t.page.signIn)
  fill(main, h('div.empty', h('h1', { tabindex: -1 }, t.page.youAreSignedOut), h('p', t.page.signInAgain), h('div.row', signIn, again)))
  focusHeading()
})

async function start() {
  try {
    store.me = await get('me')
    const { me } = store
    store.position = me.position
    const who = { user: plain(me.user), role: t.roles[me.role] }
    fill(document.getElementById('foot'), h('span', phrase(t.page.signedInAs, who)),
      h('span', `libhelmdesk ${me.version}`))
    if (!me.store.ok) {
      fill(document.getElementById('banner'), h('div.note.bad', { role: 'alert' },
        h('strong', t.page.storeError), plain(sentence(me.store.message, me.store.code))))
    }
    show(history.state)
  } catch (error) {
    if (error.status !== 401) fill(main, h('h1', t.page.webhooks), failed(error, start))
  }
}

start()
