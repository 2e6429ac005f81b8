// SPDX-License-Identifier: MIT
// A browser with tabs of which one is seen, and the others are hidden behind it, as people have them. Playwright lets
// each page believe that it is seen; so this speaks the browser's own protocol, through a pipe.
import { spawn } from 'node:child_process'
import { makeDirectory } from './servers.mjs'

export class Tabs {
  static async start() {
    const tabs = new Tabs()
    tabs.directory = makeDirectory()
    tabs.child = spawn(process.env.CHROMIUM, ['--headless', '--no-sandbox', '--no-first-run',
      '--remote-debugging-pipe', `--user-data-dir=${tabs.directory.path}`, '--window-size=1280,800', 'about:blank'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
    Object.assign(tabs, { asked: new Map(), last: 0, rest: '', complaints: [] })
    tabs.ended = new Promise((resolve) => tabs.child.on('close', resolve))
    tabs.child.stdio[4].setEncoding('utf8').on('data', (text) => tabs.read(text))
    return tabs
  }

  read(text) {
    const messages = (this.rest + text).split('\0')
    this.rest = messages.pop()
    for (const message of messages.map((part) => JSON.parse(part))) {
      if (message.method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(message.params))
      if (message.method === 'Log.entryAdded' && message.params.entry.level === 'error') {
        this.complaints.push(`${message.params.entry.text} (${message.params.entry.url})`)
      }
      const asked = this.asked.get(message.id)
      this.asked.delete(message.id)
      if (message.error) asked?.reject(new Error(message.error.message))
      else asked?.resolve(message.result)
    }
  }

  ask(method, params = {}, sessionId) {
    return new Promise((resolve, reject) => {
      const id = ++this.last
      this.asked.set(id, { resolve, reject })
      this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
  }

  /** A new tab in front of the others. */
  async open(url, cookie) {
    const { targetId } = await this.ask('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await this.ask('Target.attachToTarget', { targetId, flatten: true })
    const call = (method, params) => this.ask(method, params, sessionId)
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`)
    if (cookie) await call('Network.setCookie', { ...cookie, url, httpOnly: true, sameSite: 'Strict' })
    await call('Page.navigate', { url })
    return {
      show: () => this.ask('Target.activateTarget', { targetId }),
      async evaluate(expression) {
        const { result, exceptionDetails } = await call('Runtime.evaluate', { expression, returnByValue: true,
          awaitPromise: true })
        if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
        return result.value
      },
    }
  }

  async stop() {
    this.ask('Browser.close').catch(() => {})
    const hurry = setTimeout(() => this.child.kill('SIGKILL'), 10000)
    await this.ended
    clearTimeout(hurry)
    this.directory.remove()
  }
}
