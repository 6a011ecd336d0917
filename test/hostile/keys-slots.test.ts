// Checklist E54 to E60 for every place a key of the vault may have in a request: it leaves only towards its own host, over verified TLS, on
// port 443, whichever place that is, and comes back to nobody.
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { firstValue } from '../../src/headers.ts';
import type { Slot } from '../../src/rules/credential.ts';
import { awsStandIn, standInFor } from '../../src/rules/key-shapes.ts';
import { type AwsPair, isSignedBy, signedFields } from '../support/aws-signer.ts';
import { connectPlain, connectTlsTunnel, type TlsOptions } from '../support/client.ts';
import { CLEAR, hostileStage, VICTIM } from '../support/hostile-stage.ts';
import { replyBytes, requestBytes, type WireReply, type WireRequest } from '../support/http1.ts';
import type { TestCredential } from '../support/vault.ts';

const PAIR: AwsPair = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const NOISE = Buffer.alloc(256, 'a tulip');
const AWS = awsStandIn(NOISE);

/** A place, how a client fills it, and what tells upstream that the key is there. */
interface Place {
  readonly place: string;
  readonly slot: Slot;
  readonly value: string;
  readonly placeholder: string;
  readonly line: string;
  readonly headers: (host: string) => readonly string[];
  readonly body: string;
  /** Of a request that came whole. */
  readonly isKeyed: (request: WireRequest) => boolean;
  /** Never in what leaves for another host, nor in a reply. */
  readonly secret: string;
}

const plain = { headers: () => [], body: '' };
const KEYS = { header: 'sk-real-7Qm2', query: 'q-real-3Kd8', json: 'j-real-5Tb1' };
const PLACES: readonly Place[] = [
  {
    ...plain,
    place: 'a field',
    slot: { kind: 'header', name: 'authorization' },
    value: KEYS.header,
    secret: KEYS.header,
    placeholder: standInFor(['api.openai.com'], NOISE),
    line: 'GET /header',
    headers: () => ['Authorization', `Bearer ${standInFor(['api.openai.com'], NOISE)}`],
    isKeyed: ({ headers }) => firstValue(headers, 'authorization') === `Bearer ${KEYS.header}`,
  },
  {
    ...plain,
    place: 'the query',
    slot: { kind: 'query', name: 'token' },
    value: KEYS.query,
    secret: KEYS.query,
    // As a vendor's: what masks secrets must leave it for its key.
    placeholder: standInFor(['openrouter.ai'], NOISE),
    line: `GET /query?a=1&token=${standInFor(['openrouter.ai'], NOISE)}&b=2`,
    isKeyed: ({ target }) => target === `/query?a=1&token=${KEYS.query}&b=2`,
  },
  {
    ...plain,
    place: 'the body',
    slot: { kind: 'json', path: ['auth', 'key'] },
    value: KEYS.json,
    secret: KEYS.json,
    placeholder: standInFor(['api.anthropic.com'], NOISE),
    line: 'POST /json',
    headers: () => ['Content-Type', 'application/json'],
    body: JSON.stringify({ auth: { key: standInFor(['api.anthropic.com'], NOISE) }, text: 'hello' }),
    isKeyed: ({ body }) => body.toString() === JSON.stringify({ auth: { key: KEYS.json }, text: 'hello' }),
  },
  {
    place: 'a signature',
    slot: { kind: 'sigv4' },
    value: `${PAIR.accessKeyId}:${PAIR.secretAccessKey}`,
    secret: PAIR.secretAccessKey,
    placeholder: AWS,
    line: 'POST /signed',
    body: '{"text":"hello"}',
    headers: (host) => signedFields({ ...PAIR, accessKeyId: AWS }, '{"text":"hello"}', {}, { host, target: '/signed' }).slice(2),
    isKeyed: (request) => isSignedBy(PAIR, request),
  },
];

const seen: WireRequest[] = [];
const stage = hostileStage({
  daemon: {
    settings: { intercept: ['*'], connectPorts: [8443] },
    vault: PLACES.map(
      ({ slot, value, placeholder }): TestCredential => ({ name: slot.kind, hosts: [VICTIM], slots: [slot], placeholder, value }),
    ),
  },
  answer: async (c, q) => {
    seen.push(q);
    const said = [q.startLine, ...q.headers, q.body.toString()].join(' ');
    await c.write(replyBytes('200 OK', ['X-Seen', q.headers.join(' ')], said));
    return true;
  },
});

beforeAll(() => {
  const { host, port } = stage.secure;
  stage.daemon.reload({
    connectTo: [
      { pattern: CLEAR, host, port: stage.clear.port },
      { pattern: '*', host, port },
    ],
  });
});
beforeEach(() => {
  seen.length = 0;
});

