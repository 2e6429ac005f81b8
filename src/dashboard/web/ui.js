// SPDX-License-Identifier: MIT
// The only place that makes DOM. Strings become text nodes, never markup.
import { t } from './texts.js'

const SVG = 'http://www.w3.org/2000/svg'
const PROPERTIES = new Set(['value', 'checked', 'selected', 'disabled', 'hidden', 'open'])

/**
 * An element: h('p.hint', { title: 'x' }, 'text'), where properties may be left out. 'svg:' before the tag makes SVG;
 * on… are listeners; null, false and undefined are left out.
 */
export function h(tag, props, ...children) {
  const [name, ...classes] = tag.split('.')
  const el = name.startsWith('svg:') ? document.createElementNS(SVG, name.slice(4)) : document.createElement(name)
  if (classes.length) el.setAttribute('class', classes.join(' '))
  const given = props?.constructor === Object
  el.append(...flat(given ? children : [props, children]))
  if (given) set(el, props)
  return el
}

function set(el, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value == null || value === false) continue
    if (name.startsWith('on')) el.addEventListener(name.slice(2), value)
    else if (name === 'style') Object.assign(el.style, value)
    else if (PROPERTIES.has(name)) el[name] = value
    else el.setAttribute(name, value === true ? '' : value)
  }
}

const flat = (children) => children.flat(Infinity).filter((c) => c != null && c !== false)

const FOCUSABLE = 'a[href], button, input, select, textarea, summary'

/** Puts other children into an element; what had the focus in it has it again if it, or its like, is still there. */
export function fill(el, ...children) {
  const had = document.activeElement
  const inside = el.contains(had) && had !== el
  const at = inside && [...el.querySelectorAll(FOCUSABLE)].indexOf(had)
  el.replaceChildren(...flat(children))
  if (!inside) return el
  const has = el.contains(had) ? had : had.id ? document.getElementById(had.id) : el.querySelectorAll(FOCUSABLE)[at]
  has?.focus({ preventScroll: true })
  return el
}

/** The same, and details that are open stay open. */
export function refill(el, ...children) {
  const open = [...el.querySelectorAll('details')].map((details) => details.open)
  fill(el, ...children)
  el.querySelectorAll('details').forEach((details, i) => { details.open ||= Boolean(open[i]) })
}

const drawn = new WeakMap()

/** Makes the children of parent those of items, by key, and touches only what differs; the focus stays where it is. */
export function reconcile(parent, items, key, make) {
  const old = new Map([...parent.children].map((el) => [drawn.get(el)?.key, el]))
  const stays = new Set(items.map(key))
  for (const [k, el] of old) if (!stays.has(k)) el.remove()
  const had = document.activeElement
  let focus = parent.contains(had) ? had : null
  let next = parent.firstChild
  for (const item of items) {
    const k = key(item)
    const text = JSON.stringify(item)
    let el = old.get(k)
    if (!el || (drawn.get(el).text !== text && !el.querySelector(':popover-open'))) {
      const made = make(item)
      drawn.set(made, { key: k, text })
      if (el) {
        if (el.contains(focus)) {
          focus = made.querySelectorAll(FOCUSABLE)[[...el.querySelectorAll(FOCUSABLE)].indexOf(focus)]
        }
        if (el === next) next = made
        el.replaceWith(made)
      }
      el = made
    }
    if (el === next) next = next.nextSibling
    else parent.insertBefore(el, next)
  }
  if (focus && focus !== document.activeElement) focus.focus({ preventScroll: true })
}

/** Says something to screen readers. */
export function say(text) {
  document.getElementById('say').textContent = text
}

/** Tells of a fault of ours; what a receiver did wrong is content and no toast. */
export function toast(error) {
  if (error?.status === 401 || error?.name === 'AbortError') return // the page says so already, or was left
  const box = document.getElementById('toast')
  const close = () => box.replaceChildren()
  fill(box, h('div.toast', h('span', error?.message ?? String(error)),
    h('button.quiet', { 'aria-label': t.common.dismiss, onclick: close }, '✕')))
}

/** A button whose work takes a while: not pressed twice, and faults are told. */
export function button(text, work, props) {
  return h('button', {
    type: 'button', ...props,
    async onclick(event) {
      const el = event.currentTarget
      if (el.getAttribute('aria-busy')) return
      el.setAttribute('aria-busy', 'true')
      try {
        await work(el)
      } catch (error) {
        toast(error)
      } finally {
        el.removeAttribute('aria-busy')
      }
    },
  }, text)
}

