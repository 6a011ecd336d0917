// Checklist E54, E55, E57, A17 over HTTP/2: every stream is asked for its host, and only what agrees gets the key.
import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { awsStandIn } from '../../src/rules/key-shapes.ts';
import { type AwsPair, isSignedBy, signedFields } from '../support/aws-signer.ts';
import { makeTestAuthority } from '../support/certificates.ts';
import { connectTlsTunnel } from '../support/client.ts';
import { startTestDaemon, type TestDaemon, type TestDaemonOptions } from '../support/daemon.ts';
import { callH2, startH2 } from '../support/h2-client.ts';
import { type H2Call, type H2Origin, startH2Origin } from '../support/h2-origin.ts';

const HOST = 'victim.example.test';
const EVIL = 'evil.example';
const REAL = 'sk-real-7Qm2';
const KEY = ['$', '{env:KEY}'].join('');

/** Lets the client double any field. The types know it for servers only. */
const LAX = { strictSingleValueFields: false } as object;

const PAIR: AwsPair = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const AWS = awsStandIn(Buffer.alloc(64, 'a tulip'));

const SOURCES: readonly { readonly source: string; readonly options: TestDaemonOptions }[] = [
  {
    source: 'the configuration',
    options: {
      settings: { intercept: ['*'], inject: [{ host: HOST, header: 'authorization', value: `Bearer ${KEY}`, replaces: 'dummy-key' }] },
      secrets: { [`Bearer ${KEY}`]: `Bearer ${REAL}` },
    },
  },
  {
    source: 'the vault',
    options: {
      settings: { intercept: ['*'] },
      vault: [
        { name: 'header', hosts: [HOST], slots: [{ kind: 'header', name: 'authorization' }], placeholder: 'dummy-key', value: REAL },
        { name: 'query', hosts: [HOST], slots: [{ kind: 'query', name: 'token' }], placeholder: 'dummy-query', value: REAL },
        { name: 'body', hosts: [HOST], slots: [{ kind: 'json', path: ['auth', 'key'] }], placeholder: 'dummy-body', value: REAL },
        { name: 'aws', hosts: [HOST], slots: [{ kind: 'sigv4' }], placeholder: AWS, value: `${PAIR.accessKeyId}:${PAIR.secretAccessKey}` },
      ],
    },
  },
];

const authority = makeTestAuthority();
let origin: H2Origin;
let seen: number;
beforeAll(async () => {
  origin = await startH2Origin({
    authority,
    play: async (call) => {
      await call.body;
      call.stream.respond({ ':status': 200 });
      call.stream.end('ok');
    },
  });
});
afterAll(() => origin.close());
beforeEach(() => {
  seen = origin.calls.length;
});
const fresh = (): readonly H2Call[] => origin.calls.slice(seen);
const sent = () => fresh().map((c) => c.headers);

describe.each(SOURCES)('a key of $source', ({ source, options }) => {
  let daemon: TestDaemon;
  beforeAll(async () => {
    daemon = await startTestDaemon({ upstream: { '*': origin }, upstreamCa: authority.pem, ...options });
  });
  afterAll(() => daemon.close());

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

  if (source === 'the vault') inOtherPlaces((host) => (act) => withSession(host, act));
});

/** Where else the vault puts keys. */
function inOtherPlaces(open: (host: string) => <T>(act: (session: ClientHttp2Session) => Promise<T>) => Promise<T>): void {
  const post = (path: string, body: string, headers: OutgoingHttpHeaders = {}, host = HOST, named = host) =>
    open(host)((s) =>
      callH2(
        s,
        { ':method': 'POST', ':scheme': 'https', ':path': path, ':authority': named, 'content-type': 'application/json', ...headers },
        body,
      ),
    );
  const signed = (host: string): OutgoingHttpHeaders => {
    const fields = signedFields({ ...PAIR, accessKeyId: AWS }, '{}', {}, { host, target: '/signed' });
    // HTTP/2 has the host in :authority.
    return Object.fromEntries(fields.flatMap((text, i) => (i % 2 === 0 && i > 0 ? [[text.toLowerCase(), fields[i + 1]!]] : [])));
  };
  const PLACES = [
    ['the query', () => '/x?token=dummy-query', '{}', () => ({}), async ({ headers }: H2Call) => headers.includes(`/x?token=${REAL}`)],
    [
      'the body',
      () => '/x',
      '{"auth":{"key":"dummy-body"}}',
      () => ({}),
      async ({ body }: H2Call) => (await body).includes(`{"auth":{"key":"${REAL}"}}`),
    ],
    [
      'a signature',
      () => '/signed',
      '{}',
      signed,
      async (call: H2Call) =>
        isSignedBy(PAIR, { method: 'POST', target: '/signed', headers: ['host', HOST, ...call.headers], body: await call.body }),
    ],
  ] as const;

  test.each(PLACES)('goes into %s of its own host alone', async (_, path, body, headers, isKeyed) => {
    expect((await post(path(), body, headers(HOST))).status).toBe(200);
    expect(await isKeyed(fresh()[0]!)).toBe(true);
    const before = origin.calls.length;
    const replies = [
      await post(path(), body, headers(EVIL), HOST, EVIL),
      await post(path(), body, headers(EVIL), EVIL),
      await post(path(), body, { ...headers(HOST), host: EVIL }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([421, 403, 421]);
    expect(origin.calls).toHaveLength(before);
  });

  test('what its client signed with the key of the vault is masked and signed anew', async () => {
    const body = JSON.stringify({ text: 'to ann.tulip@mail.example.org' });
    const fields = signedFields(PAIR, body, {}, { host: HOST, target: '/signed' }).slice(2);
    const headers = Object.fromEntries(fields.flatMap((text, i) => (i % 2 === 0 ? [[text.toLowerCase(), fields[i + 1]!]] : [])));
    expect((await post('/signed', body, headers)).status).toBe(200);
    const [call] = fresh();
    const bytes = await call!.body;
    expect(bytes.toString()).toMatch(/to SP_EMAIL_/);
    expect(isSignedBy(PAIR, { method: 'POST', target: '/signed', headers: ['host', HOST, ...call!.headers], body: bytes })).toBe(true);
  });
}
