// The second door, with what the kernel would say scripted: which hellos, users and destinations are let in, and how the rest is refused.
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openDoor, openLoopbackDoors } from '../../src/proxy/door.ts';
import type { Origin } from '../../src/proxy/ingress/origin.ts';
import { makeTestAuthority } from '../support/certificates.ts';
import { type Client, connectPlain, connectTlsDirect } from '../support/client.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { helloOf } from '../support/hellos.ts';
import { replyBytes } from '../support/http1.ts';
import { startOrigin } from '../support/origin.ts';

const VICTIM = 'victim.example.test';
const OWN_USER = 1000;
const ALERT = { 'access denied': 49, 'decode error': 50, 'unrecognized name': 112 } as const;

async function setUp(origin: Partial<Origin> | (() => Promise<Origin>) = {}, limits: { headMs?: number } = {}, proxyAuth?: string) {
  const authority = makeTestAuthority();
  const upstream = await startOrigin({
    authority,
    alpn: ['http/1.1'],
    play: async (c) => {
      for (let q = await c.request(); q; q = await c.request()) await c.write(replyBytes('200 OK', [], q.target));
    },
  });
  onTestFinished(() => upstream.close());
  const originOf = typeof origin === 'function' ? origin : async () => ({ user: OWN_USER, destination: undefined, ...origin });
  const daemon = await startTestDaemon({
    upstream: { [VICTIM]: upstream },
    upstreamCa: authority.pem,
    settings: { intercept: [VICTIM] },
    transparent: { port: 0, originOf },
    limits,
    ...(proxyAuth === undefined ? {} : { proxyAuth }),
  });
  onTestFinished(() => daemon.close());
  const door = daemon.proxy.transparent[0]!;
  const kept = async (client: Promise<Client>) => {
    const open = await client;
    onTestFinished(() => open.destroy());
    return open;
  };
  return {
    daemon,
    upstream,
    door,
    plain: () => kept(connectPlain(door)),
    tls: (host = VICTIM) => kept(connectTlsDirect(door, host, { ca: daemon.ca, alpn: ['http/1.1'] })),
  };
}

/** What comes back on a connection that begins with these bytes, to its end. */
async function answered(client: Client, bytes: Uint8Array): Promise<Buffer> {
  await client.write(bytes);
  return client.reader.rest();
}
const alert = (name: keyof typeof ALERT) => Buffer.from([21, 3, 3, 0, 2, 2, ALERT[name]]);
const hello = (servername: string) => helloOf({ servername, ALPNProtocols: ['http/1.1'] });

test('an intercepted host is served under its own certificate, request after request, by either family', async () => {
  const { tls, daemon } = await setUp();
  const client = await tls();
  for (const path of ['/one', '/two']) expect((await client.request(`GET ${path}`, ['Host', VICTIM])).body.toString()).toBe(path);
  expect(daemon.proxy.status().totals).toMatchObject({ transparent: 1, intercepted: 1 });
  expect(daemon.proxy.transparent.every(({ port }) => port === daemon.proxy.transparent[0]!.port)).toBe(true);
});

test('another Host inside is refused, as in any tunnel', async () => {
  const { tls } = await setUp();
  expect((await (await tls()).request('GET /', ['Host', 'other.example.test'])).status).toBe(421);
});

test.each([
  ['another host, and nobody knows where it was to go', {}, 'other.example.test', 'unrecognized name'],
  ['another host that was to go to this machine', { destination: { host: '127.0.0.1', port: 443 } }, 'other.example.test', 'access denied'],
  ['another host that was to go to a metadata service', { destination: { host: 'fd00:ec2::254', port: 443 } }, 'x.test', 'access denied'],
  ['a port that no tunnel may lead to', { destination: { host: '9.9.9.9', port: 25 } }, VICTIM, 'access denied'],
  ['a user who needs a token', { user: 65_534 }, VICTIM, 'access denied'],
  ['nobody', { user: 'absent' }, VICTIM, 'access denied'],
] as const)('refused: %s', async (_, origin, host, name) => {
  const { plain, upstream } = await setUp(origin);
  expect(await answered(await plain(), hello(host))).toEqual(alert(name));
  expect(upstream.connections).toHaveLength(0);
});

test('where a password is asked for, nobody comes in: it cannot be given here', async () => {
  const { plain } = await setUp({}, {}, 'me:secret');
  expect(await answered(await plain(), hello(VICTIM))).toEqual(alert('access denied'));
});

test('a hello that cannot be read is refused, not led through', async () => {
  const { plain } = await setUp({ destination: { host: '9.9.9.9', port: 443 } });
  const broken = Buffer.from(hello(VICTIM));
  broken[9] = 9; // not version 3.x of the message
  expect(await answered(await plain(), broken)).toEqual(alert('decode error'));
});

test('what is no TLS, and was to go nowhere known, is reset', async () => {
  const { plain } = await setUp();
  const client = await plain();
  await client.write('SSH-2.0-test\r\n');
  expect((await client.over).how).toBe('reset');
});

test('a hello that does not come in time is cut; a connection without a word is nobody’s fault', async () => {
  const { plain, daemon } = await setUp({}, { headMs: 100 });
  const slow = await plain();
  await slow.write(hello(VICTIM).subarray(0, 20));
  expect((await slow.over).how).toBe('reset');
  const silent = await plain();
  silent.end();
  await silent.over;
  expect(daemon.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});

test('what the kernel cannot say, by a failure of ours, lets nobody in', async () => {
  const { plain, daemon } = await setUp(() => Promise.reject(new Error('no descriptors')));
  expect(await answered(await plain(), hello(VICTIM))).toEqual(Buffer.from([21, 3, 3, 0, 2, 2, 80]));
  expect(daemon.log.join()).toContain('no descriptors');
});

test('a drain closes both doors', async () => {
  const { daemon, door } = await setUp();
  await daemon.proxy.drain(1_000);
  for (const { host, port } of [daemon.proxy.address, door]) {
    await expect(new Promise((resolve, reject) => connect(port, host, () => resolve('open')).once('error', reject))).rejects.toThrow();
  }
});

test('with one port taken, no door stays open', async () => {
  const options = { maxConnections: 10, onSocket: () => undefined, onError: () => undefined };
  const taken = await openDoor({ host: '::1', port: 0 }, options).catch(() => undefined);
  if (!taken) return;
  onTestFinished(() => taken.close());
  await expect(openLoopbackDoors(taken.address.port, options)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await eventually(async () => {
    const again = await openDoor({ host: '127.0.0.1', port: taken.address.port }, options);
    await again.close();
  });
});
