// Checklist F71, F76, F77: the proxy port is no web server. What a page in the user's browser can send to it does nothing and says nothing.
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { connectPlain } from '../support/client.ts';
import { CLEAR, hostileStage, VICTIM } from '../support/hostile-stage.ts';
import { headerOf, requestBytes, type WireReply } from '../support/http1.ts';

const stage = hostileStage();

async function ask(startLine: string, headers: readonly string[], body = ''): Promise<WireReply> {
  const client = await connectPlain(stage.daemon, { waitMs: 6_000 });
  onTestFinished(() => client.destroy());
  const upstream = stage.secure.accepted() + stage.clear.accepted();
  await client.write(requestBytes(startLine, headers, body));
  const reply = await client.reply(startLine.split(' ')[0]);
  const rest = await client.reader.rest();
  expect(rest.length).toBe(0);
  expect(stage.secure.accepted() + stage.clear.accepted()).toBe(upstream);
  for (const name of [
    'access-control-allow-origin',
    'access-control-allow-methods',
    'access-control-allow-private-network',
    'set-cookie',
    'server',
    'allow',
  ]) {
    expect(headerOf(reply, name), name).toBeUndefined();
  }
  expect(headerOf(reply, 'content-type')).not.toContain('html');
  return reply;
}

const here = () => `127.0.0.1:${stage.daemon.port}`;

test('it listens on loopback and nowhere else', async () => {
  expect(stage.daemon.host).toBe('127.0.0.1');
  const others = Object.values(networkInterfaces()).flatMap((list) => list?.filter((i) => !i.internal && i.family === 'IPv4') ?? []);
  for (const { address } of others) {
    const socket = connect(stage.daemon.port, address);
    const outcome = await new Promise((resolve) => {
      socket.once('connect', () => resolve('connected'));
      socket.once('error', (e: NodeJS.ErrnoException) => resolve(e.code));
    });
    socket.destroy();
    expect(outcome).not.toBe('connected');
  }
});

test.each([
  '/',
  '/index.html',
  '/favicon.ico',
  '/ca.pem',
  '/cert',
  '/status',
  '/metrics',
  '/api',
  '/admin',
  '/reload',
  '/stop',
  '/fidelity',
  '/proxy.pac/',
  '/proxy.pac?x',
  '//proxy.pac',
  '/%70roxy.pac',
  '/PROXY.PAC',
])('no page at %s, whatever Host says', async (path) => {
  for (const host of [here(), 'localhost', VICTIM, CLEAR, 'evil.example', `${VICTIM}:443`]) {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'])
      expect((await ask(`${method} ${path}`, ['Host', host])).status).toBe(400);
  }
});

test('origin-form is not routed by Host', async () => {
  for (const host of [VICTIM, CLEAR, `${CLEAR}:80`]) {
    expect((await ask('GET /x', ['Host', host])).status).toBe(400);
    expect((await ask('GET /x', ['Host', host, 'X-Forwarded-Host', CLEAR, 'X-Original-URL', `http://${CLEAR}/`])).status).toBe(400);
  }
});

test.each([
  [
    'a preflight',
    'OPTIONS /v1/messages',
    [
      'Access-Control-Request-Method',
      'POST',
      'Access-Control-Request-Headers',
      'x-api-key',
      'Access-Control-Request-Private-Network',
      'true',
    ],
  ],
  ['a preflight for everything', 'OPTIONS *', ['Access-Control-Request-Method', 'POST']],
  ['a simple request', 'GET /v1/models', ['Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'no-cors', 'Referer', 'https://evil.example/']],
  ['a form', 'POST /v1/messages', ['Content-Type', 'text/plain']],
  [
    'a WebSocket',
    'GET /ws',
    ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
  ],
] as const)('a page in a browser gets nothing: %s', async (_name, line, headers) => {
  for (const host of [here(), `localhost:${stage.daemon.port}`, `rebound.evil.example:${stage.daemon.port}`]) {
    for (const origin of ['https://evil.example', 'null', `http://${here()}`]) {
      const body = line.startsWith('POST') ? `CONNECT ${VICTIM}:443 HTTP/1.1\r\nHost: ${VICTIM}\r\n\r\n` : '';
      expect((await ask(line, ['Host', host, 'Origin', origin, ...headers], body)).status).toBe(400);
    }
  }
});

test.each([
  ['Origin', 'https://evil.example'],
  ['Origin', 'null'],
  ['Referer', 'https://evil.example/'],
  ['Sec-Fetch-Site', 'cross-site'],
])('the PAC file is for proxy settings, not for a script tag (%s: %s)', async (name, value) => {
  expect((await ask('GET /proxy.pac', ['Host', here(), name, value])).status).toBe(400);
  const plain = await ask('GET /proxy.pac', ['Host', here()]);
  expect(plain.status).toBe(200);
  expect(headerOf(plain, 'x-content-type-options')).toBe('nosniff');
});

test.each(['evil.example', `evil.example:1`, VICTIM, '127.0.0.1', `127.0.0.2:1`])(
  'the PAC file is not for rebound names: %s',
  async (host) => {
    const port = host.endsWith(':1') ? host.replace(':1', `:${stage.daemon.port}`) : host;
    expect((await ask('GET /proxy.pac', ['Host', port])).status).toBe(400);
  },
);

test.each([
  ['TLS', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])],
  ['SSLv2', Buffer.from([0x80, 0x2e, 1, 3, 1])],
  ['SOCKS4', Buffer.from([4, 1, 1, 187, 1, 1, 1, 1, 0])],
  ['SOCKS5 without methods', Buffer.from([5, 0])],
  ['SOCKS5 with a token that is none', Buffer.from([5, 1, 2, 1, 1, 0x61, 3, 0x73, 0x70, 0x5f])],
  ['SOCKS5 with GSSAPI', Buffer.from([5, 1, 1])],
  ['SOCKS5 BIND', Buffer.from([5, 1, 0, 5, 2, 0, 1, 1, 1, 1, 1, 1, 187])],
  ['SOCKS5 UDP', Buffer.from([5, 1, 0, 5, 3, 0, 1, 1, 1, 1, 1, 1, 187])],
  ['SOCKS5 of a strange address type', Buffer.from([5, 1, 0, 5, 1, 0, 9, 1, 1, 1, 1, 1, 187])],
  ['SOCKS5 to a port of its own', Buffer.from([5, 1, 0, 5, 1, 0, 3, 3, 0x61, 0x2e, 0x62, 0, 22])],
  ['SOCKS5 to loopback', Buffer.from([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, 1, 187])],
  ['SOCKS5 with a NUL in the name', Buffer.from([5, 1, 0, 5, 1, 0, 3, 4, 0x61, 0, 0x62, 0x63, 1, 187])],
  ['SOCKS5 with a name of nothing', Buffer.from([5, 1, 0, 5, 1, 0, 3, 0, 1, 187])],
  ['noughts', Buffer.alloc(100)],
  ['ones', Buffer.alloc(100, 0xff)],
  ['a PROXY protocol line', Buffer.from('PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n')],
  ['PROXY protocol 2', Buffer.from('\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c', 'latin1')],
])('what is neither is answered or closed at once: %s', async (_name, bytes) => {
  const client = await connectPlain(stage.daemon, { waitMs: 6_000 });
  onTestFinished(() => client.destroy());
  await client.write(bytes);
  await client.reader.rest();
  expect(client.reader.received().toString('latin1')).not.toMatch(/ 200 /);
  await stage.others('tunnel');
  await stage.others('clear');
});
