// What leaves is masked and what comes back is whole, in each dialect, as JSON and as a stream.

import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { KINDS } from '../../src/rules/masking/kinds.ts';
import { chunk, headBytes } from '../support/http1.ts';
import { readAnthropicEvents } from '../support/provider/anthropic.ts';
import { readChatEvents } from '../support/provider/chat.ts';
import { readGeminiEvents } from '../support/provider/gemini.ts';
import { at } from '../support/provider/json.ts';
import { readResponsesEvents } from '../support/provider/responses.ts';
import { EMAIL, KEY, KEY_LINE, TOKEN } from '../support/samples.ts';
import { leaksOf } from '../support/secret-forms.ts';
import { type ReadReply, startWorld, type World } from '../support/world.ts';

const WORDS = `Write to ${EMAIL}, the token is "${TOKEN}" — and\nnothing else.`;
const ECHO = `ECHO<${WORDS}> END`;
const ARGS = { command: `curl -u ${EMAIL}:${TOKEN} "x\\y"`, n: 1 };
const CALL = `Run it. [[call run ${JSON.stringify(ARGS)}]]`;

interface Dialect {
  readonly name: string;
  readonly host: string;
  readonly path: (stream: boolean) => string;
  readonly body: (words: string, stream: boolean) => object;
  /** Every text the reply says, and the tool arguments. */
  readonly said: (reply: ReadReply, stream: boolean) => string[];
  readonly args: (reply: ReadReply) => unknown[];
}

const DIALECTS: readonly Dialect[] = [
  {
    name: 'Anthropic',
    host: 'api.anthropic.com',
    path: () => '/v1/messages?beta=true',
    body: (words, stream) => ({
      model: 'm',
      stream,
      tools: [{ name: 'run' }],
      messages: [{ role: 'user', content: [{ type: 'text', text: words }] }],
    }),
    said: (reply, stream) =>
      stream ? [readAnthropicEvents(reply.events).text] : [(at(reply.json, 'content') as { text: string }[])[0]!.text],
    args: (reply) => [...readAnthropicEvents(reply.events).calls],
  },
  {
    name: 'Responses',
    host: 'api.openai.com',
    path: () => '/v1/responses',
    body: (words, stream) => ({
      model: 'm',
      stream,
      instructions: `You serve ${EMAIL}.`,
      tools: [{ type: 'function', name: 'run' }],
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: words }] }],
    }),
    said: (reply, stream) =>
      stream
        ? Object.values(readResponsesEvents(reply.events))
        : [readResponsesEvents([{ type: 'response.completed', response: reply.json }])['response.completed']!],
    args: (reply) => Object.values(readResponsesEvents(reply.events)).map((text) => JSON.parse(text)),
  },
  {
    name: 'Chat',
    host: 'openrouter.ai',
    path: () => '/api/v1/chat/completions',
    body: (words, stream) => ({
      model: 'm',
      stream,
      tools: [{ type: 'function', function: { name: 'run' } }],
      messages: [{ role: 'user', content: words }],
    }),
    said: (reply, stream) =>
      stream ? [readChatEvents(reply.events).text] : [at((at(reply.json, 'choices') as unknown[])[0], 'message', 'content') as string],
    args: (reply) => [JSON.parse(readChatEvents(reply.events).arguments)],
  },
  {
    name: 'Gemini',
    host: 'generativelanguage.googleapis.com',
    path: (stream) => `/v1beta/models/m:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: (words) => ({ tools: [{ functionDeclarations: [{ name: 'run' }] }], contents: [{ role: 'user', parts: [{ text: words }] }] }),
    said: (reply, stream) => [readGeminiEvents(stream ? reply.events : [reply.json]).text],
    args: (reply) => readGeminiEvents(reply.events).calls.map((c) => at(c, 'args')),
  },
  {
    name: 'Code Assist',
    host: 'cloudcode-pa.googleapis.com',
    path: (stream) => `/v1internal:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: (words) => ({
      request: { tools: [{ functionDeclarations: [{ name: 'run' }] }], contents: [{ role: 'user', parts: [{ text: words }] }] },
    }),
    said: (reply, stream) => [readGeminiEvents(stream ? reply.events : [reply.json]).text],
    args: (reply) => readGeminiEvents(reply.events).calls.map((c) => at(c, 'args')),
  },
];

