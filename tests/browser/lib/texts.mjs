// SPDX-License-Identifier: MIT
// The page's own texts, to look for what it shows.
import { readFileSync } from 'node:fs'

async function load(language) {
  const source = readFileSync(new URL(`../../../src/dashboard/web/texts/${language}.js`, import.meta.url), 'utf8')
  return (await import(`data:text/javascript,${encodeURIComponent(source)}`)).texts
}

export const en = await load('en')
export const de = await load('de')
