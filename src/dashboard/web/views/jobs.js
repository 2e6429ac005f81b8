// SPDX-License-Identifier: MIT
// The jobs of a project that send deliveries again, or what a webhook missed: for everybody, whoever started them.
import { time } from '../format.js'
import { phrase, t } from '../texts.js'
import { button, h, loader, reconcile } from '../ui.js'
import { leftOut } from './again.js'

const LOOK_MS = 1000

const all = (job) => job.sent + job.left

/** How far it is, or how it ended. */
function progress(job) {
  const how = { sent: job.sent, all: all(job), delivered: job.delivered, failed: job.failed }
  return [phrase(t.jobs.progress, how), leftOut(job)].filter(Boolean).join(' ')
}

/** Nothing until there is a job; then a card that is closed at first, unless one runs. */
export function jobsCard(ctx) {
  let jobs = [], timer
  const list = h('ul.changes')
  const title = h('summary')
  const node = h('details.card', { hidden: true }, title, list)
  const act = (job, what) => async () => {
    await ctx.post(`jobs/${job.id}/${what}`)
    await load()
  }

  const item = (job) => h('li', time(job.created_at, true), ' ', t.jobs.sources[job.source], ': ', t.jobs.states[job.state], '. ',
    h('span.num', progress(job)), ' ',
    job.pace > 0 && phrase(t.jobs.pace, { n: job.pace }), ' ',
    ctx.admin && job.state === 'running' && button(t.again.stop, act(job, 'stop'), { class: 'plain' }),
    ctx.admin && job.state === 'stopped' && button(t.jobs.resume, act(job, 'resume'), { class: 'plain' }))

  function draw() {
    const running = jobs.filter((job) => job.state === 'running').length
    if (running && node.hidden) node.open = true
    node.hidden = !jobs.length
    title.textContent = running ? phrase(t.jobs.running, { n: running }) : phrase(t.jobs.ended, { n: jobs.length })
    reconcile(list, jobs, (job) => job.id, item)
    clearTimeout(timer)
    if (running && !ctx.signal.aborted) timer = setTimeout(() => load(), LOOK_MS)
  }

  const load = loader(list, async () => {
    jobs = (await ctx.get('jobs')).data
    draw()
  })
  ctx.again(load.work, (type) => type === 'delivery') // somebody else may have started one
  ctx.signal.addEventListener('abort', () => clearTimeout(timer))
  load()
  return { node, load }
}
