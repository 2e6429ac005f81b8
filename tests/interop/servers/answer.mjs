// SPDX-License-Identifier: MIT
// Node's own server: answers 200, and notes each POST.
//
//   node answer.mjs PORT LOG [silent]    silent: it does not say for how long it keeps a connection
import { createServer } from 'node:http'
import { openSync, writeSync } from 'node:fs'

const [, , port, path, silent] = process.argv
const log = openSync(path, 'a')
const server = createServer((request, response) => {
  if (silent) response.setHeader('Connection', 'keep-alive') // Node then adds no Keep-Alive of its own
  request.resume()
  request.on('end', () => {
    writeSync(log, `${request.headers['x-helmdesk-delivery']} 200\n`)
    response.end('ok')
  })
})
server.keepAliveTimeout = 1000
server.listen(Number(port), '127.0.0.1')
