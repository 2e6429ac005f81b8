// SPDX-License-Identifier: MIT
// The JSON API and the live stream.
import { phrase, sentence, t } from './texts.js'

export const mount = document.querySelector('meta[name=helmdesk-mount]').content
/** What the host says of itself: its name, and where its own pages are; null for what it does not say. */
export const host = JSON.parse(document.querySelector('meta[name=helmdesk-host]').content)
const base = `${mount}api/v1/`

let ahead = 0 // the server's clock minus ours
export const now = () => Date.now() + ahead

/** What the API or the network refused. errors: [{pointer, code, message}]. */
export class ApiError extends Error {
  constructor(status, message, errors, change) {
    super(message)
    this.status = status
    this.errors = errors ?? []
    this.change = change // of a webhook, that somebody else was faster with
  }
}

let onFault = () => {}
let signedOut = () => {}
export const onSignedOut = (then) => { signedOut = then }

/** A request; answers the response, or throws ApiError. */
export async function request(method, path, body, options = {}) {
  const sent = Date.now()
  let response
  try {
    response = await fetch(base + path, {
      method, signal: options.signal, cache: 'no-store', credentials: 'same-origin',
      headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...options.headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch (error) {
    if (error.name === 'AbortError') throw error
    onFault()
    throw new ApiError(0, t.page.unreachable)
  }
  // The answer was made after it was asked for and before it came, in the second that its Date names.
  const date = Date.parse(response.headers.get('Date'))
  const least = date - Date.now(), most = date + 1000 - sent
  if (ahead < least || ahead > most) ahead = (least + most) / 2
  if (response.ok) return response
  const problem = await response.json().catch(() => ({}))
  if (response.status === 401) signedOut()
  if (response.status >= 500) onFault()
  const words = problem.detail || problem.title
  throw new ApiError(response.status,
    words ? sentence(words, problem.code, response.status) : phrase(t.page.answered, { status: String(response.status) }),
    problem.errors?.map((error) => ({ ...error, message: sentence(error.message, error.code) })), problem.change)
}

export const get = async (path, options) => (await request('GET', path, undefined, options)).json()
export const post = async (path, body = {}) => (await request('POST', path, body)).json()

/** The same question, asked again and again: an answer that a later one has overtaken is null. */
export function inOrder(ask) {
  let asked = 0, newest = 0
  return async (...values) => {
    const turn = ++asked
    try {
      const answer = await ask(...values)
      if (turn < newest) return null
      newest = turn
      return answer
    } catch (error) {
      if (turn < newest) return null
      throw error
    }
  }
}

/** Names and values as a query, without those that are empty. */
export function query(values) {
  const search = new URLSearchParams(Object.entries(values).filter(([, value]) => value != null && value !== ''))
  return search.size ? `?${search}` : ''
}

/**
 * Follows a project from a position on: one stream while the tab is visible, and a look every 5 s where the server has
 * no stream left.
 * tell(type, data): 'delivery', 'webhooks', 'reset', 'poll'. state(word, last): 'live', 'lost', 'polling', 'off'.
 */
export function follow(project, position, tell, state) {
  let source, timer, repair, last = now(), ended = false, wasAway = !position
  const url = () => `${base}projects/${encodeURIComponent(project)}/stream${query({ since: position })}`

  function listen() {
    stop()
    if (ended || document.hidden) return
    source = new EventSource(url())
    source.onopen = () => {
      last = now()
      state('live', last)
      if (wasAway) tell('poll') // what could not be loaded meanwhile
      wasAway = false
    }
    source.onerror = () => {
      wasAway = true
      if (source.readyState === EventSource.CLOSED) poll(1)
      else state('lost', last)
    }
    for (const type of ['delivery', 'webhooks', 'reset']) source.addEventListener(type, (event) => {
      last = now()
      position = event.lastEventId || position
      tell(type, JSON.parse(event.data))
    })
  }

  // The stream was refused. Looks every 5 s, and asks for the stream again each minute.
  function poll(times) {
    stop()
    state('polling', last)
    timer = setTimeout(() => {
      last = now()
      tell('poll')
      if (times % 12) poll(times + 1)
      else listen()
    }, 5000)
  }

  function stop() {
    wasAway ||= Boolean(source)
    source?.close()
    clearTimeout(timer)
  }

  function visibility() {
    if (document.hidden) stop()
    else listen()
  }
  const hide = () => stop()
  const show = (event) => event.persisted && visibility()
  document.addEventListener('visibilitychange', visibility)
  addEventListener('pagehide', hide)
  addEventListener('pageshow', show)
  // What could not be loaded is asked for again a while later.
  onFault = () => {
    repair ??= setTimeout(() => {
      repair = null
      if (!document.hidden) tell('poll')
    }, 5000)
  }
  listen()
  return () => {
    ended = true
    onFault = () => {}
    clearTimeout(repair)
    stop()
    state('off')
    document.removeEventListener('visibilitychange', visibility)
    removeEventListener('pagehide', hide)
    removeEventListener('pageshow', show)
  }
}
