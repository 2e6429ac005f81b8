// SPDX-License-Identifier: MIT
// The form that the log is filtered with, and the chips that say what it is filtered by.
import { bdi } from '../format.js'
import { t } from '../texts.js'
import { fill, h } from '../ui.js'
import { DAYS, ENDED, RANGES, words } from './filters.js'

const OUTCOMES = [...['delivered', 'failed', 'canceled', 'retrying'].map((outcome) => [outcome, t.states[outcome]]),
  [ENDED, t.filters.ended]]

/** A time of the API as a field has it: in local time, up to the minute. */
function local(iso) {
  const date = new Date(iso)
  return isNaN(date) ? '' : new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16)
}

/** change(changes, replace): asks for another filter. leave(): where Escape in the search field leads to. */
export function filterForm(ctx, change, leave) {
  const typing = {} // for each field: what is typed into the next one must not undo it
  const later = (name) => (event) => {
    clearTimeout(typing[name])
    typing[name] = setTimeout(() => {
      delete typing[name]
      change({ [name]: event.target.value.trim() }, true)
    }, 250)
  }
  ctx.signal.addEventListener('abort', () => Object.values(typing).forEach(clearTimeout))

  const select = (name, label, options, alsoChanged) => h('select', {
    name, 'aria-label': label, onchange: (event) => change({ [name]: event.target.value, ...alsoChanged }),
  }, h('option', { value: '' }, label), options.map(([value, text]) => h('option', { value }, text)))
  const moment = (name, label) => h('label', label, h('input', {
    type: 'datetime-local', name,
    onchange: ({ target }) => change({ [name]: target.value && new Date(target.value).toISOString(), range: '' }),
  }))
  const search = h('input.search', {
    type: 'search', name: 'q', placeholder: t.filters.search,
    'aria-label': t.filters.searchLabel, oninput: later('q'),
    onkeydown: (event) => event.key === 'Escape' && leave(),
  })
  const ranges = Object.keys({ ...RANGES, ...DAYS }).map((value) => [value, t.ranges[value].words])
  const form = h('form.filters', { role: 'search', onsubmit: (event) => event.preventDefault() },
    search,
    select('outcome', t.filters.allOutcomes, OUTCOMES),
    select('webhook', t.filters.allWebhooks, []),
    select('event', t.filters.allEvents, []),
    select('range', t.filters.anyTime, ranges, { since: '', until: '' }),
    select('test', t.filters.withTests, Object.entries(t.tests)),
    h('details', h('summary', t.filters.more), h('div.row',
      h('label', t.filters.code, h('input', { name: 'status', size: 8, placeholder: '404, 5xx', oninput: later('status') })),
      select('reason', t.filters.anyReason, Object.entries(t.results)),
      moment('since', t.filters.from), moment('until', t.filters.until))))
  const chips = h('ul.chips', { 'aria-label': t.filters.filters })

  return {
    node: [form, chips],
    search,
    /** What there is to choose from, as [value, text]. */
    offer(name, options) {
      const el = form.elements[name]
      el.replaceChildren(el.options[0], ...options.map(([value, text]) => h('option', { value }, bdi(text))))
    },
    /** webhooks: their names by id. */
    draw(filter, webhooks) {
      for (const el of form.elements) {
        if (!el.name || el.name in typing) continue
        const given = filter[el.name] ?? ''
        const value = el.type === 'datetime-local' ? local(given) : given
        if (el.value.trim() !== value) el.value = value
      }
      const set = Object.entries(filter)
      fill(chips, set.map(([name, value]) => h('li',
        h('button.chip', { type: 'button', onclick: () => change({ [name]: '' }) },
          words(name, value, webhooks.get(value) ?? value), h('span.sr', ` ${t.filters.remove}`),
          h('span', { 'aria-hidden': 'true' }, ' ✕')))),
      set.length > 1 && h('li', h('a', { href: ctx.to('deliveries') }, t.filters.clear)))
    },
  }
}