function expectNoLeak(world: World): void {
  const all = world.provider.capture.everything();
  expect(all.length).toBeGreaterThan(100);
  expect(leaksOf(EMAIL, all)).toEqual([]);
  expect(leaksOf(TOKEN, all)).toEqual([]);
}

// A CLI asks for several things at a time. Only one body in twenty milliseconds was hashed, and `fidelity` showed none for a masked prompt.
test('fidelity has the hash of each body, of requests made together too', async () => {
  const world = await startWorld();
  const path = '/v1/messages';
  const bodies = Array.from({ length: 12 }, (_, n) => Buffer.from(JSON.stringify({ n, messages: [{ role: 'user', content: EMAIL }] })));
  await Promise.all(bodies.map((body) => world.post('api.anthropic.com', path, body)));
  await world.daemon.record(() => world.daemon.records.length === bodies.length);
  const reports = world.daemon.proxy.fidelity().filter((r) => r.path === path);
  const hashes = (all: readonly Buffer[]) => new Set(all.map((body) => createHash('sha256').update(body).digest('hex')));
  expect(new Set(reports.map((r) => r.clientBody))).toEqual(hashes(bodies));
  expect(new Set(reports.map((r) => r.upstreamBody))).toEqual(hashes(world.provider.capture.requests.map((r) => r.wireBody)));
});

for (const dialect of DIALECTS) {
  const { name, host, path, body } = dialect;

  test.each([false, true])(`${name}: text comes back whole, stream %s`, async (stream) => {
    const world = await startWorld({ provider: { deltaChars: 3 } });
    const reply = await world.post(host, path(stream), body(WORDS, stream));
    expect(reply.status).toBe(200);
    expectNoLeak(world);
    expect(new Set(dialect.said(reply, stream))).toEqual(new Set([ECHO]));
    const record = await world.daemon.record();
    expect(record).toMatchObject({ verdict: 'edit', edits: { email: expect.any(Number), secrets: 1 }, fault: undefined });
    expect(record.restored).toBeGreaterThanOrEqual(2);
  });

  test(`${name}: tool arguments come back whole`, async () => {
    const world = await startWorld({ provider: { deltaChars: 5 } });
    const reply = await world.post(host, path(true), body(CALL, true));
    expectNoLeak(world);
    const args = dialect.args(reply);
    expect(args.length).toBeGreaterThan(0);
    for (const a of args) expect(a).toEqual(ARGS);
  });

  test.each(['gzip', 'br', 'zstd'] as const)(`${name}: a reply in %s stays in %s and comes back whole`, async (compress) => {
    const world = await startWorld({ provider: { compress } });
    const reply = await world.post(host, path(true), body(WORDS, true), ['Accept-Encoding', 'gzip, br, zstd']);
    expect(reply.headers.join('\n')).toContain(compress);
    expect(new Set(dialect.said(reply, true))).toEqual(new Set([ECHO]));
  });
}

// gemini-cli asks a router model first, for a JSON document, and asks again and again while that cannot be read. A private key in the
// prompt came back into the document with its line ends raw, inside a string: the CLI hung.
test.each(['Gemini', 'Code Assist'])('%s: a document that was asked for stays one when a key comes back into it', async (name) => {
  const { host, path, body } = DIALECTS.find((d) => d.name === name)!;
  const generationConfig = { responseMimeType: 'application/json' };
  const words = `Use ${KEY}\nfor ${EMAIL}.`;
  for (const stream of [false, true]) {
    const world = await startWorld({ provider: { deltaChars: 3 } });
    const plain = body(words, stream);
    const asked = 'request' in plain ? { request: { ...(plain.request as object), generationConfig } } : { ...plain, generationConfig };
    const reply = await world.post(host, path(stream), asked);
    expect(leaksOf(KEY_LINE, world.provider.capture.everything())).toEqual([]);
    const { text } = readGeminiEvents(stream ? reply.events : [reply.json]);
    expect(JSON.parse(text)).toMatchObject({ next_speaker: 'user', echo: `ECHO<${words}> END` });
  }
});

test('a zstd request is masked and stays zstd', async () => {
  const world = await startWorld();
  const plain = JSON.stringify({ stream: true, input: WORDS });
  const reply = await world.post('chatgpt.com', '/backend-api/codex/responses', zstdCompressSync(plain), ['Content-Encoding', 'zstd']);
  const seen = world.provider.capture.requests[0]!;
  expect(seen.headers).toContain('zstd');
  expect(seen.wireBody.readUInt32LE(0)).toBe(0xfd2fb528);
  expectNoLeak(world);
  expect(readResponsesEvents(reply.events)['response.completed']).toBe(ECHO);
});

