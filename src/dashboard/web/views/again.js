// SPDX-License-Identifier: MIT
// Redelivery of one delivery, and of all that fit a filter.
import { now } from '../api.js'
import { phrase, t } from '../texts.js'
import { confirm, dialog, h, say } from '../ui.js'

const AT_ONCE = 20

/** Asks, then sends again; answers the event's id, or nothing. */
export async function redeliverOne(ctx, d) {
  const twice = d.outcome === 'delivered' && t.again.twiceOne
  if (!(await confirm(t.again.askOne, [twice, t.again.same], t.again.redeliver))) return null
  const { event_id: event } = await ctx.post(`deliveries/${encodeURIComponent(d.id)}/redeliver`)
  say(t.again.sending)
  return event
}

/** Counts, asks, sends a few at a time, and can be stopped. What fails anew is not sent once more. */
export async function redeliverMany(ctx, filter) {
  const stop = new Date(now()).toISOString()
  const until = filter.until && filter.until < stop ? filter.until : stop
  const { count: all } = await ctx.get('deliveries/count', { ...filter, until })
  if (!all) {
    return dialog(t.again.nothing, [h('p', t.again.nothingText)], [[t.common.close, null, 'plain']])
  }
  const delivered = filter.outcome === 'delivered'
  const what = { n: all, outcome: t.outcomes[filter.outcome] }
  const sure = await confirm(phrase(t.again.askMany, what), [delivered && t.again.twiceMany, t.again.same],
    phrase(t.again.redeliverN, what), delivered)
  if (!sure) return null

  const bar = h('progress', { max: all, 'aria-label': t.again.progress })
  const text = h('p', { role: 'status' }, t.again.starting)
  let stopped = false, sent = 0, looked = 0, cursor = null, first = true
  dialog(t.again.redelivering, [bar, text], [[t.again.stop, null, 'plain']]).then(() => { stopped = true })
  const box = bar.closest('dialog')
  try {
    do {
      const page = await ctx.post('deliveries/redeliver',
        { filter, until, cursor, limit: AT_ONCE, ...first && { confirm_count: all } })
      first = false
      cursor = page.next_cursor
      sent += page.sent
      looked += page.looked_at
      bar.value = looked
      text.textContent = phrase(t.again.sent, { sent, all })
    } while (cursor && !stopped)
  } catch (error) {
    box.close()
    if (error.status === 409) error.message = t.again.changed
    throw error
  }
  if (stopped) return say(phrase(t.again.stopped, { sent, all }))
  text.textContent = phrase(t.again.done, { n: sent })
  box.querySelector('button').textContent = t.common.close
}
