// SPDX-License-Identifier: MIT
// Peer of `make bench`: a pool of undici; require, unlike import, finds it through NODE_PATH.
import { createRequire } from 'node:module'
import { main } from './body.mjs'

const { Pool } = createRequire(import.meta.url)('undici')

main('undici', (url, connections) => {
  const pool = new Pool(url.origin, { connections, pipelining: 1 })
  const path = url.pathname + url.search
  return async ({ body, headers }) => {
    const response = await pool.request({ path, method: 'POST', headers, body })
    await response.body.dump()
    return response.statusCode
  }
})