describe.each(PLACES)('a key whose place is $place', (own) => {
  const { line, headers, body, secret, placeholder, isKeyed } = own;

  async function ask(authority: string, host: string, more: Partial<TlsOptions> & { readonly line?: string } = {}): Promise<WireReply> {
    const client = await connectTlsTunnel(stage.daemon, authority, { ca: stage.daemon.ca, alpn: ['http/1.1'], waitMs: 6_000, ...more });
    onTestFinished(() => client.destroy());
    return client.request(more.line ?? line, ['Host', host, ...headers(host)], body);
  }
  async function askPlain(scheme: string, host: string): Promise<WireReply> {
    const [method, target] = line.split(' ');
    const client = await connectPlain(stage.daemon, { waitMs: 6_000 });
    onTestFinished(() => client.destroy());
    await client.write(requestBytes(`${method} ${scheme}://${host}${target}`, ['Host', host, ...headers(host)], body));
    return client.reply();
  }
  const sent = () => seen.map((q) => `${q.head} ${q.body}`).join('');

  test('is put in where everything agrees, and the reply gives it to nobody', async () => {
    const replies = [await ask(`${VICTIM}:443`, VICTIM), await askPlain('https', VICTIM), await ask(`${VICTIM}:443`, VICTIM.toUpperCase())];
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(seen.slice(0, 2).map(isKeyed)).toEqual([true, true]);
    expect(sent()).not.toContain(placeholder);
    for (const reply of replies) expect(`${reply.head} ${reply.body}`).not.toContain(secret);
    expect(`${replies[0]!.body}`).toContain(placeholder);
  });

  test.each(['evil.example', `${VICTIM}:8443`, `x.${VICTIM}`, CLEAR])('not for the Host %s', async (host) => {
    expect((await ask(`${VICTIM}:443`, host)).status).toBe(421);
    expect(seen).toEqual([]);
  });

  test.each([
    ['another server name', `${VICTIM}:443`, VICTIM, { serverName: CLEAR, checkName: VICTIM }, 421],
    ['no server name', `${VICTIM}:443`, VICTIM, { serverName: false as const, checkName: VICTIM }, 200],
    ['another port', `${VICTIM}:8443`, `${VICTIM}:8443`, {}, 200],
    ['another CONNECT', 'evil.example:443', VICTIM, { serverName: VICTIM, checkName: 'evil.example' }, 421],
  ] as const)('not with %s', async (_, authority, host, more, status) => {
    expect((await ask(authority, host, more)).status).toBe(status);
    expect(seen.filter(isKeyed)).toEqual([]);
    expect(sent()).not.toContain(secret);
  });

  test('not with TRACE', async () => {
    await ask(`${VICTIM}:443`, VICTIM, { line: line.replace(/^\w+/, 'TRACE') });
    expect(sent()).not.toContain(secret);
  });

  test('not in clear', async () => {
    const reply = await askPlain('http', VICTIM).catch(() => undefined);
    expect(reply?.status).not.toBe(200);
    expect(sent()).not.toContain(secret);
  });

  test.each([`x.${VICTIM}`, `${VICTIM}.evil.example`, `x${VICTIM}`, 'evil.example'])(
    'what stands for it does not leave for %s',
    async (host) => {
      expect((await ask(`${host}:443`, host)).status).toBe(403);
      expect((await askPlain('https', host)).status).toBe(403);
      expect((await askPlain('http', host)).status).toBe(403);
      expect(seen).toEqual([]);
    },
  );

  test('per request, not per tunnel', async () => {
    const client = await connectTlsTunnel(stage.daemon, `${VICTIM}:443`, { ca: stage.daemon.ca, alpn: ['http/1.1'], waitMs: 6_000 });
    onTestFinished(() => client.destroy());
    await client.request(line, ['Host', VICTIM, ...headers(VICTIM)], body);
    await client.request('GET /nothing', ['Host', VICTIM]);
    expect((await client.request(line, ['Host', 'evil.example', ...headers('evil.example')], body)).status).toBe(421);
    expect(seen.map(isKeyed)).toEqual([true, false]);
  });
});

test('neither a key nor what stands for it is in a log line, a record or a report', () => {
  const said = stage.daemon.log.join('\n') + JSON.stringify(stage.daemon.records) + JSON.stringify(stage.daemon.proxy.fidelity());
  expect(said.length).toBeGreaterThan(1_000);
  for (const { secret, placeholder } of PLACES) expect(said.includes(secret) || said.includes(placeholder)).toBe(false);
});
