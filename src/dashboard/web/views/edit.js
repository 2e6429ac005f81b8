// SPDX-License-Identifier: MIT
// A new webhook, or the settings of one.
import { inOrder } from '../api.js'
import { bdi, ms } from '../format.js'
import { phrase, t } from '../texts.js'
import { button, confirm, empty, fill, h, loader, loading, segmented, toast } from '../ui.js'
import { crumbs, isAlert, name, pathOf, tabs } from './parts.js'
import { preview } from './preview.js'
import { changed, staleNote } from './stale.js'

export default function (ctx) {
  const { id } = ctx
  const from = ctx.parameters.get('from')
  const title = id ? t.webhook.settings : t.edit.new
  const heading = h('h1', { tabindex: -1 }, title)
  const body = h('div', loading())
  ctx.title(title)
  const note = h('div')
  let known, version, dirty = false, saving = false, checks = 0

  const build = loader(body, async () => {
    if (!ctx.admin) return fill(body, empty(t.edit.viewer, t.edit.viewerText))
    const [webhook, events] = await Promise.all([
      (id || from) && ctx.get(pathOf(id || from)),
      ctx.get('events'),
    ])
    const given = webhook || { name: '', url: '', format: 'json', events: events.data.map((e) => e.name).filter((name) => !isAlert(name)), mode: 'on',
      headers: [], max_attempts: 1, max_in_flight: 4, rate: null, ordered: false, standard_headers: false }
    if (id) {
      fill(heading, bdi(name(given)))
      ctx.title(name(given))
    }
    if (from) Object.assign(given, { name: phrase(t.edit.copyOf, given), client_certificate: null })
    known = given
    version = given.version
    fill(note)
    return fill(body, draw(given, events.data))
  })

  const ask = inOrder(() => ctx.get(pathOf(id)))

  /** Looks whether somebody else has changed these settings; answers whether it told so. */
  async function look() {
    if (!id || !version || saving) return false
    const present = await ask()
    if (!present || saving || present.version <= version) return false
    const names = changed(known, present)
    if (!names.length) { // but something that is not set here, such as the secret
      version = present.version
      return false
    }
    const load = () => {
      dirty = false
      return build()
    }
    const overwrite = () => {
      known = present
      version = present.version
      fill(note)
    }
    fill(note, staleNote(names, present, load, overwrite))
    return true
  }

  function draw(given, events) {
    let format = given.format
    const input = (key, props) => h('input', { id: `f-${key}`, name: key, autocomplete: 'off', ...props })
    const box = (key, text, hint, checked) => h('label.check', input(key, { type: 'checkbox', checked }),
      h('span', text, hint && h('span.hint', hint)))
    const field = (key, label, hint, control) => {
      control.setAttribute('aria-describedby', `f-${key}-hint f-${key}-error`)
      return h('div.field', h('label', { for: `f-${key}` }, label), hint && h('p.hint', { id: `f-${key}-hint` }, hint),
        control, h('p.error', { id: `f-${key}-error` }))
    }
    const url = input('url', { type: 'url', inputmode: 'url', value: given.url ?? '', placeholder: 'https://',
      required: true, spellcheck: 'false', onblur: check })
    const advice = h('div', { role: 'status' })
    const headers = h('div.stack')
    const secret = input('secret', { spellcheck: 'false', class: 'mono', oninput: () => shown.draw() })
    const ownCertificate = given.client_certificate?.trim() ?? ''
    const certificate = h('textarea', { id: 'f-client_certificate', name: 'client_certificate', rows: 3, class: 'mono',
      spellcheck: 'false', autocomplete: 'off', value: ownCertificate })
    // A value that is there is known to the server alone: null. It stays as long as its name does.
    const headerRow = ([key, value] = ['', '']) => {
      const keep = value === null ? from ? '' : key : null
      const part = (props) => h('input', { spellcheck: 'false', autocomplete: 'off', ...props })
      const remove = () => {
        row.remove()
        dirty = true
        more.focus()
      }
      const name = part({ 'aria-label': t.edit.headerName, placeholder: 'X-Name', value: key, oninput: drawKept })
      const secret = part({ 'aria-label': t.edit.headerValue, value: value ?? '', 'data-keep': keep })
      function drawKept() {
        secret.placeholder = keep === null ? '' : keep === name.value.trim() ? t.edit.headerKept : t.edit.headerAgain
      }
      drawKept()
      const row = h('div.row.pair', name, secret,
        h('button.quiet', { type: 'button', 'aria-label': t.edit.removeHeader, onclick: remove }, '✕'))
      return row
    }
    const addHeader = () => {
      headers.append(headerRow())
      headers.lastChild.querySelector('input').focus()
    }
    const more = h('button.plain.small', { type: 'button', onclick: addHeader }, t.edit.addHeader)
    headers.append(...given.headers.map(headerRow))
    const formatBox = h('div.field', segmented(t.edit.format, 'format', Object.entries(t.formats), format,
      (value) => { format = value; check(); shown.draw() }),
      h('p.hint', t.edit.formatHint))
    // A period that has no name stays as it is.
    const rateFields = (rate) => h('fieldset.field', { id: 'f-rate', tabindex: -1, 'aria-describedby': 'f-rate-error' },
      h('legend', t.edit.rate), h('p.hint', t.edit.rateHint),
      h('div.row',
        h('input', { name: 'rate_count', type: 'number', min: 1, 'aria-label': t.edit.rateRequests,
          value: rate?.count ?? '' }),
        h('select', { name: 'rate_period', 'aria-label': t.edit.ratePeriod },
          Object.entries({ ...rate && { [rate.period_ms]: ms(rate.period_ms) }, ...t.periods }).map(([value, period]) =>
            h('option', { value, selected: Number(value) === (rate?.period_ms ?? 1000) },
              phrase(t.edit.ratePer, { period })))),
        h('input', { name: 'rate_burst', type: 'number', min: 1, max: 1000, 'aria-label': t.edit.rateBurst,
          value: rate?.burst ?? 1 }), h('span', t.edit.rateBurst)),
      h('p.error', { id: 'f-rate-error' }))
    const pauseFields = (rule) => h('fieldset.field', { id: 'f-pause_rule', tabindex: -1, 'aria-describedby': 'f-pause_rule-error' },
      h('legend', t.edit.pause), h('p.hint', t.edit.pauseHint),
      h('div.row',
        h('input', { name: 'pause_failures', type: 'number', min: 0, max: 1000000, 'aria-label': t.edit.pauseFailures,
          value: rule?.failures ?? '' }), h('span', t.edit.pauseFailures),
        h('input', { name: 'pause_minutes', type: 'number', min: 0, max: 1440, step: 'any', 'aria-label': t.edit.pauseMinutes,
          value: rule?.failures ? rule.pause_ms / 60000 : 5 }), h('span', t.edit.pauseMinutes)),
      h('p.error', { id: 'f-pause_rule-error' }))
    const shown = preview(ctx, events, () => ({ format, secret: secret.value || undefined }))
    const summary = h('div', { tabindex: -1, class: 'note bad', hidden: true, 'aria-labelledby': 'summary-title' })
    const advanced = h('details', { open: given.headers.length > 0 }, h('summary', t.edit.advanced), h('div.stack',
      !id && field('secret', t.secret.secret, t.edit.secretHint, secret),
      h('fieldset.field', { id: 'f-headers', tabindex: -1, 'aria-describedby': 'f-headers-error' },
        h('legend', t.edit.headers), h('p.hint', t.edit.headersHint),
        headers, h('p.error', { id: 'f-headers-error' }), more),
      h('div.row.top-aligned',
        field('max_attempts', t.edit.attempts, t.edit.attemptsHint,
          input('max_attempts', { type: 'number', min: 1, max: 20, value: given.max_attempts })),
        field('max_in_flight', t.edit.inFlight, t.edit.inFlightHint,
          input('max_in_flight', { type: 'number', min: 1, max: 64, value: given.max_in_flight }))),
      rateFields(given.rate), pauseFields(given.pause_rule),
      field('client_certificate', t.webhook.clientCertificate, t.edit.certificateHint, certificate),
      box('ordered', t.edit.ordered, t.edit.orderedHint, given.ordered),
      box('standard_headers', t.webhook.standardHeaders, t.edit.standardHint, given.standard_headers)))
    const choice = (e) => h('label.check',
      h('input', { type: 'checkbox', name: 'events', value: e.name, checked: given.events.includes(e.name) }),
      h('span', h('code', e.name), h('span.hint', t.events[e.name])))
    const choices = h('fieldset.field', { id: 'f-events', tabindex: -1, 'aria-describedby': 'f-events-error' },
      h('legend', t.edit.events),
      events.filter((e) => !isAlert(e.name)).map(choice), h('p.hint', t.edit.alerts),
      events.filter((e) => isAlert(e.name)).map(choice),
      h('p.error', { id: 'f-events-error' }))
    const modes = h('fieldset.field', { id: 'f-mode', tabindex: -1, 'aria-describedby': 'f-mode-error' },
      h('legend', t.edit.mode),
      Object.entries(t.modes).map(([value, { name, meaning }]) => h('label.check',
        h('input', { type: 'radio', name: 'mode', value, checked: value === given.mode }),
        h('span', name, h('span.hint', meaning)))),
      h('p.error', { id: 'f-mode-error' }))
    const form = h('form.card', { novalidate: true, oninput: () => { dirty = true },
      onsubmit: (event) => event.preventDefault() }, summary, from && h('div.note', t.edit.notCopied),
      field('name', t.edit.name, t.edit.nameHint, input('name', { value: given.name })),
      field('url', t.edit.url, t.edit.urlHint, url), advice, formatBox, choices,
      modes, advanced,
      // Pressing one of them leaves no field, so that no message comes and moves it away under the pointer.
      h('div.row', { onmousedown: (event) => event.preventDefault() }, save, saveAndTest,
        h('a.button.plain', { href: id ? ctx.to('webhooks', id) : ctx.to('webhooks') }, t.common.cancel)))

    /** Errors by JSON pointer, beside their fields. only: the key whose errors are shown anew. */
    function mark(errors, only) {
      const marks = errors.map((e) => [document.getElementById(`f-${e.pointer.split('/')[1]}`), e.message])
      for (const box of form.querySelectorAll('.error')) {
        const el = document.getElementById(box.id.slice(0, -6))
        if (only && el.id !== `f-${only}`) continue
        const message = marks.filter(([other]) => other === el).map(([, text]) => text).join(' ')
        box.textContent = message
        if (el.tagName !== 'FIELDSET') el.ariaInvalid = message ? 'true' : null
      }
      if (only) return
      summary.hidden = !errors.length
      fill(summary, h('strong', { id: 'summary-title' }, phrase(t.edit.attention, { n: errors.length })),
        h('ul', marks.map(([el, text]) => h('li', !el ? text : h('a', { href: `#${el.id}`,
          onclick: (event) => { event.preventDefault(); reveal(el).focus() } },
        phrase(t.edit.fieldError, { field: labelOf(el), message: text }))))))
      if (!errors.length) return
      marks.forEach(([el]) => el && reveal(el))
      summary.focus()
    }

    const labelOf = (el) => (el.labels?.[0] ?? el.querySelector('legend')).textContent

    function reveal(el) {
      if (advanced.contains(el)) advanced.open = true
      return el
    }

    async function check() {
      const turn = ++checks
      fill(advice)
      if (!url.value) return
      try {
        const { warnings } = await ctx.post('check-url', { url: url.value, format })
        if (turn !== checks || ctx.signal.aborted) return
        const other = format === 'json' ? 'slack' : 'json'
        mark([], 'url')
        const change = () => form.querySelector(`[name=format][value=${other}]`).click()
        const text = phrase(t.edit.switchTo, { format: t.formats[other] })
        fill(advice, warnings.map(({ code }) => code === 'slack_format' &&
          h('div.note', t.edit.slackFormat[format], ' ', button(text, change, { class: 'plain small' }))))
      } catch (error) {
        if (turn !== checks || ctx.signal.aborted) return
        if (error.status !== 422) return toast(error)
        mark(error.errors, 'url')
      }
    }

    const header = (row) => {
      const [key, { value, dataset: { keep } }] = row.querySelectorAll('input')
      const name = key.value.trim()
      return { name, value: value || (keep === name ? null : ''), isLost: !value && keep !== undefined && keep !== name }
    }

    function collect() {
      const { elements } = form
      const { rate_count: requests, rate_period: period, rate_burst: burst } = elements
      const { pause_failures: failures, pause_minutes: minutes } = elements
      const hasRule = failures.value !== '' || failures.validity.badInput
      const isLimited = requests.value !== '' || requests.validity.badInput
      const fields = {
        name: elements.name.value.trim(), url: url.value.trim(), format, mode: elements.mode.value,
        events: [...form.querySelectorAll('[name=events]:checked')].map((el) => el.value),
        max_attempts: elements.max_attempts.valueAsNumber, max_in_flight: elements.max_in_flight.valueAsNumber,
        rate: isLimited ? { count: requests.valueAsNumber, period_ms: Number(period.value), burst: burst.valueAsNumber } : null,
        pause_rule: hasRule ? { failures: failures.valueAsNumber, pause_ms: Math.round(minutes.valueAsNumber * 60000) } : null,
        ordered: elements.ordered.checked, standard_headers: elements.standard_headers.checked,
        headers: [...headers.children].map(header).filter(({ name }) => name).map(({ name, value }) => [name, value]),
      }
      const pem = certificate.value.trim()
      if (pem !== ownCertificate) fields.client_certificate = pem || null // its key is known to the server alone
      return id || !secret.value ? fields : { ...fields, secret: secret.value }
    }

    async function submit(test) {
      checks++ // what the server says of the whole counts, and not of the address alone
      const fields = collect()
      const errors = []
      if (!fields.url) errors.push({ pointer: '/url', message: t.edit.urlMissing })
      if (!fields.events.length) errors.push({ pointer: '/events', message: t.edit.eventsMissing })
      for (const { name, isLost } of [...headers.children].map(header)) {
        if (name && isLost) errors.push({ pointer: '/headers', message: phrase(t.edit.headerLost, { name }) })
      }
      mark(errors)
      if (errors.length) return
      const had = document.activeElement
      saving = form.inert = true // what is typed or pressed now would be lost
      try {
        const headers = id && { 'If-Match': `"${version}"` }
        const answer = await ctx.request(id ? 'PATCH' : 'POST', id ? pathOf(id) : 'webhooks', fields, { headers })
        const saved = await answer.json()
        version = saved.version
        dirty = false
        if (ctx.signal.aborted) return
        ctx.store.fresh = { id: saved.id, secret: saved.secret, test }
        ctx.go(ctx.to('webhooks', saved.id))
      } catch (error) {
        if (error.status === 412) {
          saving = false
          return (await look()) ? note.scrollIntoView({ block: 'nearest' }) : await submit(test)
        }
        if (error.status !== 422 || !error.errors.length || ctx.signal.aborted) throw error
        form.inert = false
        mark(error.errors)
      } finally {
        saving = form.inert = false
        if (document.activeElement === document.body) had.focus()
      }
    }
    save.work = () => submit(false)
    saveAndTest.work = () => submit(true)
    shown.draw()
    return h('div.editor', form, shown.node)
  }

  const save = button(t.edit.save, () => save.work(), { type: 'submit' })
  const saveAndTest = button(t.edit.saveAndTest, () => saveAndTest.work(), { class: 'plain' })
  ctx.live((type) => type !== 'delivery' && look())
  build()
  return {
    node: [crumbs(ctx), heading, id && tabs(ctx, id, t.webhook.settings), note, body],
    dirty: () => dirty,
    leave: () => !dirty || confirm(t.edit.leave, t.edit.leaveText, t.edit.leaveDo, true),
  }
}
