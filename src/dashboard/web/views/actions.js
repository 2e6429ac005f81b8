// SPDX-License-Identifier: MIT
// What can be done with a webhook, from the list and from its own page.
import { plain } from '../format.js'
import { confirm, say } from '../ui.js'
import { name, pathOf } from './parts.js'

/** Pauses or resumes; answers the webhook as it is then. */
export async function toggle(ctx, webhook) {
  const pause = webhook.active
  if (pause && !(await confirm(`Pause ${plain(name(webhook))}?`,
    'New events are not sent to it until you resume it. They are not kept for it.', 'Pause'))) return webhook
  const changed = await ctx.post(`${pathOf(webhook.id)}/${pause ? 'pause' : 'resume'}`)
  say(pause ? 'Paused' : 'Resumed')
  return changed
}

/** Deletes after a question; answers whether it did. */
export async function remove(ctx, webhook) {
  const sure = await confirm(`Delete ${plain(name(webhook))}?`,
    ['Its secret and settings are gone for good, and what still waits for it is not sent.',
      'Its deliveries stay in the log.'], 'Delete webhook', true)
  if (sure) {
    await ctx.request('DELETE', pathOf(webhook.id))
    say('Deleted')
  }
  return sure
}
