// SPDX-License-Identifier: MIT
// The card of the secret: shown for a minute, copied, rotated in two steps, or replaced at once.
import { visible } from '../format.js'
import { phrase, t } from '../texts.js'
import { button, card, confirm, copyButton, fill, h, say } from '../ui.js'
import { told } from './changes.js'
import { pathOf } from './parts.js'

const SECONDS = 60

export function secretCard(ctx, webhook, fresh, refresh) {
  const body = h('div.stack')
  /** version: of the webhook that was looked at; another one is not changed. */
  const ask = async (step, values = {}, version) => (await ctx.request('POST', `${pathOf(webhook.id)}/secret/${step}`,
    values, { headers: version && { 'If-Match': `"${version}"` } })).json()
  const left = h('span.muted.small')
  let shown = fresh.secret ? { secret: fresh.secret } : null
  let timer

  const call = async (step, values, of = webhook) => {
    const secrets = await ask(step, values, step !== 'reveal' && of.version).catch(async (error) => {
      if (error.status !== 412) throw error
      await refresh()
      throw new Error([error.change && told(error.change), t.secret.changed].filter(Boolean).join(' '))
    })
    if (ctx.signal.aborted || (step === 'reveal' && webhook !== of)) return
    try {
      if (step !== 'reveal') await refresh()
    } finally {
      reveal(secrets)
    }
    if (step !== 'reveal') say(t.secretSaid[step])
  }

  function reveal(secrets) {
    shown = secrets
    draw()
  }

  function hide() {
    shown = null
    fresh = {}
    draw()
  }

  function count() {
    clearInterval(timer)
    if (!shown) return
    const end = Date.now() + SECONDS * 1000
    const tick = () => {
      const seconds = Math.ceil((end - Date.now()) / 1000)
      left.textContent = phrase(t.secret.hiddenIn, { n: seconds })
      if (seconds <= 0) hide()
    }
    timer = setInterval(tick, 1000)
    tick()
  }

  const line = (key, label, copyLabel) => h('div.secret', h('span.muted.small', label),
    h('code.break', shown?.[key] ? visible(shown[key]) : '••••••••••••••••'),
    copyButton(t.secret.copy, async () => (shown ?? await ask('reveal'))[key],
      { class: 'plain small', 'aria-label': copyLabel }))

  const step = (text, work, kind = 'plain') => button(text, work, { class: kind })

  async function stage(title, path, texts, action, danger) {
    const of = webhook
    const own = h('input', { id: 'own-secret', autocomplete: 'off', spellcheck: 'false', class: 'mono' })
    const sure = await confirm(title, [...texts, h('div.field', h('label', { for: 'own-secret' }, t.secret.secret),
      h('p.hint', t.secret.ownHint), own)], action, danger)
    if (sure) await call(path, own.value ? { secret: own.value } : {}, of)
  }

  const rotate = () => stage(t.secret.rotate, 'stage', [t.secret.rotateStep1, t.secret.rotateStep2], t.secret.rotateDo)
  const replace = () => stage(t.secret.replace, 'replace', [t.secret.replaceText], t.secret.replaceDo, true)

  async function activate() {
    const of = webhook
    const sure = await confirm(t.secret.activate, t.secret.activateText, t.secret.activateDo)
    if (sure) await call('activate', {}, of)
  }

  async function forget() {
    const of = webhook
    const sure = await confirm(t.secret.erase, t.secret.eraseText, t.secret.eraseDo, true)
    if (sure) await call('forget', {}, of)
  }

  const leaked = () => step(t.secret.replaceMenu, replace, 'plain bad')

  /** Where the rotation is, and what can be done next. */
  function rotation() {
    const { secret_staged: staged, secret_previous: previous } = webhook
    if (staged) {
      return h('div.note', h('strong', t.secret.step1), t.secret.step1Text,
        h('div.row', step(t.secret.activateMenu, activate, ''), step(t.secret.discard, () => call('unstage')),
          previous && step(t.secret.eraseMenu, forget), leaked()))
    }
    if (previous) {
      return h('div.note', h('strong', t.secret.step2), t.secret.step2Text,
        h('div.row', step(t.secret.undo, () => call('undo')), step(t.secret.eraseMenu, forget), leaked()))
    }
    return h('div.row', step(t.secret.rotateMenu, rotate), leaked())
  }

  function draw() {
    fill(body,
      fresh.secret && h('div.note.good', t.secret.created),
      line('secret', t.secret.secret, t.secret.copySecret),
      webhook.secret_staged && line('next', t.secret.next, t.secret.copyNext),
      webhook.secret_previous && line('previous', t.secret.previous, t.secret.copyPrevious),
      h('div.row', shown ? [step(t.secret.hide, hide), left] : step(t.secret.reveal, () => call('reveal'))),
      rotation())
    count()
  }

  ctx.signal.addEventListener('abort', () => clearInterval(timer))
  draw()
  if (fresh.rotate) setTimeout(rotate)
  return {
    node: card(t.secret.secret, body),
    seen(changed) { webhook = changed }, // which touched no secret
    update(changed) {
      if (changed.version === webhook.version) return
      webhook = changed
      hide() // what was shown may be another one by now
    },
  }
}
