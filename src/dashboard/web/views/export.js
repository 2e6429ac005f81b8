// SPDX-License-Identifier: MIT
// The log as a file: read page by page, so that it can be stopped.
import { query } from '../api.js'
import { phrase, t } from '../texts.js'
import { dialog, h } from '../ui.js'

export async function exportAll(ctx, filter, total) {
  const parts = []
  let cursor = '', rows = 0, stopped = false
  const progress = h('p', { role: 'status' }, t.common.loading)
  dialog(t.export.export, [progress], [[t.common.cancel, null, 'plain']]).then(() => { stopped = true })
  try {
    do {
      const response = await ctx.request('GET', `deliveries.ndjson${query({ ...filter, cursor })}`, undefined,
        { signal: ctx.signal })
      const text = await response.text()
      parts.push(text)
      rows += text.split('\n').length - 1
      progress.textContent = phrase(t.export.read, { n: rows, all: total })
      cursor = response.headers.get('X-Next-Cursor')
    } while (cursor && !stopped)
    if (stopped) return
    const href = URL.createObjectURL(new Blob(parts, { type: 'application/x-ndjson' }))
    h('a', { href, download: 'deliveries.ndjson' }).click()
    setTimeout(() => URL.revokeObjectURL(href), 10000)
  } finally {
    progress.closest('dialog')?.close()
  }
}
