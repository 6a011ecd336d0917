// Checklist A13, A19, B25 for upgrades: nothing becomes a blind tunnel. Only a WebSocket both sides have agreed to leaves HTTP behind, and
// what passes then is frames.
import { expect, onTestFinished, test } from 'vitest';
import { writeFrame } from '../../src/proxy/wire/websocket.ts';
import { expectPassed, hostileStage, VICTIM } from '../support/hostile-stage.ts';

const REPLIES: Readonly<Record<string, string>> = {
  '/426': 'HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n',
  '/200': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  '/200-as-if': 'HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n',
  '/101': 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  '/101-other': 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nEVIL',
  '/101-bare': 'HTTP/1.1 101 Switching Protocols\r\n\r\nEVIL',
  '/101-unsaid': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nEVIL',
  '/101-http':
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL',
};
const stage = hostileStage({
  answer: async (c, q) => {
    const reply = REPLIES[q.target];
    if (reply) await c.write(reply);
    return reply !== undefined;
  },
});

const FIELDS = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
const handshake = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: ${VICTIM}\r\n${FIELDS}${more}\r\n`;
const last = () => stage.secure.connections.at(-1)!.reader.received().toString('latin1');

async function upgrade(path: string, more = '') {
  const client = await stage.open('tunnel');
  onTestFinished(() => client.destroy());
  await client.write(handshake(path, more));
  return client;
}

test.each(['/426', '/200', '/200-as-if'])('an upgrade that upstream declines (%s): the next request is a request', async (path) => {
  const client = await upgrade(path);
  expect((await client.reply()).status).toBe(Number(path.slice(1, 4)));
  await client.write(`GET /next HTTP/1.1\r\nHost: ${VICTIM}\r\n\r\n`);
  expect((await client.reply()).body.toString()).toBe('GET /next ');
  await client.write('GET /other HTTP/1.1\r\nHost: evil.example\r\n\r\n');
  expect((await client.reply()).status).toBe(421);
  await client.reader.rest();
  expect(last()).not.toContain('/other');
  await stage.others('tunnel');
});

test.each(['/101-other', '/101-bare', '/101-unsaid'])('a switch to something else (%s) is a 502', async (path) => {
  const client = await upgrade(path);
  expect((await client.reply()).status).toBe(502);
  expect((await client.reader.rest()).toString()).not.toContain('EVIL');
  await stage.others('tunnel');
});

test('HTTP where frames should be is cut: from upstream', async () => {
  const client = await upgrade('/101-http');
  await client.reader.rest();
  expect(client.reader.received().toString('latin1')).not.toContain('EVIL');
  await stage.others('tunnel');
});

test('HTTP where frames should be is cut: from the client', async () => {
  const client = await upgrade('/101');
  expect((await client.reply()).status).toBe(101);
  await client.write(`GET /smuggled HTTP/1.1\r\nHost: evil.example\r\n\r\n`);
  await client.reader.rest();
  expect(last()).not.toContain('/smuggled');
  await stage.others('tunnel');
});

test('a frame passes as it is', async () => {
  const client = await upgrade('/101');
  expect((await client.reply()).status).toBe(101);
  const frame = writeFrame('client', 2, Buffer.from([0xff, 0xfe, 0, 1]));
  await client.write(frame);
  const { reader } = stage.secure.connections.at(-1)!;
  await expect.poll(() => reader.received().indexOf(frame)).toBeGreaterThan(0);
});

test.each([
  ['a length', 'Content-Length: 5\r\n\r\nhello'],
  ['chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
])('a handshake with %s is an ordinary request', async (_name, rest) => {
  const key = FIELDS.slice(FIELDS.indexOf('Sec-WebSocket-Version'));
  const start = `GET /x HTTP/1.1\r\nHost: ${VICTIM}\r\n`;
  await expectPassed(stage, 'tunnel', `${start}${FIELDS}${rest}`, `${start}${key}${rest}`);
});
