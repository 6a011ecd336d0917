// The one port: CONNECT, absolute form, SOCKS5, the PAC file, credentials, and everything it refuses.
import { expect, onTestFinished, test } from 'vitest';
import { connectPlain, connectTlsTunnel, connectTunnel } from '../support/client.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { headerOf, replyBytes } from '../support/http1.ts';
import { startOrigin } from '../support/origin.ts';
import { startRelay } from '../support/relay.ts';
import { startWorld } from '../support/world.ts';

test('a host of no provider is tunnelled: its own certificate, never decrypted', async () => {
  const world = await startWorld();
  const c = await connectTlsTunnel(world.daemon, 'www.example.org:443', { ca: world.provider.authority.pem, alpn: ['http/1.1'] });
  onTestFinished(() => c.destroy());
  expect((await c.request('GET /', ['Host', 'www.example.org'])).status).toBe(404);
  expect(world.provider.capture.requests[0]).toMatchObject({ host: 'www.example.org' });
  expect(world.daemon.records).toEqual([]);
});

test.each([
  ['its own port', (port: number) => `127.0.0.1:${port}`, 403],
  ['loopback by name', () => 'localhost:443', 403],
  ['another port', () => 'api.anthropic.com:22', 403],
  ['no port', () => 'api.anthropic.com', 400],
  ['user info', () => 'a@api.anthropic.com:443', 400],
])('refused: %s', async (_name, authority, status) => {
  const daemon = await startTestDaemon();
  onTestFinished(() => daemon.close());
  const c = await connectTunnel(daemon, authority(daemon.port));
  onTestFinished(() => c.destroy());
  expect(c.tunnelReply?.status).toBe(status);
});

test('absolute-form http goes out in clear, origin-form, with its own Host', async () => {
  const origin = await startOrigin({
    play: async (c) => {
      for (let q = await c.request(); q; q = await c.request()) await c.write(replyBytes('200 OK', ['X-From', 'origin'], q.target));
    },
  });
  const daemon = await startTestDaemon({ upstream: { 'plain.example.test': origin } });
  onTestFinished(() => origin.close());
  onTestFinished(() => daemon.close());
  const c = await connectPlain(daemon);
  onTestFinished(() => c.destroy());
  const reply = await c.request('GET http://plain.example.test/a?b', ['Host', 'other.test', 'X-A', '1', 'Proxy-Connection', 'keep-alive']);
  expect(reply.body.toString()).toBe('/a?b');
  expect(origin.connections[0]!.requests[0]!.head.toString()).toBe('GET /a?b HTTP/1.1\r\nHost: plain.example.test\r\nX-A: 1\r\n\r\n');
});

test('absolute-form https is dialled over TLS', async () => {
  const world = await startWorld();
  const c = await world.connectPlain();
  const reply = await c.request(
    'POST https://api.anthropic.com/v1/messages',
    ['Host', 'api.anthropic.com', 'Content-Type', 'application/json'],
    '{"messages":[]}',
  );
  expect(reply.status).toBe(200);
  expect(world.provider.capture.connections[0]!.hello?.serverName).toBe('api.anthropic.com');
  expect(world.provider.capture.requests[0]!.target).toBe('/v1/messages');
});

test('origin-form requests are not routed by Host', async () => {
  const world = await startWorld();
  const c = await world.connectPlain();
  expect((await c.request('GET /', ['Host', 'api.anthropic.com'])).status).toBe(400);
  expect(world.provider.capture.connections).toEqual([]);
});

test('credentials are asked for, and stay here', async () => {
  const world = await startWorld({ daemon: { proxyAuth: 'me:secret' } });
  const refused = await connectTunnel(world.daemon, 'api.anthropic.com:443');
  onTestFinished(() => refused.destroy());
  expect(refused.tunnelReply?.status).toBe(407);
  expect(refused.tunnelReply?.headers).toContain('Proxy-Authenticate');
  const authorization = ['Proxy-Authorization', `Basic ${Buffer.from('me:secret').toString('base64')}`];
  const c = await world.connect('api.anthropic.com', { connectHeaders: ['Host', 'api.anthropic.com:443', ...authorization] });
  await c.request('GET /v1/models', ['Host', 'api.anthropic.com', ...authorization]);
  expect(world.provider.capture.requests[0]!.headers).toEqual(['Host', 'api.anthropic.com']);
});

