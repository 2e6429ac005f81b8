// SPDX-License-Identifier: MIT
// The programs that take part: the desk, receivers, the other server that the dashboard is mounted in. Each has a free
// port of its own, and is stopped by its process id.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, PATIENCE } from './wait.mjs'

const { BUILD } = process.env

/** Where the API of the desk's project is. */
export const API = '/admin/api/v1/projects/acme/'

export function makeDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'helmdesk-browser-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

// Whatever ends the tests ends what they have started.
const running = new Set()
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

/** A program with what it writes. */
class Program {
  constructor(name, args, env = {}) {
    this.name = name
    this.log = ''
    this.child = spawn(`${BUILD}/${name}`, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(this.child)
    this.child.on('close', () => running.delete(this.child))
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => { this.log += text })
    }
    this.ended = new Promise((resolve) => this.child.on('close', (code, signal) => resolve(signal ?? code)))
    this.child.on('error', (error) => { this.log += error.message })
    this.child.on('close', () => { this.hasEnded = true })
  }

  /** The first part of what it writes that fits. */
  line(pattern) {
    return eventually(() => {
      const found = pattern.exec(this.log)
      if (!found && this.hasEnded) throw new Error(`${this.name} ended: ${this.log}`)
      return found
    }, `${this.name}: ${pattern}`)
  }

  async stop(signal = 'SIGTERM') {
    if (!this.hasEnded) this.child.kill(signal)
    const hurry = setTimeout(() => this.child.kill('SIGKILL'), 20000)
    const how = await this.ended
    clearTimeout(hurry)
    return how
  }
}

/** What one request answers, as node sends it: with the headers as given, Host, Origin and all. */
export function send(url, { method = 'GET', headers = {}, body, agent } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent }, (response) => {
      const parts = []
      response.on('data', (part) => parts.push(part))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers,
        text: Buffer.concat(parts).toString() }))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** helmdesk-desk. store: a directory, or nothing for memory; options: without any, it may deliver to this machine. */
export class Desk extends Program {
  static async start({ store = 'none', options = ['--allow-private'] } = {}) {
    const directory = makeDirectory()
    const links = join(directory.path, 'links')
    const desk = new Desk('helmdesk-desk', ['--port', '0', '--token-file', links, '--store', store, '--viewer',
      ...options])
    Object.assign(desk, { directory, links, agent: new http.Agent({ keepAlive: true, maxSockets: 8,
      timeout: 10000 }) })
    desk.url = (await desk.line(/listens on (http:\S+)\/\n/))[1]
    await desk.line(/sign-in links/)
    desk.cookies = { admin: await desk.signIn('admin'), viewer: await desk.signIn('viewer') }
    return desk
  }

  /** The link that signs somebody in, once. */
  link(role) {
    return new RegExp(`^${role} (\\S+)$`, 'm').exec(readFileSync(this.links, 'utf8'))[1]
  }

  async signIn(role) {
    const token = this.link(role).split('#')[1]
    const { status, headers, text } = await send(`${this.url}/login`,
      { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: token })
    if (status !== 200) throw new Error(`the sign-in of ${role}: ${status} ${text}`)
    const [name, value] = headers['set-cookie'][0].split(';')[0].split('=')
    return { name, value }
  }

  get page() { return `${this.url}/admin/projects/acme/` }

  /** Asks as a browser's page would; answers {status, headers, text, json}. */
  async ask(method, path, body, { role = 'admin', headers = {} } = {}) {
    const { name, value } = this.cookies[role]
    const answer = await send(this.url + path, {
      method, agent: this.agent, body: body === undefined ? undefined : typeof body === 'string' ? body
        : JSON.stringify(body),
      headers: { Cookie: `${name}=${value}`, ...body !== undefined && { 'Content-Type': 'application/json' },
        ...headers },
    })
    answer.json = /json/.test(answer.headers['content-type'] ?? '') && answer.text && !/ndjson/.test(path)
      ? JSON.parse(answer.text) : null
    return answer
  }

  /** The JSON of the API, which has to answer 2xx. A step of a secret is of the version that is there now. */
  async api(method, path, body, options = {}) {
    const [, webhook] = /^(webhooks\/[^/]+)\/secret\/(?!reveal)/.exec(path) ?? []
    if (webhook) {
      const { version } = await this.api('GET', webhook)
      options = { ...options, headers: { 'If-Match': `"${version}"`, ...options.headers } }
    }
    const answer = await this.ask(method, API + path, body, options)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.json
  }

  webhook(values) {
    return this.api('POST', 'webhooks', { name: 'A webhook', format: 'json', mode: 'on', headers: [],
      events: ['ticket.created', 'ticket.resolved', 'message.received'], ...values })
  }

