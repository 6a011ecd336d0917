// What profiles may use, on the wire: requests a minute, tokens and money of a day, in the shape of each provider, over HTTP and WebSocket.
// One daemon for all; each case has a profile of its own.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Meter, type MeterNews, openMeter } from '../../src/rules/budget/meter.ts';
import { compilePrices } from '../../src/rules/budget/price.ts';
import { DEFAULT_PROFILE, type Profile } from '../../src/rules/profile.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { openUsage, type Usage, usageSince } from '../../src/store/usage.ts';
import { connectTlsTunnel, openWebSocket } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { callH2, startH2 } from '../support/h2-client.ts';
import { headerOf } from '../support/http1.ts';
import { manualClock } from '../support/manual-clock.ts';
import { WebSocketPeer } from '../support/websocket.ts';
import { readReply } from '../support/world.ts';

const HOUR_MS = 3_600_000;
const NOON = Date.parse('2026-11-25T12:00:00Z');
const clock = manualClock(NOON);
const news: MeterNews[] = [];
const profiles: Profile[] = [];
let provider: FakeProvider;
let daemon: TestDaemon;
let store: Store;
let usage: Usage;
let meter: Meter;
/** A reply of the provider's that says no tokens. */
let isSilent = false;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sp-budgets-'));
  store = openStore({ path: join(folder, 's.db') });
  usage = openUsage(store, { schedule: clock.schedule, onTrouble: ({ cause }) => expect.unreachable(String(cause)) });
  meter = openMeter({
    now: clock.now,
    zone: () => 0,
    priceOf: () => compilePrices([['priced-*', { input: 1000, output: 1000 }]]),
    tally: usage.tally,
    onCount: usage.changed,
    tell: (one) => news.push(one),
  });
  provider = await startFakeProvider({
    webSocketOverH2: true,
    override: (_request, reply) => {
      if (isSilent) reply.json(200, { model: 'quiet' });
      return isSilent;
    },
  });
  daemon = await startTestDaemon({
    upstream: provider,
    upstreamCa: provider.authority.pem,
    budgets: meter,
    profiles,
    tokens: {
      check: (text) => ({ state: 'valid', id: text, profile: text.slice('sp_'.length) }),
      standing: (id) => ({ state: 'valid', id, profile: id.slice('sp_'.length) }),
    },
  });
  return async () => {
    await daemon.close();
    await provider.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  };
});

const user = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });

function profile(name: string, over: Partial<Profile> = {}): Profile {
  const made = { ...DEFAULT_PROFILE, name, ...over };
  profiles.push(made);
  return made;
}

async function connect(name: string, host: string, alpn = 'http/1.1') {
  const authorization = `Basic ${Buffer.from(`any:sp_${name}`).toString('base64')}`;
  const connectHeaders = ['Host', `${host}:443`, 'Proxy-Authorization', authorization];
  const client = await connectTlsTunnel(daemon, `${host}:443`, { ca: daemon.ca, alpn: [alpn], connectHeaders });
  onTestFinished(() => client.destroy());
  return client;
}

async function post(name: string, host: string, path: string, body: object) {
  const client = await connect(name, host);
  const reply = await client.request(`POST ${path}`, ['Host', host, 'Content-Type', 'application/json'], Buffer.from(JSON.stringify(body)));
  const read = readReply(reply);
  return { ...read, retryAfter: headerOf(reply, 'retry-after') };
}

const ANTHROPIC = 'api.anthropic.com';
const message = (model = 'm', stream = false) => ({ model, stream, max_tokens: 9, messages: [{ role: 'user', content: 'hello' }] });
const ask = (name: string, model?: string) => post(name, ANTHROPIC, '/v1/messages', message(model));

/** The sums of a profile, once as many requests were counted: a record may be made a moment after its reply. */
async function counted(name: string, requests: number) {
  const rows = () => usage.tally.rows(new Date(clock.now()).toISOString().slice(0, 10), name);
  await expect.poll(() => rows().reduce((sum, row) => sum + row.requests, 0)).toBe(requests);
  return rows();
}

async function over(name: string, host: string, path: string, body: object) {
  await ask(name);
  await counted(name, 1);
  return post(name, host, path, body);
}

test.each([
  ['Anthropic', ANTHROPIC, '/v1/messages', message()],
  ['Anthropic, streamed', ANTHROPIC, '/v1/messages', message('m', true)],
  ['chat', 'api.mistral.ai', '/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'hello' }] }],
  ['chat, streamed', 'api.mistral.ai', '/v1/chat/completions', { model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] }],
  ['Responses, streamed', 'api.openai.com', '/v1/responses', { model: 'm', stream: true, input: [user('hello')] }],
  [
    'Gemini',
    'generativelanguage.googleapis.com',
    '/v1beta/models/m:generateContent',
    { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] },
  ],
])('tokens of %s are counted, of a profile that keeps no rows too', async (what, host, path, body) => {
  const name = `sums-${what.toLowerCase().replace(/\W+/g, '-')}`;
  profile(name, { log: 'none' });
  expect((await post(name, host, path, body)).status).toBe(200);
  expect(await counted(name, 1)).toMatchObject([{ model: 'm', requests: 1, tokensIn: 11, tokensOut: 22 }]);
  expect(daemon.records.some((record) => record.profile === name)).toBe(false);
});