// The first request of a kept connection was asked for credentials, the ones behind it were not.
test('credentials are asked of every request of a kept connection', async () => {
  const world = await startWorld({ daemon: { proxyAuth: 'me:secret' } });
  const authorization = ['Proxy-Authorization', `Basic ${Buffer.from('me:secret').toString('base64')}`];
  const host = ['Host', 'api.anthropic.com'];
  const c = await world.connectPlain();
  for (const path of ['/v1/models', '/v1/models?page=2']) {
    expect((await c.request(`GET https://api.anthropic.com${path}`, [...host, ...authorization])).status).not.toBe(407);
  }
  const before = world.provider.capture.requests.length;
  const refused = await c.request('GET https://api.anthropic.com/v1/models?page=3', host);
  expect(refused.status).toBe(407);
  expect(headerOf(refused, 'proxy-authenticate')).toContain('Basic');
  expect(world.provider.capture.requests).toHaveLength(before);
});

test('SOCKS5 on the same port', async () => {
  const world = await startWorld();
  const c = await world.connectPlain();
  await c.write(Buffer.from([5, 1, 0]));
  expect(await c.reader.exactly(2)).toEqual(Buffer.from([5, 0]));
  const name = Buffer.from('api.anthropic.com');
  await c.write(Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([1, 187])]));
  expect((await c.reader.exactly(10))[1]).toBe(0);
});

test.each([
  ['BIND', [5, 2, 0, 1, 1, 1, 1, 1, 1, 187], 7],
  ['UDP ASSOCIATE', [5, 3, 0, 1, 1, 1, 1, 1, 1, 187], 7],
  ['an unknown address type', [5, 1, 0, 9, 1, 1, 1, 1, 1, 187], 8],
  ['another version', [4, 1, 0, 1, 1, 1, 1, 1, 1, 187], 1],
])('SOCKS5 %s is answered with its own code', async (_name, request, code) => {
  const world = await startWorld();
  const c = await world.connectPlain();
  await c.write(Buffer.from([5, 1, 0]));
  await c.reader.exactly(2);
  await c.write(Buffer.from(request));
  expect((await c.reader.exactly(10))[1]).toBe(code);
});

test('the PAC file names the intercepted hosts', async () => {
  const world = await startWorld();
  const c = await world.connectPlain();
  const pac = await c.request('GET /proxy.pac', ['Host', `127.0.0.1:${world.daemon.port}`]);
  expect(pac.status).toBe(200);
  const text = pac.body.toString();
  expect(text).toContain('api.anthropic.com');
  expect(text).toContain(`PROXY 127.0.0.1:${world.daemon.port}`);
  const foreign = await (await world.connectPlain()).request('GET /proxy.pac', ['Host', 'evil.example']);
  expect(foreign.status).toBe(400);
});

test('a tunnel that closes without a hello is nothing', async () => {
  const world = await startWorld();
  const c = await connectTunnel(world.daemon, 'api.anthropic.com:443');
  c.end();
  expect(await c.over).toMatchObject({ how: 'fin' });
  expect(world.daemon.log.filter((l) => l.includes('"level":"error"') || l.includes('"level":"warn"'))).toEqual([]);
});

test('plain bytes in a tunnel to an intercepted host are refused', async () => {
  const world = await startWorld();
  const c = await connectTunnel(world.daemon, 'api.anthropic.com:443');
  onTestFinished(() => c.destroy());
  await c.write('GET / HTTP/1.1\r\nHost: api.anthropic.com\r\n\r\n');
  expect((await c.reply()).status).toBe(400);
  expect(world.provider.capture.requests).toEqual([]);
});

test.each([
  ['CONNECT and Host', {}, 'api.openai.com'],
  ['CONNECT and server name', { serverName: 'api.openai.com', checkName: 'api.anthropic.com' }, 'api.anthropic.com'],
])('%s that disagree are misdirected', async (_name, more, host) => {
  const world = await startWorld();
  const c = await world.connect('api.anthropic.com', more);
  expect((await c.request('GET /v1/models', ['Host', host])).status).toBe(421);
  expect(world.provider.capture.requests).toEqual([]);
});

test('a parent proxy carries tunnels and intercepted connections, with its own credentials', async () => {
  const relayTarget = await startWorld();
  const relay = await startRelay({ target: relayTarget.provider, credentials: 'up:stream' });
  onTestFinished(() => relay.close());
  const daemon = await startTestDaemon({
    upstreamCa: relayTarget.provider.authority.pem,
    parentProxy: { url: `http://up:stream@127.0.0.1:${relay.port}`, noProxy: [] },
  });
  onTestFinished(() => daemon.close());
  const c = await connectTlsTunnel(daemon, 'api.anthropic.com:443', { ca: daemon.ca, alpn: ['http/1.1'] });
  onTestFinished(() => c.destroy());
  expect((await c.request('GET /v1/models', ['Host', 'api.anthropic.com'])).status).toBe(200);
  expect(relay.asked.map((q) => q.target)).toEqual(['api.anthropic.com:443']);
});
