// SPDX-License-Identifier: MIT
// The language of the page, its texts, and how numbers are written in it.
import { library } from './library.js'
import { texts as de } from './texts/de.js'
import { texts as en } from './texts/en.js'

const languages = { de, en }
const base = (tag) => tag.toLowerCase().split('-')[0]
const host = document.querySelector('meta[name=helmdesk-language]').content // hd_dashboard_set_language(); may be ''
const language = host || navigator.languages.map(base).find((tag) => languages[tag]) || 'en'

/** What Intl formats for: the language, in the form that the browser prefers, such as 'de-AT'. */
export const locale = navigator.languages.find((tag) => base(tag) === language) ?? language
/** The texts by name. */
export const t = languages[language]

const forms = new Intl.PluralRules(locale)
const number = new Intl.NumberFormat(locale)

export const count = (n) => number.format(n ?? 0)

/** The parts of a text, with a value for each {name}. A text with forms has the one for the number n. */
export function mixed(text, values) {
  const form = typeof text === 'string' ? text : text[forms.select(values.n)]
  return form.split(/\{(\w+)\}/).map((part, i) => {
    const value = i % 2 ? values[part] : part
    return typeof value === 'number' ? count(value) : value
  })
}

/** The same as one string. */
export const phrase = (text, values) => mixed(text, values).join('')

/** What the library says in English, in this language: by the name of a status, or else by an HTTP status. */
export function sentence(text, code, status) {
  const { statuses = {}, http = {} } = library[language] ?? {}
  const said = statuses[code] ?? http[status] ?? text
  return said.charAt(0).toUpperCase() + said.slice(1) + (/[.?!]$/.test(said) ? '' : '.')
}

/** What a delivery's end means, and what to do. */
export function explain({ explanation, reason, detail }) {
  const { reasons = {}, slack = {} } = library[language] ?? {}
  return slack[detail] ?? reasons[reason] ?? explanation
}