test.each([
  ['anthropic', ANTHROPIC, '/v1/messages', message(), { type: 'error', error: { type: 'rate_limit_error' } }],
  ['chat', 'api.mistral.ai', '/v1/chat/completions', { model: 'm' }, { error: { type: 'rate_limit_error', code: 'over-budget' } }],
  ['responses', 'api.openai.com', '/v1/responses', { model: 'm' }, { error: { type: 'rate_limit_error', code: 'over-budget' } }],
  [
    'gemini',
    'generativelanguage.googleapis.com',
    '/v1beta/models/m:generateContent',
    {},
    { error: { status: 'RESOURCE_EXHAUSTED', details: [{ retryDelay: `${12 * 3600}s` }] } },
  ],
])('over a budget that refuses, %s gets a 429 in its own shape until midnight', async (dialect, host, path, body, shape) => {
  const { name } = profile(`refuse-${dialect}`, { tokensPerDay: 33, overBudget: 'refuse' });
  const before = provider.capture.requests.length;
  const refused = await over(name, host, path, body);
  expect(refused).toMatchObject({ status: 429, retryAfter: String(12 * 3600), json: shape });
  expect(refused.text).toContain(`profile ${name}: 33 of 33 tokens of today are used, free again at 2026-11-26 00:00`);
  expect(provider.capture.requests.length - before).toBe(1);
  expect(await counted(name, 1)).toHaveLength(1);
  expect(await daemon.record((r) => r.profile === name && r.status === 429)).toMatchObject({ fault: 'over-budget', verdict: 'deny' });
});

test('what is no call of a model goes on: a login, a list of models', async () => {
  const { name } = profile('login', { tokensPerDay: 1, requestsPerMinute: 1, overBudget: 'refuse' });
  await ask(name);
  await counted(name, 1);
  expect((await ask(name)).status).toBe(429);
  expect((await post(name, 'auth.openai.com', '/oauth/token', {})).status).not.toBe(429);
  const client = await connect(name, ANTHROPIC);
  expect((await client.request('GET /v1/models', ['Host', ANTHROPIC])).status).not.toBe(429);
  expect(await counted(name, 1)).toHaveLength(1);
});

test('midnight frees, and a clock that is set back does not', async () => {
  const { name } = profile('midnight', { tokensPerDay: 33, overBudget: 'refuse' });
  onTestFinished(() => clock.sleep(NOON - clock.now()));
  await ask(name);
  await counted(name, 1);
  expect((await ask(name)).status).toBe(429);
  clock.sleep(12 * HOUR_MS - 1500);
  expect((await ask(name)).retryAfter).toBe('2');
  clock.sleep(1500);
  expect((await ask(name)).status).toBe(200);
  await counted(name, 1);
  clock.sleep(-HOUR_MS);
  expect((await ask(name)).retryAfter).toBe('3600');
});

test('over a budget that warns everything goes on, and it is said once', async () => {
  const warned = profile('warn', { tokensPerDay: 40 });
  for (let i = 0; i < 4; i++) expect((await ask('warn')).status).toBe(200);
  expect(await counted('warn', 4)).toMatchObject([{ tokensIn: 44, tokensOut: 88 }]);
  expect(news.filter((one) => one.profile.name === 'warn')).toEqual([
    { kind: 'over', profile: warned, budget: { name: 'tokens', used: 66, limit: 40, isOver: true } },
  ]);
});

test('money: by the prices there are, a model without one is named', async () => {
  const paying = profile('money', { moneyPerDay: 0.05, overBudget: 'refuse' });
  await ask('money', 'unknown-1');
  await counted('money', 1);
  expect((await ask('money', 'priced-1')).status).toBe(200);
  await counted('money', 2);
  expect((await ask('money', 'priced-1')).status).toBe(200);
  await counted('money', 3);
  expect((await ask('money', 'priced-1')).text).toContain('profile money: $0.07 of $0.05 of today are spent');
  expect(meter.standing(paying)).toMatchObject({ budgets: [{ used: 0.066 }], unpriced: ['unknown-1'] });
  expect(news.filter((one) => one.kind === 'unpriced')).toEqual([{ kind: 'unpriced', profile: paying, model: 'unknown-1' }]);
});

test('requests over the limit of a minute are told when to come again', async () => {
  const { name } = profile('minute', { requestsPerMinute: 2 });
  expect([(await ask(name)).status, (await ask(name)).status]).toEqual([200, 200]);
  const refused = await ask(name);
  expect(refused).toMatchObject({ status: 429, retryAfter: '30', json: { error: { type: 'rate_limit_error' } } });
  expect(refused.text).toContain('profile minute: 2 requests a minute');
  clock.sleep(30_000);
  expect((await ask(name)).status).toBe(200);
  await counted(name, 3);
});

