// SPDX-License-Identifier: MIT
// Slack, played by `helmdesk listen --as slack`, which takes or refuses messages as Slack does.
import assert from 'node:assert/strict'
import { button, card, row, stage } from './lib/stage.mjs'

const { it } = stage()
const HOSTILE = '<!channel> & <https://evil.example|click> *bold* _it_ ~no~ `code` > quoted\n'

const slackText = (arrival) => {
  const { text, blocks } = JSON.parse(arrival.body)
  return (blocks ?? []).flatMap((block) => [block.text?.text, ...(block.fields ?? []).map((f) => f.text)])
    .filter(Boolean).join('\n') || text
}

it('05 a hostile subject of 5,000 characters is a message that Slack takes', async (scene) => {
  const slack = await scene.listen({ as: 'slack' })
  await scene.desk.webhook({ name: '#support', url: slack.url, format: 'slack' })
  await scene.desk.ticket({ subject: HOSTILE + 'a'.repeat(5000 - HOSTILE.length), email: 'ann<b>@example.com' })
  const [arrival] = await slack.arrived(1)
  assert.equal(arrival.answer.status, 200)
  assert.equal(arrival.remark, null, 'nothing that is unescaped')
  const text = slackText(arrival)
  assert.ok(!/<[^>]*>/.test(text), `no link and no mention in: ${text.slice(0, 300)}`)
  assert.ok(text.includes('&lt;!channel&gt; &amp; &lt;https'))

  const page = await scene.open('deliveries')
  await row(page, 'click').locator('.badge', { hasText: '200' }).waitFor()
  await row(page, 'click').getByRole('link').first().click()
  await page.getByRole('region', { name: 'Response body' }).getByText('ok', { exact: true }).waitFor()
})

it('05 the preview is what Slack gets', async (scene) => {
  const slack = await scene.listen({ as: 'slack' })
  const webhook = await scene.desk.webhook({ name: '#support', url: slack.url, format: 'slack' })
  const page = await scene.open(`webhooks/${webhook.id}/edit`)
  const preview = card(page, 'Preview')
  await preview.getByRole('group', { name: 'As shown in Slack' }).waitFor()
  await preview.getByRole('radio', { name: 'Bytes' }).check()
  await preview.getByText(/^Exactly/).waitFor()
  const shown = await preview.getByRole('region', { name: 'Body' }).textContent()
  const drawn = await preview.getByRole('group', { name: 'As shown in Slack' }).innerText()
  await page.getByRole('link', { name: 'Overview' }).click()
  await button(card(page, 'Send a test'), 'Send test').click()
  await card(page, 'Send a test').getByText('200').first().waitFor()
  const [arrival] = await slack.arrived(1)
  assert.equal(arrival.remark, null)
  const [one, other] = [JSON.parse(shown), JSON.parse(arrival.body)]
  assert.deepEqual(Object.keys(one), Object.keys(other))
  assert.equal(slackText({ body: shown }), slackText(arrival))
  for (const word of ['New Ticket Created', 'Subject']) assert.ok(drawn.includes(word), `${drawn} has ${word}`)
})

it('05 the wrong format: Slack says no_text, and the page explains it', async (scene) => {
  const slack = await scene.listen({ as: 'slack' })
  const webhook = await scene.desk.webhook({ name: '#support', url: slack.url, format: 'json' })
  const page = await scene.open(`webhooks/${webhook.id}`)
  const test = card(page, 'Send a test')
  await button(test, 'Send test').click()
  await test.locator('.verdict').waitFor()
  assert.match(await test.innerText(), /400/)
  await test.getByText('Show request and response').click()
  await test.getByRole('region', { name: 'Response body' }).getByText('no_text').waitFor()
  assert.match(await test.locator('.explain').innerText(), /format/)
})

for (const [status, word] of [['410', 'channel_is_archived'], ['404', 'channel_not_found'],
  ['403', 'action_prohibited']]) {
  it(`05 Slack refuses: ${word}`, async (scene) => {
    const slack = await scene.listen({ as: 'slack', respond: status })
    const webhook = await scene.desk.webhook({ name: '#support', url: slack.url, format: 'slack' })
    const page = await scene.open(`webhooks/${webhook.id}`)
    const test = card(page, 'Send a test')
    await button(test, 'Send test').click()
    await test.locator('.verdict').waitFor()
    assert.ok((await test.innerText()).includes(word))
    assert.match(await test.locator('.explain').innerText(), /Slack|channel/)
  })
}
