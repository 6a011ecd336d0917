// Runs inside a network namespace: listens on every address there is, asks the proxy for all of them in every way, and prints what
// each question was answered and which address was connected to.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { connectPlain } from '../../support/client.ts';
import { startTestDaemon } from '../../support/daemon.ts';
import { headBytes } from '../../support/http1.ts';

/** Address or name, and how it was asked for, to what came of it: `403`, or `200` with the address reached. */
export type Answers = Record<string, string>;

const ADDRESSES = [
  '169.254.169.254',
  '169.254.9.9',
  '169.254.170.2',
  '100.100.100.200',
  '168.63.129.16',
  '10.1.2.3',
  '100.64.0.1',
  '192.168.7.7',
  '172.16.0.9',
];
const ADDRESSES_V6 = [
  'fd00:ec2::254',
  'fd12::1',
  'fe80::a9fe:a9fe',
  '::ffff:169.254.169.254',
  '::ffff:10.1.2.3',
  '64:ff9b::169.254.169.254',
  '64:ff9b::a01:203',
];
const LABELS = ['meta', 'meta6', 'link', 'private', 'private6', 'cgnat', 'loop', 'loop6', 'mapped', 'zero', 'mixed', 'mixed-reversed'];
const METADATA_NAMES = ['metadata.google.internal', 'metadata', 'instance-data', 'METADATA.GOOGLE.INTERNAL'];

let reached = '';
for (const port of [80, 443]) {
  const server = createServer((socket) => {
    reached = socket.localAddress ?? '';
    socket.on('error', () => undefined);
    // On port 80 an answer, so that absolute-form requests end; in a tunnel the connection itself is the answer.
    if (port === 80) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  server.listen(port, '::');
  await once(server, 'listening');
}

const daemon = await startTestDaemon({
  settings: {
    intercept: ['*.victim.example.test', 'metadata', 'instance-data'],
    allowPrivate: ['allowed.victim.example.test', 'allowed-meta.victim.example.test'],
  },
  limits: { connectMs: 250 },
});
const answers: Answers = {};

async function note(name: string, question: () => Promise<string>): Promise<void> {
  reached = '';
  const status = await question();
  answers[name] = status === '200' && reached !== '' ? `200 ${reached.replace('::ffff:', '')}` : status;
}

async function ask(startLine: string, method: string): Promise<string> {
  const client = await connectPlain(daemon, { waitMs: 5_000 });
  await client.write(headBytes(`${startLine} HTTP/1.1`, ['Host', 'x.test']));
  const { status } = await client.reply(method);
  client.destroy();
  return String(status);
}

async function askSocks(type: number, address: Buffer): Promise<string> {
  const client = await connectPlain(daemon, { waitMs: 5_000 });
  await client.write(Buffer.from([5, 1, 0]));
  await client.reader.exactly(2);
  await client.write(Buffer.concat([Buffer.from([5, 1, 0, type]), address, Buffer.from([1, 187])]));
  const reply = await client.reader.exactly(2);
  client.destroy();
  return reply[1] === 0 ? '200' : reply[1] === 2 ? '403' : `socks ${reply[1]}`;
}

async function askAll(host: string): Promise<void> {
  await note(`CONNECT ${host}`, () => ask(`CONNECT ${host}:443`, 'CONNECT'));
  await note(`http ${host}`, () => ask(`GET http://${host}/latest/meta-data/`, 'GET'));
  await note(`https ${host}`, () => ask(`GET https://${host}/`, 'GET'));
  const name = Buffer.from(host);
  if (!host.includes('[')) await note(`SOCKS ${host}`, () => askSocks(3, Buffer.concat([Buffer.from([name.length]), name])));
}

for (const address of ADDRESSES) {
  await askAll(address);
  await note(`SOCKS-address ${address}`, () => askSocks(1, Buffer.from(address.split('.').map(Number))));
}
for (const address of ADDRESSES_V6) await askAll(`[${address}]`);
for (const name of METADATA_NAMES) await askAll(name);
for (const label of LABELS) {
  await askAll(`${label}.victim.example.test`);
  await note(`CONNECT ${label}.other.example.test`, () => ask(`CONNECT ${label}.other.example.test:443`, 'CONNECT'));
}
for (const label of ['allowed', 'allowed-meta'])
  await note(`CONNECT ${label}.victim.example.test`, () => ask(`CONNECT ${label}.victim.example.test:443`, 'CONNECT'));
process.stdout.write(JSON.stringify(answers), () => process.exit(0));