  /** Waits until so many deliveries are in the log; query: of which kind, such as '?q=word'. */
  logged(count, query = '', patience = PATIENCE) {
    return eventually(async () => (await this.api('GET', `deliveries/count${query}`)).count === count,
      `${count} deliveries${query}`, patience)
  }

  /** A ticket, as the desk's form makes it. */
  async ticket({ subject = 'No sound', email = 'ann@example.com', name = 'Ann', priority = 'medium' } = {}) {
    const { status, headers, text } = await this.ask('POST', '/tickets',
      new URLSearchParams({ subject, email, name, priority }).toString(),
      { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })
    if (status !== 303) throw new Error(`the ticket: ${status} ${text}`)
    return Number(headers.location.split('-').pop())
  }

  async stop(signal) {
    this.agent.destroy()
    const how = await super.stop(signal)
    this.directory.remove()
    return how
  }
}

/** `helmdesk listen`: the real receiver. secrets: what it accepts; as, respond: its options of these names. */
export class Receiver extends Program {
  static async start({ secrets = [], as, respond } = {}) {
    const directory = makeDirectory()
    const files = secrets.flatMap((secret, i) => {
      const file = join(directory.path, `secret-${i}`)
      writeFileSync(file, secret, { mode: 0o600 })
      return ['--secret-file', file]
    })
    const receiver = new Receiver('helmdesk', ['listen', '--port', '0', '--json', ...files, ...as ? ['--as', as] : [],
      ...respond ? ['--respond', respond] : []], { HOME: directory.path, XDG_STATE_HOME: directory.path })
    receiver.directory = directory
    const { listening } = JSON.parse((await receiver.line(/^\{"listening":.*\}$/m))[0])
    receiver.url = listening
    return receiver
  }

  /** What arrived, in order: what `listen --json` wrote of each. */
  get arrivals() {
    return this.log.split('\n').slice(0, -1).filter((line) => line.startsWith('{"received_at"'))
      .map((line) => JSON.parse(line))
  }

  /** The arrivals, once there are so many. */
  arrived(count) {
    return eventually(() => this.arrivals.length >= count && this.arrivals, `${count} arrivals`)
  }

  async stop(signal) {
    const how = await super.stop(signal)
    this.directory.remove()
    return how
  }
}

/** The dashboard inside another server. */
export class Mount extends Program {
  static async start(password) {
    const mount = new Mount('examples/mount', ['0'], { HELMDESK_PASSWORD: password })
    mount.url = (await mount.line(/^(http:\S+)$/m))[1]
    return mount
  }
}

/** The port of a server, once it listens. */
export const listening = (server, port = 0) => new Promise((resolve, reject) => {
  server.once('error', reject)
  server.listen(port, '127.0.0.1', () => resolve(server.address().port))
})

const closing = (server) => () => new Promise((resolve) => {
  server.closeAllConnections?.()
  server.close(resolve)
})

/** A receiver that answers what the tests write: answer(request, response, body). */
export async function odd(answer) {
  const server = http.createServer((request, response) => {
    const parts = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => answer(request, response, Buffer.concat(parts)))
  })
  const port = await listening(server)
  return { url: `http://127.0.0.1:${port}/`, port, stop: closing(server) }
}

/** A certificate that nobody knows, and its key, as PEM texts. */
export function certificate() {
  const directory = makeDirectory()
  const [key, cert] = ['key', 'cert'].map((name) => join(directory.path, name))
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], { stdio: 'ignore' })
  const texts = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  directory.remove()
  return texts
}

/** A receiver with a certificate that nobody knows. */
export async function selfSigned() {
  const server = https.createServer(certificate(), (request, response) => response.end('ok'))
  const port = await listening(server)
  return { url: `https://127.0.0.1:${port}/`, stop: closing(server) }
}

/** A port where nobody listens, and that no server of these tests is given: the system gives none below 1024. */
export const CLOSED_PORT = 1

/** A way to a server that can be cut off and led elsewhere, as when the server behind an address starts anew. */
export class Way {
  static async to(port) {
    const way = new Way()
    Object.assign(way, { target: port, connections: new Set() })
    await way.open()
    return way
  }

  async open() {
    const server = net.createServer((near) => {
      const far = net.connect(this.target, '127.0.0.1')
      for (const [socket, other] of [[near, far], [far, near]]) {
        this.connections.add(socket)
        socket.on('error', () => other.destroy())
        socket.on('close', () => { this.connections.delete(socket); other.destroy() })
        socket.pipe(other)
      }
    })
    // Its port may belong to a connection of somebody else's for a moment.
    await eventually(() => listening(server, this.port), `port ${this.port}`)
    this.server = server
    this.port = server.address().port
    this.url = `http://127.0.0.1:${this.port}`
  }

  async cut() {
    for (const socket of this.connections) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }

  async stop() {
    if (this.server.listening) await this.cut()
  }
}
