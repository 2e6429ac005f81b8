// SPDX-License-Identifier: MIT
// What can be done with a webhook, from the list and from its own page.
import { plain, plural } from '../format.js'
import { confirm, say } from '../ui.js'
import { name, pathOf } from './parts.js'

/** What toggle() does with a webhook. */
export const toggleText = (webhook) => webhook.mode === 'on' ? 'Hold' : 'Turn on'

/** Holds a webhook that is on, and turns on one that is not; returns the webhook as it is then. */
export async function toggle(ctx, webhook) {
  const isOn = webhook.mode === 'on'
  const changed = await ctx.post(`${pathOf(webhook.id)}/${isOn ? 'hold' : 'on'}`)
  say(isOn ? 'On hold' : 'Turned on')
  return changed
}

/** Deletes after a question; answers whether it did. */
export async function remove(ctx, webhook) {
  const sure = await confirm(`Delete ${plain(name(webhook))}?`,
    ['Its secret and settings are gone for good. What was accepted for it before is still delivered.',
      'Its deliveries stay in the log.'], 'Delete webhook', true)
  if (sure) {
    await ctx.request('DELETE', pathOf(webhook.id))
    say('Deleted')
  }
  return sure
}

/** Ends what waits, unsent, after a question. */
export async function discard(ctx, webhook) {
  const { waiting } = await ctx.get(pathOf(webhook.id))
  if (!waiting) return say('Nothing waits')
  const what = plural(waiting, 'delivery', 'deliveries')
  const sure = await confirm(`Discard ${what} to ${plain(name(webhook))}?`,
    ['They wait, and are then never sent.', 'The log shows them as canceled.'], `Discard ${what}`, true)
  if (!sure) return null
  const { discarded } = await ctx.post(`${pathOf(webhook.id)}/discard`)
  return say(`${plural(discarded, 'delivery', 'deliveries')} discarded`)
}
