// SPDX-License-Identifier: MIT
// What Node's own HTTP client makes of an answer, as it would of one that comes over a socket: its parser, llhttp, is
// handed the bytes at once, and then the end of the connection.
//
//   node answers.mjs <answers.txt
//
// A line has, with tabs between them: a name; the answer, in hexadecimal; what the library makes of it (whether it waits
// for more when all has come, status, whether it is whole in the end, its body in hexadecimal, whether the connection can
// be used again); and why Node sees it otherwise, or nothing. Ends with 1 if that is not so of one of them.
import http from 'node:http';
import readline from 'node:readline';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

const KNOWN = '9.3.'; // the llhttp that the table of differences was made with
const TURNS = 20; // of the event loop, without which nothing has settled

class Connection extends Duplex {
  constructor() {
    super({ allowHalfOpen: true });
    this.sent = '';
  }
  _read() {}
  _write(chunk, encoding, done) {
    this.sent += chunk.toString('latin1');
    done();
  }
  setKeepAlive() { return this; }
  setNoDelay() { return this; }
  setTimeout() { return this; }
  ref() { return this; }
  unref() { return this; }
}

async function turns(until) {
  for (let i = 0; i < TURNS && !until(); i++)
    await turn();
}

async function read(bytes) {
  const outcome = { waits: false, status: 0, isWhole: false, body: '', isKept: false };
  const connection = new Connection();
  const agent = new http.Agent({ keepAlive: true });
  agent.createConnection = () => connection;
  let ended = false;
  const request = http.request({ host: '127.0.0.1', agent, method: 'POST', headers: { 'content-length': 1 } });
  request.on('error', (error) => { outcome.error = error.code; ended = true; });
  request.on('response', (response) => {
    outcome.status = response.statusCode;
    response.on('data', (data) => { outcome.body += data.toString('hex'); });
    response.on('error', (error) => { outcome.error = error.code; ended = true; });
    response.on('end', () => { outcome.isWhole = response.complete; ended = true; });
  });
  connection.on('error', (error) => { outcome.error ??= error.code; });
  request.end('x');
  await turns(() => connection.sent.endsWith('\r\n\r\nx'));
  connection.push(bytes);
  await turns(() => ended);
  outcome.waits = !ended;
  await turns(() => Object.keys(agent.freeSockets).length > 0);
  outcome.isKept = Object.keys(agent.freeSockets).length > 0;
  connection.push(null);
  await turns(() => ended);
  await turn();
  agent.destroy();
  connection.destroy();
  return outcome;
}

function differing(ours, theirs) {
  if (ours.status !== theirs.status)
    return 'status';
  if (ours.status === 0)
    return '';
  return ['isWhole', 'waits', 'body', 'isKept'].find((key) => ours[key] !== theirs[key]) ?? '';
}

let wrong = 0;
let differences = 0;
let count = 0;
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [name, bytes, waits, status, isWhole, body, isKept, reason] = line.split('\t');
  const ours = { waits: waits === '1', status: Number(status), isWhole: isWhole === '1', body, isKept: isKept === '1' };
  const theirs = await read(Buffer.from(bytes, 'hex'));
  const difference = differing(ours, theirs);
  count++;
  differences += difference !== '' ? 1 : 0;
  if ((difference !== '') !== (reason !== '')) {
    wrong++;
    console.log(`${name}: ${difference || 'no difference'}: we ${JSON.stringify(ours)}, Node ${JSON.stringify(theirs)}`);
  }
}
const { llhttp } = process.versions;
console.log(`${count} answers, of which Node ${process.version} (llhttp ${llhttp}) sees ${differences} otherwise`);
if (!llhttp.startsWith(KNOWN))
  console.log(`the table is about llhttp ${KNOWN}x: nothing of that counts`);
process.exit(count === 0 || (wrong > 0 && llhttp.startsWith(KNOWN)) ? 1 : 0);
