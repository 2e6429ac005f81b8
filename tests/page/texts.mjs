// SPDX-License-Identifier: MIT
// The dashboard page's texts: every language has the same ones, each is used, and no other file has a text of its own.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [web, sources] = process.argv.slice(2)
const read = (name) => readFileSync(join(web, name), 'utf8')
const load = (name) => import(`data:text/javascript,${encodeURIComponent(read(name))}`)
const faults = []

const FORMS = ['zero', 'one', 'two', 'few', 'many', 'other']
const hasForms = (value) => value.other && Object.keys(value).every((key) => FORMS.includes(key))

/** The texts of a language by their whole names: 'edit.save'. One with forms is one text. */
function flat(texts, prefix = '') {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' || hasForms(value) ? [[prefix + key, value]] : flat(value, `${prefix}${key}.`))
}
const formsOf = (value) => typeof value === 'string' ? [value] : Object.values(value)
const kindOf = (value) => typeof value === 'string' ? 'one text' : Object.keys(value).sort().join()
const namesIn = (value) => [...new Set(formsOf(value).flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort().join()

/** The strings of a script, and the script without them and without comments. */
function split(script) {
  const strings = []
  const token = new RegExp([/\/\/.*/, /\/\*[^]*?\*\//, /'(?:[^'\\\n]|\\.)*'/, /"(?:[^"\\\n]|\\.)*"/, /`/,
    /\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[gimsuy]*/].map(({ source }) => source).join('|'), 'g')
  let code = '', at = 0
  const add = (text, from) =>
    strings.push({ text, line: script.slice(0, from).split('\n').length, before: code.slice(-20) })
  /** Up to a brace that closes what is in a template. */
  function run(until) {
    let depth = 0
    while (at < script.length) {
      token.lastIndex = at
      const next = token.exec(script)
      const brace = script.slice(at).search(/[{}]/)
      if (until && brace >= 0 && (!next || at + brace < next.index)) {
        const letter = script[at + brace]
        code += script.slice(at, at + brace + 1)
        at += brace + 1
        if (letter === '}' && depth-- === 0) return
        if (letter === '{') depth++
        continue
      }
      if (!next) { code += script.slice(at); at = script.length; return }
      code += script.slice(at, next.index)
      at = next.index + next[0].length
      if (/^['"]/.test(next[0])) add(next[0].slice(1, -1), next.index)
      else if (next[0] === '`') template(next.index)
      else if (next[0][0] === '/' && /[\w)\]]\s*$/.test(code)) { code += '/'; at = next.index + 1 } // a division
    }
  }
  function template(from) {
    let text = ''
    while (script[at] !== '`') {
      if (script[at] === '\\') text += script[at++]
      if (script.startsWith('${', at)) { at += 2; add(text, from); text = ''; run(true) } else text += script[at++]
    }
    at++
    add(text, from)
  }
  run(false)
  return { strings, code }
}

// What looks like words and is none of the page's: names of a product, a protocol, a key or a header, and programs.
const NO_TEXT = new Set(['Helmdesk', ' · Helmdesk', 'Helmdesk ', 'Content-Type', 'Escape', 'Enter', 'Tab', 'Home', 'End',
  'ArrowLeft', 'ArrowRight', 'AbortError', 'Date', 'X-Next-Cursor', 'X-Name', 'If-Match', 'Python', 'Node', 'Slack', 'libhelmdesk ',
  'a[href], button, input, select, textarea, summary', 'input, select, textarea', 'plain bad'])
const looksLikeText = (text) => /^\W*[A-Z][a-z]+/.test(text) || /[a-z]{2,},? [a-z]{2,}/i.test(text)
const isClass = (before) => /class: ?$|class: .* : ?$|class: .*\? ?$/.test(before)

const languages = readdirSync(join(web, 'texts')).map((name) => name.slice(0, -3))
const all = Object.fromEntries(await Promise.all(languages.map(async (name) =>
  [name, new Map(flat((await load(`texts/${name}.js`)).texts))])))
for (const [language, texts] of Object.entries(all)) {
  for (const [key, value] of all.en) {
    if (!texts.has(key)) faults.push(`${language} has no ${key}`)
    else if (kindOf(texts.get(key)) !== kindOf(value)) faults.push(`${language}: ${key} has other forms than en`)
    else if (namesIn(texts.get(key)) !== namesIn(value)) faults.push(`${language}: ${key} has other {names} than en`)
  }
  for (const key of texts.keys()) if (!all.en.has(key)) faults.push(`${language} has ${key}, which en has not`)
  for (const [key, value] of texts) {
    if (formsOf(value).some((form) => form.trim() === '')) faults.push(`${language}: ${key} is empty`)
  }
}

const used = new Set()
const scripts = readdirSync(web, { recursive: true })
  .filter((name) => name.endsWith('.js') && name !== 'library.js' && !name.startsWith('texts/'))
for (const name of scripts) {
  const { strings, code } = split(read(name).replace(/^const VERIFY = {$[^]*?^}$/m, '')) // programs in other languages
  for (const [, path] of code.matchAll(/(?<![.\w])t\.(\w+(?:\.\w+)*)/g)) {
    const found = [...all.en.keys()].filter((key) => key === path || key.startsWith(`${path}.`))
    if (!found.length) faults.push(`${name}: there is no text ${path}`)
    found.forEach((key) => used.add(key))
  }
  for (const { text, line, before } of strings) {
    if (looksLikeText(text) && !NO_TEXT.has(text) && !isClass(before) && !/^helmdesk [a-z]+ /.test(text)) {
      faults.push(`${name}:${line}: a text of its own: ${text}`)
    }
  }
}
for (const key of all.en.keys()) if (!used.has(key)) faults.push(`${key} is used nowhere`)

// What the C sources name, and the page has words for.
const source = (name) => readFileSync(join(sources, name), 'utf8')
const reasons = /const reasons\[\] = \{([^}]*)\}/.exec(source('base/names.c'))[1].match(/\w+/g)
const statuses = new Set([...source('base/status.c').matchAll(/X\((HD_E_\w+),/g)].map(([, name]) => name))
const actions = [...source('base/names.c').match(/change_actions\[\] = \{([^}]*)\}/)[1].matchAll(/"(\w+)"/g)]
  .map(([, action]) => action)
for (const action of actions) if (!all.en.has(`changes.actions.${action}`)) faults.push(`en has no changes.actions.${action}`)
for (const reason of reasons) {
  if (reason !== 'delivered' && !all.en.has(`results.${reason}`)) faults.push(`en has no results.${reason}`)
}
const { library } = await load('library.js')
for (const [language, said] of Object.entries(library)) {
  for (const reason of reasons) if (!said.reasons[reason]) faults.push(`${language}: library.js has no reason ${reason}`)
  for (const reason of Object.keys(said.reasons)) {
    if (!reasons.includes(reason)) faults.push(`${language}: library.js has a reason ${reason}, which there is not`)
  }
  for (const status of Object.keys(said.statuses)) {
    if (!statuses.has(status)) faults.push(`${language}: library.js has a status ${status}, which there is not`)
  }
}
for (const language of languages) {
  if (language !== 'en' && !(language in library)) faults.push(`library.js has no ${language}`)
}

const page = read('index.html').replace(/<!--[^]*?-->|<noscript>[^]*?<\/noscript>/g, '')
const shown = [...page.matchAll(/>([^<>]*[A-Za-z][^<>]*)</g),
  ...page.matchAll(/(?:aria-label|title|placeholder)="([^"]*)"/g)]
for (const [, text] of shown) {
  if (text.trim() !== 'Helmdesk') faults.push(`index.html: a text of its own: ${text.trim()}`)
}

console.log(`${all.en.size} texts in ${languages.join(', ')}; ${scripts.length} scripts; ${reasons.length} reasons, ${actions.length} actions`)
faults.forEach((fault) => console.log(fault))
process.exit(faults.length ? 1 : 0)
