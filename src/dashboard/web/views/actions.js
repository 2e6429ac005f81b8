// SPDX-License-Identifier: MIT
// What can be done with a webhook, from the list and from its own page.
import { plain } from '../format.js'
import { phrase, t } from '../texts.js'
import { confirm, say } from '../ui.js'
import { name, pathOf } from './parts.js'

/** What toggle() does with a webhook. */
export const toggleText = (webhook) => webhook.mode === 'on' ? t.actions.hold : t.actions.turnOn

/** Holds a webhook that is on, and turns on one that is not; returns the webhook as it is then. */
export async function toggle(ctx, webhook) {
  const isOn = webhook.mode === 'on'
  const changed = await ctx.post(`${pathOf(webhook.id)}/${isOn ? 'hold' : 'on'}`)
  say(isOn ? t.actions.held : t.actions.turnedOn)
  return changed
}

/** Deletes after a question; answers whether it did. */
export async function remove(ctx, webhook) {
  const sure = await confirm(phrase(t.actions.deleteAsk, { name: plain(name(webhook)) }),
    [t.actions.deleteText, t.actions.deleteLog], t.actions.delete, true)
  if (sure) {
    await ctx.request('DELETE', pathOf(webhook.id))
    say(t.actions.deleted)
  }
  return sure
}

/** Ends what waits, unsent, after a question. */
export async function discard(ctx, webhook) {
  const { waiting } = await ctx.get(pathOf(webhook.id))
  if (!waiting) return say(t.actions.nothingWaits)
  const sure = await confirm(phrase(t.actions.discardAsk, { n: waiting, name: plain(name(webhook)) }),
    [t.actions.discardText, t.actions.discardLog], phrase(t.actions.discard, { n: waiting }), true)
  if (!sure) return null
  const { discarded } = await ctx.post(`${pathOf(webhook.id)}/discard`)
  return say(phrase(t.actions.discarded, { n: discarded }))
}
