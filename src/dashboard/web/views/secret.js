// SPDX-License-Identifier: MIT
// The card of the secret: shown for a minute, copied, rotated in two steps, or replaced at once.
import { visible } from '../format.js'
import { button, card, confirm, copyButton, fill, h, say } from '../ui.js'
import { pathOf } from './parts.js'

const SECONDS = 60
const SAID = {
  stage: 'The next secret is ready',
  unstage: 'The next secret is gone',
  activate: 'The next secret signs now',
  undo: 'The previous secret signs again',
  forget: 'The previous secret is erased',
  replace: 'The secret is replaced',
}

export function secretCard(ctx, webhook, fresh, refresh) {
  const body = h('div.stack')
  const ask = (step, values) => ctx.post(`${pathOf(webhook.id)}/secret/${step}`, values)
  const left = h('span.muted.small')
  let shown = fresh.secret ? { secret: fresh.secret } : null
  let timer

  const call = async (step, values) => {
    const of = webhook
    const secrets = await ask(step, values)
    if (ctx.signal.aborted || (step === 'reveal' && webhook !== of)) return
    try {
      if (step !== 'reveal') await refresh()
    } finally {
      reveal(secrets)
    }
    if (step !== 'reveal') say(SAID[step])
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
      left.textContent = `hidden in ${seconds} s`
      if (seconds <= 0) hide()
    }
    timer = setInterval(tick, 1000)
    tick()
  }

  const line = (label, key) => h('div.secret', h('span.muted.small', label),
    h('code.break', shown?.[key] ? visible(shown[key]) : '••••••••••••••••'),
    copyButton('Copy', async () => (shown ?? await ask('reveal'))[key],
      { class: 'plain small', 'aria-label': `Copy the ${label.toLowerCase()}` }))

  const step = (text, work, kind = 'plain') => button(text, work, { class: kind })

  async function stage(title, path, texts, action, danger) {
    const own = h('input', { id: 'own-secret', autocomplete: 'off', spellcheck: 'false', class: 'mono' })
    const sure = await confirm(title, [...texts, h('div.field', h('label', { for: 'own-secret' }, 'Secret'),
      h('p.hint', 'Leave it empty for a new random one.'), own)], action, danger)
    if (sure) await call(path, own.value ? { secret: own.value } : {})
  }

  const rotate = () => stage('Rotate the secret', 'stage', [
    'Step 1 makes the next secret; deliveries are still signed with the present one. Give both to your receiver.',
    'Step 2 lets the next secret sign. You can undo that.',
  ], 'Make the next secret')

  const replace = () => stage('Replace the secret now?', 'replace', [
    'From the next delivery on, the new secret signs. A receiver that knows only the old one refuses everything ' +
      'until you change it there. Do this if the secret has leaked; otherwise rotate.',
  ], 'Replace now', true)

  async function activate() {
    const sure = await confirm('Let the next secret sign?',
      'Every delivery from now on is signed with it. Your receiver must accept it already.', 'Activate')
    if (sure) await call('activate')
  }

  async function forget() {
    const sure = await confirm('Erase the previous secret?', 'After that you cannot go back to it.', 'Erase', true)
    if (sure) await call('forget')
  }

  /** Where the rotation is, and what can be done next. */
  function rotation() {
    const { secret_staged: staged, secret_previous: previous } = webhook
    if (staged) {
      return h('div.note', h('strong', 'Rotation, step 1 of 2. '),
        'Deliveries are signed with the present secret. Give your receiver both, then activate the next one.',
        h('div.row', step('Activate…', activate, ''), step('Take it back', () => call('unstage')),
          previous && step('Erase the previous…', forget)))
    }
    if (previous) {
      return h('div.note', h('strong', 'Rotation, step 2 of 2. '),
        'The new secret signs. Watch the deliveries below; undo if your receiver refuses them.',
        h('div.row', step('Undo', () => call('undo')), step('Erase the previous…', forget)))
    }
    return h('div.row', step('Rotate…', rotate), step('Replace now…', replace, 'plain bad'))
  }

  function draw() {
    fill(body,
      fresh.secret &&
        h('div.note.good', 'The webhook is made. Give this secret to your receiver: it checks the signature with it.'),
      line('Secret', 'secret'),
      webhook.secret_staged && line('Next secret', 'next'),
      webhook.secret_previous && line('Previous secret', 'previous'),
      h('div.row', shown ? [step('Hide', hide), left] : step('Reveal', () => call('reveal'))),
      rotation())
    count()
  }

  ctx.signal.addEventListener('abort', () => clearInterval(timer))
  draw()
  if (fresh.rotate) setTimeout(rotate)
  return {
    node: card('Secret', body),
    seen(changed) { webhook = changed }, // which touched no secret
    update(changed) {
      if (changed.version === webhook.version) return
      webhook = changed
      hide() // what was shown may be another one by now
    },
  }
}