test('one value has one placeholder, on every turn and in every dialect', async () => {
  const world = await startWorld();
  for (const { host, path, body } of [...DIALECTS, ...DIALECTS])
    await world.post(host, path(true), body(`Write to ${EMAIL} please.`, true));
  const all = world.provider.capture.requests.map((r) => /Write to (\S+) please/.exec(r.body.toString())?.[1]);
  expect(all).toHaveLength(2 * DIALECTS.length);
  expect(new Set(all).size).toBe(1);
});

test('a request without findings leaves with its own bytes', async () => {
  const world = await startWorld();
  const body = Buffer.from('{ "messages" : [ {"role":"user","content":"nothing to\\u0020see" } ] }');
  await world.post('api.anthropic.com', '/v1/messages', body);
  expect(world.provider.capture.requests[0]!.wireBody).toEqual(body);
  expect(await world.daemon.record()).toMatchObject({ verdict: 'pass', edits: {} });
});

test.each([
  ['block', 403],
  ['warn', 200],
  ['off', 200],
] as const)('action %s', async (action, status) => {
  const world = await startWorld({ daemon: { settings: { mask: { email: action, secrets: 'mask' } } } });
  const body = { messages: [{ role: 'user', content: `Write to ${EMAIL}` }] };
  const reply = await world.post('api.anthropic.com', '/v1/messages', body);
  expect(reply.status).toBe(status);
  expect(leaksOf(EMAIL, world.provider.capture.everything())).toEqual(action === 'block' ? [] : ['plain']);
  if (action === 'block') {
    expect(reply.json).toMatchObject({ type: 'error', error: { message: expect.stringContaining('refused') } });
    expect(reply.text).not.toContain(EMAIL);
  }
});

// JSON that called itself a picture went to the provider as it was. A picture flows, so by then it is too late to mask it.
test.each([
  ['image/png', 200],
  ['application/pdf', 200],
  ['application/grpc', 413],
  ['application/vnd.amazon.eventstream', 200],
  ['x', 200],
])('JSON as %s never leaves as it is, and bytes of that type are left alone', async (type, status) => {
  const world = await startWorld();
  const send = async (body: Buffer) => {
    const client = await world.connect('api.anthropic.com');
    return client.request('POST /v1/messages', ['Host', 'api.anthropic.com', 'Content-Type', type], body);
  };
  const bytes = Buffer.from('\x89PNG\r\n\0\0 some pixels @ a.b, and some more of them', 'latin1');
  await send(bytes);
  expect(world.provider.capture.requests.at(-1)!.wireBody).toEqual(bytes);
  expect((await send(Buffer.from(` {"messages":[{"role":"user","content":"${EMAIL} ${TOKEN}"}]}`))).status).toBe(status);
  expectNoLeak(world);
});

// A form or a query with one letter written as %62 went out as it was.
test('percent-encoded values are masked in a query and in a form, with the placeholder the value has everywhere', async () => {
  const world = await startWorld();
  const coded = `%${EMAIL.charCodeAt(0).toString(16)}${encodeURIComponent(EMAIL.slice(1))}`;
  const client = await world.connect('api.anthropic.com');
  const fields = ['Host', 'api.anthropic.com', 'Content-Type', 'application/x-www-form-urlencoded'];
  await client.request(`POST /v1/messages?e=${coded}&n=%41`, fields, Buffer.from(`a=%41+b&e=${coded}`));
  const seen = world.provider.capture.requests[0]!;
  const placeholder = /SP_EMAIL_[A-Z2-7]{12}/.exec(seen.target)?.[0];
  expect(seen.target).toBe(`/v1/messages?e=${placeholder}&n=%41`);
  expect(seen.wireBody.toString()).toBe(`a=%41+b&e=${placeholder}`);
  await world.post('api.anthropic.com', '/v1/messages', { messages: [{ role: 'user', content: EMAIL }] });
  expect(world.provider.capture.requests[1]!.wireBody.toString()).toContain(placeholder);
});