/** A button that copies. Without a clipboard (plain http) the old way, then a dialog to copy from by hand. */
export function copyButton(text, get, props) {
  return button(text, async (el) => {
    const value = await get()
    if (!(await copy(value))) {
      const area = h('textarea', { rows: 6, readonly: true, 'aria-label': t.common.textToCopy, value })
      return dialog(t.common.copyThis, [area], [[t.common.close, null, 'plain']])
    }
    say(t.common.copied)
    el.textContent = `${t.common.copied} ✓`
    setTimeout(() => { el.textContent = text }, 2000)
  }, props)
}

async function copy(value) {
  try {
    await navigator.clipboard.writeText(value)
    return true
  } catch {
    const area = h('textarea', { value, class: 'sr' })
    const focus = document.activeElement
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    focus?.focus()
    return done
  }
}

/** Shows a dialog; resolves with the value of the pressed button, or null. buttons: [text, value, class]. */
export function dialog(title, body, buttons) {
  const opener = document.activeElement
  return new Promise((resolve) => {
    const el = h('dialog', { 'aria-labelledby': 'dialog-title',
      onclose: () => {
        el.remove()
        if (!opener.isConnected) document.querySelector('h1')?.focus({ preventScroll: true }) // drawn anew meanwhile
        resolve(el.result ?? null)
      } },
      h('h2', { id: 'dialog-title' }, title), body,
      h('div.row.end', buttons.map(([text, value, kind], i) => h('button', {
        type: 'button', class: kind, autofocus: i === 0,
        onclick: () => { el.result = value; el.close() },
      }, text))))
    document.body.append(el)
    el.showModal()
  })
}

/** Asks before something is done; the focus is on Cancel. */
export const confirm = (title, text, action, danger) =>
  dialog(title, flat([text]).map((part) => typeof part === 'string' ? h('p', part) : part),
    [[t.common.cancel, null, 'plain'], [action, true, danger ? 'danger' : '']])

let menus = 0

/** A button with a list of things to do: [text, work, class]. */
export function menu(label, items) {
  const id = `menu-${++menus}`
  const opener = h('button', { type: 'button', class: 'quiet', popovertarget: id, 'aria-haspopup': 'menu',
    'aria-label': label }, '⋯')
  const list = h('div', {
    popover: 'auto', id, class: 'menu', role: 'menu', 'aria-label': label,
    onkeydown(event) {
      if (event.key === 'Tab') return list.hidePopover() // and the focus goes on from the button
      const items = [...list.children]
      const at = items.indexOf(document.activeElement)
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
      if (to === undefined) return undefined
      event.preventDefault()
      return items.at(to % items.length).focus()
    },
    ontoggle(event) {
      if (event.newState !== 'open') return
      const at = opener.getBoundingClientRect()
      list.style.left = `${Math.max(8, Math.min(at.right - list.offsetWidth, innerWidth - list.offsetWidth - 8))}px`
      list.style.top = `${at.bottom + list.offsetHeight > innerHeight ? at.top - list.offsetHeight : at.bottom}px`
      list.firstChild.focus({ preventScroll: true })
    },
  }, items.map(([text, work, kind]) => button(text, () => { list.hidePopover(); return work() },
    { class: kind, role: 'menuitem' })))
  return h('span', opener, list)
}

/** One of the four states that are never mixed: loading, could not load, nothing matches, nothing yet. */
export function empty(title, text, ...actions) {
  return h('div.empty', h('h2', title), h('p', text), actions)
}

export const loading = () => h('p.empty.loading', { 'aria-busy': 'true' }, t.common.loading)

export const failed = (error, again) => h('div.empty', { role: 'alert' },
  h('h2', error.status === 404 ? t.page.notFound : t.common.couldNotLoad), h('p', error.message),
  error.status !== 404 && button(t.common.tryAgain, again, { class: 'plain' }))

const unloaded = new Map() // what could not be loaded, by the box that says so

/** Tries once more what the server or the network could not do. */
export function retry() {
  const again = [...unloaded]
  unloaded.clear()
  for (const [box, load] of again) if (box.isConnected && box.firstElementChild?.role === 'alert') load()
}

/**
 * Work that fills a box; where it fails, the box says so, and lets it be tried again. Its work alone leaves the box as it
 * is where it fails: for what is there already.
 */
export function loader(box, work) {
  async function load() {
    try {
      await work()
    } catch (error) {
      if (error.name === 'AbortError') return
      fill(box, failed(error, load))
      if (error.status === 0 || error.status >= 500) unloaded.set(box, load)
    }
  }
  return Object.assign(load, { work })
}

/** A card: a section with a heading. */
export const card = (title, ...children) =>
  h('section.card', { 'aria-label': title }, h('h2', title), children)

/** Two or more words of which one is chosen. */
export function segmented(legend, name, options, chosen, onchange) {
  return h('fieldset.segments', h('legend.sr', legend), options.map(([value, text]) =>
    h('label', h('input', { type: 'radio', name, value, checked: value === chosen, onchange: () => onchange(value) }),
      h('span', text))))
}
