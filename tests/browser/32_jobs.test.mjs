// SPDX-License-Identifier: MIT
// Jobs that send again, or what a webhook missed, are seen by everybody, can be slowed, stopped and resumed.
import assert from 'node:assert/strict'
import { CLOSED_PORT } from './lib/servers.mjs'
import { button, choose, heading, stage } from './lib/stage.mjs'
import { eventually } from './lib/wait.mjs'

const { it } = stage()

it('32 a slow redelivery is listed for everybody, stopped by another admin, and resumed', async (scene) => {
  const webhook = await scene.desk.webhook({ name: 'Was down', url: `http://127.0.0.1:${CLOSED_PORT}/`, max_attempts: 1 })
  for (let i = 0; i < 12; i++) await scene.desk.ticket({ subject: `Lost ${i}` })
  await scene.desk.logged(12, '?outcome=failed')
  const receiver = await scene.listen({ respond: '200' })
  await scene.desk.api('PATCH', `webhooks/${webhook.id}`, { url: receiver.url },
    { headers: { 'If-Match': `"${webhook.version}"` } })

  const page = await scene.open('deliveries?outcome=failed')
  const other = await scene.open('deliveries')
  await heading(other, 'Deliveries')
  await button(page, 'Redeliver 12…').click()
  const box = page.getByRole('dialog')
  await box.getByLabel('Pace').selectOption('1')
  await button(box, 'Redeliver 12').click()
  await receiver.arrived(1)
  await other.getByText('Redeliveries: 1 in progress').waitFor()
  await other.getByText('At most 1 per second.').waitFor()
  await button(other, 'Stop').click()
  await other.getByText('Redeliveries: 1 ended').waitFor()
  await page.keyboard.press('Escape')
  const { data: [job] } = await scene.desk.api('GET', 'jobs')
  assert.equal(job.state, 'stopped')
  assert.ok(job.sent < 12, `${job.sent} were sent`)

  await other.reload()
  await other.getByText('Redeliveries: 1 ended').click()
  await button(other, 'Resume').click()
  await eventually(async () => (await scene.desk.api('GET', 'jobs')).data[0].state === 'done', 'the end of the job')
  await other.getByText('12 of 12 sent: 12 delivered, 0 failed.').waitFor()
  assert.equal((await receiver.arrived(12)).length, 12)
  await scene.desk.ask('DELETE', `/admin/api/v1/projects/acme/webhooks/${webhook.id}`)
})

it('32 what a webhook missed while it was off is sent to it', async (scene) => {
  const receiver = await scene.listen({ respond: '200' })
  const webhook = await scene.desk.webhook({ name: 'Was off', url: receiver.url, mode: 'off' })
  const keeper = await scene.desk.webhook({ name: 'Was on', url: (await scene.listen({ respond: '200' })).url })
  for (let i = 0; i < 3; i++) await scene.desk.ticket({ subject: `Missed ${i}` })
  await scene.desk.logged(3, `?webhook=${keeper.id}`)
  const page = await scene.open()
  await choose(page, 'Actions for Was off', 'Turn on')
  await choose(page, 'Actions for Was off', 'Replay missed events…')
  const box = page.getByRole('dialog')
  await box.getByText(/Send \d+ missed events\?/).waitFor()
  await box.getByRole('button', { name: /^Redeliver \d+$/ }).click()
  await eventually(async () => (await scene.desk.api('GET', 'jobs')).data[0].state === 'done', 'the end of the job')
  const subjects = (await receiver.arrived(3)).map((one) => JSON.parse(one.body).data.ticket.subject)
  assert.deepEqual(subjects.filter((subject) => /^Missed/.test(subject)).sort(), ['Missed 0', 'Missed 1', 'Missed 2'])
})
