// SPDX-License-Identifier: MIT
// Redelivery of one delivery, and of all that fit a filter.
import { now } from '../api.js'
import { count, plural } from '../format.js'
import { confirm, dialog, h, say } from '../ui.js'

const AT_ONCE = 20
const SAME = 'The same bytes are sent as a new delivery, signed with the present secret. ' +
  'The timestamp stays that of the event: a receiver that refuses old ones will refuse it.'

/** Asks, then sends again; answers the event's id, or nothing. */
export async function redeliverOne(ctx, d) {
  const twice = d.outcome === 'delivered' &&
    'The receiver has confirmed this delivery already, and will get it a second time.'
  if (!(await confirm('Send it again?', [twice, SAME], 'Redeliver'))) return null
  const { event_id: event } = await ctx.post(`deliveries/${encodeURIComponent(d.id)}/redeliver`)
  say('It is being sent again')
  return event
}

/** Counts, asks, sends a few at a time, and can be stopped. What fails anew is not sent once more. */
export async function redeliverMany(ctx, filter) {
  const stop = new Date(now()).toISOString()
  const until = filter.until && filter.until < stop ? filter.until : stop
  const { count: all } = await ctx.get('deliveries/count', { ...filter, until })
  const what = `${plural(all, 'delivery', 'deliveries')} (${filter.outcome})`
  if (!all) {
    return dialog('Nothing to redeliver', [h('p', 'No delivery of these has failed.')], [['Close', null, 'plain']])
  }
  const delivered = filter.outcome === 'delivered'
  const twice = delivered && 'Their receivers have confirmed them already, and will get them a second time.'
  if (!(await confirm(`Redeliver ${what}?`, [twice, SAME], `Redeliver ${count(all)}`, delivered))) return null

  const bar = h('progress', { max: all, 'aria-label': 'Progress' })
  const text = h('p', { role: 'status' }, 'Starting…')
  let stopped = false, sent = 0, looked = 0, cursor = null, first = true
  dialog('Redelivering', [bar, text], [['Stop', null, 'plain']]).then(() => { stopped = true })
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
      text.textContent = `${count(sent)} of ${count(all)} sent again`
    } while (cursor && !stopped)
  } catch (error) {
    box.close()
    if (error.status === 409) error.message = 'The log has changed meanwhile, and so has the count. Please look again.'
    throw error
  }
  if (stopped) return say(`Stopped: ${count(sent)} of ${count(all)} were sent again`)
  text.textContent = `Done: ${plural(sent, 'delivery is', 'deliveries are')} being sent again.`
  box.querySelector('button').textContent = 'Close'
}
