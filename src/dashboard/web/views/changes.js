// SPDX-License-Identifier: MIT
// Who changed what: of one webhook, or of a project, with the webhooks that were deleted.
import { bdi, time } from '../format.js'
import { mixed, phrase, t } from '../texts.js'
import { button, fill, h, loader } from '../ui.js'
import { LABELS } from './stale.js'

const PAGE = 20
const names = { ...LABELS, project: t.page.project, retry_first_ms: t.changes.retryFirst, retry_max_ms: t.changes.retryMax }

/** What was done: a change of nothing but the mode has words of its own. */
function deed({ action, fields, count }) {
  const only = fields.length === 1 && action === 'updated' && fields[0]
  const words = only?.name === 'mode' ? t.changes.modes[only.after] : t.changes.actions[action] ?? action
  return phrase(words, { n: count })
}

const who = (by) => by ? bdi(by) : t.changes.program

/** Who did it last, as a sentence. */
export const told = ({ by, at, action, fields, count }) => phrase(t.changes.told,
  { by: by ?? t.changes.program, deed: deed({ action, fields, count }), time: new Date(at).toLocaleString() })

const value = (text) => text ? h('bdi.mono.break', text) : t.changes.nothing

const field = ({ name, before, after }) => h('li', names[name] ?? name, ': ', before === after
  ? [value(after), ' ', t.changes.hidden] : mixed(t.changes.from, { before: value(before), after: value(after) }))

function entry(ctx, change, ofProject) {
  const { webhook_id: id, webhook_name: name } = change
  const shown = change.action === 'created' || (change.fields.length === 1 && change.fields[0].name === 'mode') ? []
    : change.fields
  return h('li', time(change.at), ' ', who(change.by), ' ', deed(change),
    ofProject && id && [': ', h('a', { href: ctx.to('webhooks', id) }, bdi(name || id))],
    shown.length > 0 && h('ul', shown.map(field)))
}

/** A card that is closed at first; webhook: its id, or null for all of the project. */
export function changesCard(ctx, webhook) {
  const box = h('div')
  const items = h('ul.changes')
  const more = h('div.row')

  async function add(before) {
    const { data, next } = await ctx.get('changes', { webhook, before, limit: PAGE })
    items.append(...data.map((change) => entry(ctx, change, !webhook)))
    fill(more, next && button(t.changes.more, () => add(next), { class: 'plain' }))
    return data.length
  }

  const load = loader(box, async () => {
    fill(items)
    const count = await add()
    fill(box, count ? [items, more] : h('p.muted', t.changes.none))
  })
  return h('details', { class: 'card wide', ontoggle: (event) => event.target.open && load() },
    h('summary', webhook ? t.changes.title : t.changes.ofProject), box)
}
