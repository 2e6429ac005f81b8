// SPDX-License-Identifier: MIT
// What somebody else has changed of a webhook whose settings are open in a form.
import { plain } from '../format.js'
import { t } from '../texts.js'
import { button, h } from '../ui.js'

/** The settings' names, by their keys. */
export const LABELS = {
  name: t.edit.name, url: t.edit.url, format: t.edit.format, events: t.edit.events, mode: t.edit.mode,
  headers: t.edit.headers, max_attempts: t.edit.attempts, max_in_flight: t.edit.inFlight, rate: t.edit.rate,
  pause_rule: t.edit.pause,
  client_certificate: t.webhook.clientCertificate, ordered: t.edit.ordered,
  standard_headers: t.webhook.standardHeaders,
}

/** The settings that differ, by name. */
export const changed = (before, present) => Object.keys(LABELS)
  .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(present[name]))

/** What can be told of a setting in a line. */
function value(name, { [name]: is }) {
  if (name === 'mode') return t.modes[is].name
  if (name === 'format') return t.formats[is]
  if (name === 'events') return is.join(', ')
  return ['name', 'url', 'max_attempts', 'max_in_flight'].includes(name) ? plain(String(is)) : ''
}

/** A note that names these settings, with the two ways on. */
export const staleNote = (names, present, load, overwrite) => h('div.note', { role: 'alert' },
  h('strong', t.edit.changed),
  h('ul', names.map((name) => h('li', LABELS[name], value(name, present) && [': ', h('bdi', value(name, present))]))),
  h('p', t.edit.changedText),
  h('div.row', button(t.edit.loadPresent, load, { class: 'plain' }),
    button(t.edit.overwrite, overwrite, { class: 'plain' })))