// JSON in UTF-16 went to the provider with its values, under any type.
test.each([
  ['application/json', []],
  ['image/png', []],
  ['application/octet-stream', ['Transfer-Encoding', 'chunked']],
  ['application/connect+json', ['Transfer-Encoding', 'chunked']],
])('text in UTF-16 as %s %j is refused, unless nothing is masked', async (type, framing) => {
  for (const action of ['mask', 'block', 'warn'] as const) {
    const others = Object.fromEntries(KINDS.map((kind) => [kind, 'off' as const]));
    const world = await startWorld({ daemon: { settings: { mask: { ...others, email: action } } } });
    const client = await world.connect('api.anthropic.com');
    const body = Buffer.from(`{"messages":[{"role":"user","content":"${EMAIL}"}]}`, 'utf16le');
    const head = ['Host', 'api.anthropic.com', 'Content-Type', type];
    await client.write(
      headBytes('POST /v1/messages HTTP/1.1', [...head, ...(framing.length > 0 ? framing : ['Content-Length', `${body.length}`])]),
    );
    await client.write(framing.length > 0 ? Buffer.concat([chunk(body), Buffer.from('0\r\n\r\n')]) : body);
    const reply = await client.reply();
    if (action === 'warn') expect(world.provider.capture.requests[0]!.wireBody).toEqual(body);
    else expect([reply.status, JSON.parse(reply.body.toString()).type]).toEqual([400, 'error']);
  }
});

// A query or a field that SigV4 covers was edited and left with a signature that was wrong.
describe('a head that is signed', () => {
  const HOST = 'bedrock-runtime.us-east-1.amazonaws.com';
  const signature = 'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-note, Signature=00';
  const send = async (on: 'mask' | 'block' | 'observe', query: string, fields: readonly string[], signed = true) => {
    const world = await startWorld({ daemon: { settings: { onAttestedBody: on } } });
    const client = await world.connect(HOST);
    const head = ['Host', HOST, ...fields, ...(signed ? ['Authorization', signature] : [])];
    const { status } = await client.request(`POST /model/m/invoke${query}`, head, '{}');
    return { status, seen: world.provider.capture.everything() };
  };

  test.each([
    [`?to=${encodeURIComponent(EMAIL)}`, []],
    ['', ['X-Note', `for ${EMAIL}`]],
  ])('is refused, or passes as it is: %j %j', async (query, fields) => {
    for (const on of ['mask', 'block'] as const) {
      const { status, seen } = await send(on, query, fields);
      expect(status).toBe(403);
      expect(leaksOf(EMAIL, seen)).toEqual([]);
    }
    const { seen } = await send('observe', query, fields);
    expect(leaksOf(EMAIL, seen)).not.toEqual([]);
    expect(seen).not.toContain('SP_EMAIL_');
  });

  test('has fields outside the signature masked, and all of them without one', async () => {
    for (const on of ['mask', 'block', 'observe'] as const) {
      expect(leaksOf(EMAIL, (await send(on, '', ['X-Other', EMAIL])).seen)).toEqual([]);
      expect(leaksOf(EMAIL, (await send(on, `?to=${EMAIL}`, ['X-Note', EMAIL], false)).seen)).toEqual([]);
    }
  });
});

// Values under eight characters were passed over, and Content-Disposition for its name.
test('a short address in a field is masked, and one in a file name; what says how a body is read stays', async () => {
  const world = await startWorld();
  const kept = ['Content-Type', 'application/json; x=a@b.co', 'Content-Language', 'a@b.co', 'Accept', 'a@b.co'];
  const masked = [
    'X-To',
    'a@b.co',
    'Content-Disposition',
    'attachment; filename="a@b.co"',
    'Content-Location',
    '/a@b.co',
    'Content-ID',
    '<a@b.co>',
  ];
  const client = await world.connect('api.anthropic.com');
  await client.request('POST /v1/messages', ['Host', 'api.anthropic.com', ...kept, ...masked], '{}');
  const seen = world.provider.capture.requests[0]!.headers;
  expect(seen.slice(2, 2 + kept.length)).toEqual(kept);
  const after = seen.slice(2 + kept.length, 2 + kept.length + masked.length);
  const placeholder = after[1]!;
  expect(placeholder).toMatch(/^SP_EMAIL_[A-Z2-7]{12}$/);
  expect(after).toEqual(masked.map((part) => part.replace('a@b.co', placeholder)));
});
