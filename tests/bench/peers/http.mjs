// SPDX-License-Identifier: MIT
// Peer of `make bench`: node:http with a keep-alive agent.
import http from 'node:http'
import { main } from './body.mjs'

main('nodehttp', (url, connections) => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections })
  const target = { host: url.hostname, port: url.port, path: url.pathname + url.search, method: 'POST', agent }
  return ({ body, headers }) => new Promise((resolve, reject) => {
    const request = http.request({ ...target, headers }, (response) => {
      response.on('end', () => resolve(response.statusCode)).on('error', reject).resume()
    })
    request.on('error', reject).end(body)
  })
})