test('a request whose reply says no tokens counts as a request', async () => {
  profile('silent');
  isSilent = true;
  onTestFinished(() => {
    isSilent = false;
  });
  await ask('silent', 'quiet');
  expect(await counted('silent', 1)).toMatchObject([{ provider: 'anthropic', model: 'quiet', tokensIn: 0, tokensOut: 0 }]);
});

/** One turn; what came instead of an answer where it was refused. */
async function turn(peer: WebSocketPeer, model = 'm') {
  await peer.send(JSON.stringify({ type: 'response.create', model, input: [user('hello')] }));
  for (;;) {
    const event = await peer.next();
    if (event.kind !== 'text') return event;
    const json = JSON.parse(event.text);
    if (json.type === 'response.completed' || json.type === 'error') return json;
  }
}

async function openPeer(name: string, alpn: string): Promise<WebSocketPeer> {
  const host = 'api.openai.com';
  const client = await connect(name, host, alpn);
  if (alpn !== 'h2') return (await openWebSocket(client, '/v1/responses', { host })).peer;
  const session = await startH2(client);
  const path = { ':scheme': 'https', ':authority': host, ':path': '/v1/responses' };
  const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ...path, 'sec-websocket-version': '13' });
  await once(stream, 'response');
  return new WebSocketPeer(stream, 'client');
}

test.each(['http/1.1', 'h2'])(
  "over a WebSocket (%s) it counts as it comes, and ends with the provider's words at the next message",
  async (alpn) => {
    const name = `socket-${alpn === 'h2' ? 'h2' : 'h1'}`;
    profile(name, { tokensPerDay: 66, overBudget: 'refuse' });
    const peer = await openPeer(name, alpn);
    expect(await turn(peer, 'm')).toMatchObject({ type: 'response.completed' });
    expect(await counted(name, 1)).toMatchObject([{ model: 'm', tokensIn: 11, tokensOut: 22 }]);
    expect(await turn(peer, 'n')).toMatchObject({ type: 'response.completed' });
    expect(await counted(name, 2)).toMatchObject([{ model: 'm' }, { model: 'n', tokensIn: 11, tokensOut: 22 }]);
    expect(await turn(peer)).toMatchObject({ type: 'error', status: 429, error: { code: 'over-budget' } });
    expect(await peer.next()).toMatchObject({ kind: 'close', code: 1008 });
    peer.close(1008);
    expect(await daemon.record((r) => r.profile === name)).toMatchObject({ fault: 'over-budget', tokensIn: 22, tokensOut: 44 });
    // What was counted answer by answer is not counted again with the record.
    expect(usage.tally.rows('2026-11-25', name).map(({ requests }) => requests)).toEqual([1, 1]);
  },
);

test('over a WebSocket each question is one of the requests of a minute', async () => {
  profile('socket-minute', { requestsPerMinute: 2 });
  const peer = await openPeer('socket-minute', 'http/1.1');
  expect([await turn(peer), await turn(peer)]).toMatchObject([{ type: 'response.completed' }, { type: 'response.completed' }]);
  expect(await turn(peer)).toMatchObject({ type: 'error', error: { code: 'rate-limited' } });
});

test('a WebSocket on which nothing was asked counts as a request', async () => {
  profile('socket-idle');
  const peer = await openPeer('socket-idle', 'http/1.1');
  peer.close(1000);
  expect(await peer.next()).toMatchObject({ kind: 'close' });
  expect(await counted('socket-idle', 1)).toMatchObject([{ provider: 'openai', model: '', tokensIn: 0 }]);
});

test('over HTTP/2 it is the same', async () => {
  const { name } = profile('h2', { tokensPerDay: 33, overBudget: 'refuse' });
  const session = await startH2(await connect(name, ANTHROPIC, 'h2'));
  const head = {
    ':method': 'POST',
    ':scheme': 'https',
    ':authority': ANTHROPIC,
    ':path': '/v1/messages',
    'content-type': 'application/json',
  };
  expect((await callH2(session, head, JSON.stringify(message()))).status).toBe(200);
  await counted(name, 1);
  const refused = await callH2(session, head, JSON.stringify(message()));
  expect(refused.status).toBe(429);
  expect(Number(headerOf(refused, 'retry-after'))).toBeGreaterThan(11 * 3600);
});

test('all of it is in the store a second later, once', () => {
  clock.advance(1000);
  const kept = usageSince(store, '2026-11-25');
  for (const row of kept) expect(usage.tally.rows(row.day, row.profile)).toContainEqual(row);
  expect(kept.filter(({ profile: name }) => name === 'warn')).toMatchObject([{ requests: 4, tokensIn: 44, tokensOut: 88 }]);
});
