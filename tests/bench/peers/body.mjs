// SPDX-License-Identifier: MIT
// What the two Node peers of `make bench` send, and how they run and measure it.
import { createHmac } from 'node:crypto'

const BODY_SIZE = 312
const head = '{"event":"ticket.created","timestamp":"2025-01-15T10:30:00.000Z","data":{"ticket":{' +
  '"id":"0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10","number":'
const subject = ',"subject":"Can\'t reset password'
const end = '","status":"open","priority":"high"},"customer":{"email":"user@example.com","name":"Jane Smith"}}}'
const tail = subject + 'x'.repeat(BODY_SIZE - head.length - 8 - subject.length - end.length) + end

let number = 10000000

// A fresh body and the headers that go with it.
function next() {
  const digits = number++
  const body = head + digits + tail
  const headers = {
    'Content-Type': 'application/json',
    'X-Helmdesk-Event': 'ticket.created',
    'X-Helmdesk-Signature': createHmac('sha256', 'benchmark secret').update(body).digest('hex'),
    'X-Helmdesk-Delivery': `3f0a5c8e-52d1-4c77-8e0b-0000${digits}`,
    'User-Agent': 'bench',
  }
  return { body, headers }
}

// Does what the command line asks for; open(url, connections) gives a post({ body, headers }) that resolves to a status
// once the answer is read.
export async function main(name, open) {
  const [, , address, ...numbers] = process.argv
  const [count, connections, warmup] = numbers.map(Number)
  try {
    if (numbers.length !== 3 || !numbers.every((text) => /^\d+$/.test(text)) || connections === 0) {
      throw new Error(`usage: ${name} URL COUNT CONNECTIONS WARMUP`)
    }
    const post = open(new URL(address), connections)

    const run = (many) => Promise.all(Array.from({ length: connections }, async () => {
      while (many > 0) {
        many--
        const status = await post(next())
        if (status !== 200) throw new Error(`the status is ${status}`)
      }
    }))
    await run(warmup)
    const cpu = process.cpuUsage()
    const wall = process.hrtime.bigint()
    await run(count)
    const { user, system } = process.cpuUsage(cpu)
    console.log(`${count} ${user + system} ${(process.hrtime.bigint() - wall) / 1000n}`)
    process.exit(0) // not waiting for the idle connections
  } catch (error) {
    console.error(`${name}: ${error.message || error.code}`)
    process.exit(1)
  }
}
