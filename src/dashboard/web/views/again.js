// SPDX-License-Identifier: MIT
// Redelivery of one delivery, of all that fit a filter, and of what a webhook missed.
import { phrase, t } from '../texts.js'
import { confirm, dialog, h, say } from '../ui.js'

const LOOK_MS = 300

/** Asks, then sends again; answers the event's id, or nothing. */
export async function redeliverOne(ctx, d) {
  const twice = d.outcome === 'delivered' && t.again.twiceOne
  if (!(await confirm(t.again.askOne, [twice, t.again.same], t.again.redeliver))) return null
  const { event_id: event } = await ctx.post(`deliveries/${encodeURIComponent(d.id)}/redeliver`)
  say(t.again.sending)
  return event
}

/** What a job leaves out, and why; nothing if it leaves nothing out. */
export function leftOut(job) {
  const why = Object.entries(t.again.reasons).filter(([key]) => job.left_out_because[key])
    .map(([key, text]) => phrase(text, { n: job.left_out_because[key] }))
  return job.left_out > 0 && phrase(t.again.leftOut, { n: job.left_out, why: why.join(', ') })
}

const PACES = [0, 1, 10, 100] // a second; 0: as fast as the receivers take them

const paceChoice = () => h('select', PACES.map((n) =>
  h('option', { value: n }, n ? phrase(t.jobs.perSecond, { n }) : t.jobs.fast)))

/** Asks about a job that was planned, starts it, and shows how far it is. It runs on without the page; Stop ends it. */
async function run(ctx, job, plan, question, texts, danger) {
  const pace = paceChoice()
  const all = plan.left
  const sure = await confirm(question, [...texts, leftOut(plan), t.again.same, h('label', t.jobs.paceLabel, pace)],
    phrase(t.again.redeliverN, { n: all }), danger)
  if (!sure) return null
  try {
    return watch(ctx, await ctx.post('jobs', { ...job, pace: Number(pace.value), confirm_count: all }), all)
  } catch (error) {
    if (error.status === 409) error.message = t.again.changed
    throw error
  }
}

const nothing = (plan, text) => dialog(t.again.nothing, [h('p', leftOut(plan) || text)], [[t.common.close, null, 'plain']])

export async function redeliverMany(ctx, filter) {
  const plan = await ctx.post('jobs', { filter, plan: true })
  if (!plan.left) return nothing(plan, t.again.nothingText)
  const delivered = filter.outcome === 'delivered'
  const what = { n: plan.left, outcome: t.outcomes[filter.outcome] }
  return run(ctx, { filter }, plan, phrase(t.again.askMany, what), [delivered && t.again.twiceMany], delivered)
}

/** The events that a webhook never got: since it was off, or was made later. */
export async function replayMissed(ctx, webhook) {
  const job = { source: 'missed', filter: { webhook: webhook.id } }
  const plan = await ctx.post('jobs', { ...job, plan: true })
  if (!plan.left) return nothing(plan, t.jobs.nothingMissed)
  return run(ctx, job, plan, phrase(t.jobs.askMissed, { n: plan.left }), [t.jobs.missedText])
}

async function watch(ctx, job, all) {
  const bar = h('progress', { max: all, 'aria-label': t.again.progress })
  const text = h('p', { role: 'status' }, t.again.starting)
  let closed = false
  const answer = dialog(t.again.redelivering, [bar, text],
    [[t.common.close, null, 'plain'], [t.again.stop, 'stop', 'plain']])
  const box = bar.closest('dialog')
  const stopped = answer.then(async (pressed) => {
    closed = true
    if (pressed !== 'stop') return
    job = await ctx.post(`jobs/${job.id}/stop`)
    say(phrase(t.again.stopped, { sent: job.sent, all }))
  })
  while (!closed && job.state === 'running') {
    await new Promise((resolve) => { setTimeout(resolve, LOOK_MS) })
    const now = await ctx.get(`jobs/${job.id}`)
    if (closed) break
    job = now
    bar.value = job.delivered + job.failed
    text.textContent = phrase(t.again.sent, { sent: job.sent, all })
  }
  if (closed) return stopped
  text.textContent = job.state === 'stopped' ? phrase(t.again.stopped, { sent: job.sent, all })
    : phrase(t.again.done, { delivered: job.delivered, failed: job.failed })
  box.querySelector('button:last-of-type').remove()
  return stopped
}
