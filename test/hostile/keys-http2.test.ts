// Checklist E54, E55, E57, A17 over HTTP/2: every stream is asked for its host, and only what agrees gets the key.
import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeTestAuthority } from '../support/certificates.ts';
import { connectTlsTunnel } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { callH2, startH2 } from '../support/h2-client.ts';
import { type H2Origin, startH2Origin } from '../support/h2-origin.ts';

const HOST = 'victim.example.test';
const EVIL = 'evil.example';
const REAL = 'sk-real-7Qm2';
const KEY = ['$', '{env:KEY}'].join('');

/** Lets the client double any field. The types know it for servers only. */
const LAX = { strictSingleValueFields: false } as object;

let origin: H2Origin;
let daemon: TestDaemon;
let seen: number;
beforeAll(async () => {
  const authority = makeTestAuthority();
  origin = await startH2Origin({
    authority,
    play: async (call) => {
      await call.body;
      call.stream.respond({ ':status': 200 });
      call.stream.end('ok');
    },
  });
  daemon = await startTestDaemon({
    upstream: { '*': origin },
    upstreamCa: authority.pem,
    settings: { intercept: ['*'], inject: [{ host: HOST, header: 'authorization', value: `Bearer ${KEY}`, replaces: 'dummy-key' }] },
    secrets: { [`Bearer ${KEY}`]: `Bearer ${REAL}` },
  });
});
afterAll(async () => {
  await daemon.close();
  await origin.close();
});
beforeEach(() => {
  seen = origin.calls.length;
});

async function withSession<T>(host: string, act: (session: ClientHttp2Session) => Promise<T>): Promise<T> {
  const client = await connectTlsTunnel(daemon, `${host}:443`, { ca: daemon.ca, alpn: ['h2'] });
  try {
    return await act(await startH2(client, LAX));
  } finally {
    client.destroy();
  }
}
const call = (headers: OutgoingHttpHeaders, host = HOST) =>
  withSession(host, (s) => callH2(s, { ':method': 'GET', ':scheme': 'https', ':path': '/x', ...headers }));
const DUMMY = { authorization: 'Bearer dummy-key' };
const sent = () => origin.calls.slice(seen).map((c) => c.headers);

test('everything agrees: the key, in place', async () => {
  expect((await call({ ':authority': HOST, 'x-before': '1', ...DUMMY, 'x-after': '2' })).status).toBe(200);
  expect(sent()[0]!.slice(-6)).toEqual(['x-before', '1', 'authorization', `Bearer ${REAL}`, 'x-after', '2']);
});

test.each([
  ['another :authority', { ':authority': EVIL }],
  ['another port', { ':authority': `${HOST}:8443` }],
  ['a name below', { ':authority': `x.${HOST}` }],
  ['userinfo', { ':authority': `a@${HOST}` }],
  ['an empty :authority', { ':authority': '' }],
  ['another host beside :authority', { ':authority': HOST, host: EVIL }],
  ['another :authority beside host', { ':authority': EVIL, host: HOST }],
  ['another host alone', { host: EVIL }],
])('no key and no request for %s', async (_name, headers) => {
  const reply = await call({ ...headers, ...DUMMY });
  expect(reply.status === 421 || reply.cut !== undefined || reply.status === 400).toBe(true);
  expect(sent()).toEqual([]);
});

test('each stream of a connection is asked again', async () => {
  await withSession(HOST, async (session) => {
    const get = (headers: OutgoingHttpHeaders) =>
      callH2(session, { ':method': 'GET', ':scheme': 'https', ':path': '/x', ':authority': HOST, ...headers });
    const replies = await Promise.all([get(DUMMY), get({}), get({ ':authority': EVIL, ...DUMMY }), get(DUMMY)]);
    expect(replies.map((r) => r.status)).toEqual([200, 200, 421, 200]);
  });
  expect(
    sent()
      .map((h) => h.includes(`Bearer ${REAL}`))
      .sort(),
  ).toEqual([false, true, true]);
});

test.each([`${HOST}.evil.example`, `x.${HOST}`, EVIL])('what carries the placeholder does not leave for %s', async (host) => {
  expect((await call({ ':authority': host, ...DUMMY }, host)).status).toBe(403);
  expect((await call({ ':authority': host, ':path': '/x?k=dummy-key' }, host)).status).toBe(403);
  expect(sent()).toEqual([]);
});

test('TRACE mirrors no key', async () => {
  await call({ ':authority': HOST, ':method': 'TRACE', ...DUMMY });
  expect(JSON.stringify(sent())).not.toContain(REAL);
});

test('the header twice gets no key', async () => {
  const twice = ['authorization', 'Bearer dummy-key', 'authorization', 'Bearer dummy-key'];
  const raw = [':method', 'GET', ':scheme', 'https', ':path', '/x', ':authority', HOST, ...twice] as unknown as OutgoingHttpHeaders;
  expect((await withSession(HOST, (s) => callH2(s, raw))).status).toBe(200);
  expect(sent()[0]!.slice(8)).toEqual(twice);
});

test('what belongs to this hop stays here', async () => {
  await call({ ':authority': HOST, 'proxy-authorization': 'Basic bWU6c2VjcmV0', 'x-sallyport-rule': 'off', via: '1.1 theirs' });
  expect(sent()[0]!.slice(8)).toEqual(['via', '1.1 theirs']);
});

test.each([
  ['CONNECT', { ':method': 'CONNECT', ':authority': 'evil.example:443', ':scheme': undefined, ':path': undefined }],
  ['CONNECT to itself', { ':method': 'CONNECT', ':authority': `${HOST}:443`, ':scheme': undefined, ':path': undefined }],
])('refused: %s', async (_name, headers) => {
  const reply = await call(headers as OutgoingHttpHeaders);
  expect([400, 421]).toContain(reply.status);
  expect(sent()).toEqual([]);
});
