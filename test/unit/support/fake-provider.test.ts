import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, connectTlsDirect, openWebSocket } from '../../support/client.ts';
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from '../../support/fake-provider.ts';
import { callH2, startH2 } from '../../support/h2-client.ts';
import { readAnthropicEvents } from '../../support/provider/anthropic.ts';
import { decodeContent } from '../../support/provider/capture.ts';
import { readChatEvents } from '../../support/provider/chat.ts';
import { readGeminiEvents } from '../../support/provider/gemini.ts';
import { ownWords } from '../../support/provider/plan.ts';
import { readResponsesEvents } from '../../support/provider/responses.ts';
import { parseEvents } from '../../support/sse.ts';

let provider: FakeProvider;
const clients: Client[] = [];
async function start(options: FakeProviderOptions = {}) {
  await provider?.close();
  provider = await startFakeProvider(options);
}
beforeEach(() => start());
afterEach(async () => {
  for (const c of clients.splice(0)) c.destroy();
  await provider.close();
});

async function post(host: string, path: string, body: unknown, headers: readonly string[] = []) {
  const c = await connectTlsDirect(provider, host, { ca: provider.authority.pem, alpn: ['http/1.1'] });
  clients.push(c);
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const reply = await c.request(`POST ${path}`, ['Host', host, 'Content-Type', 'application/json', ...headers], bytes);
  const plain = decodeContent(reply.body, reply.headers[reply.headers.indexOf('content-encoding') + 1]?.match(/^(gzip|br|zstd)$/)?.[0]);
  const events = parseEvents(plain.toString()).map((e) => e.json);
  return { ...reply, text: plain.toString(), json: () => JSON.parse(plain.toString()), events };
}

const WORDS = 'mail bob@example.test now';
const ECHO = `ECHO<${WORDS}> END`;

describe('Anthropic Messages', () => {
  const tools = [{ name: 'Bash', input_schema: {} }];
  test('echo as a stream and as JSON', async () => {
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: '<system-reminder>x</system-reminder>' },
          { type: 'text', text: WORDS },
        ],
      },
    ];
    const streamed = await post('api.anthropic.com', '/v1/messages?beta=true', { model: 'm', stream: true, messages });
    expect(readAnthropicEvents(streamed.events).text).toBe(ECHO);
    expect(streamed.events.length).toBeGreaterThan(8);
    const whole = await post('api.anthropic.com', '/v1/messages', { model: 'm', messages });
    expect(whole.json().content).toEqual([{ type: 'text', text: ECHO }]);
  });
  test('several tool calls, one after the other; the last one copies what the others gave', async () => {
    const ask = { role: 'user', content: '[[call Read {"n":1}]] [[call Read {"n":2}]] [[call Write {"text":"<<RESULTS>>"}]]' };
    const own = [{ name: 'Read' }, { name: 'Write' }];
    const use = { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'Read', input: {} }] };
    const result = (text: string) => ({ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: text }] });
    const calls = async (...more: object[]) =>
      readAnthropicEvents((await post('api.anthropic.com', '/v1/messages', { stream: true, tools: own, messages: [ask, ...more] })).events);
    expect((await calls()).calls).toEqual([{ n: 1 }]);
    expect((await calls(use, result('a "b"'))).calls).toEqual([{ n: 2 }]);
    expect((await calls(use, result('a "b"'), use, result('c\n$&'))).calls).toEqual([{ text: 'a "b"\nc\n$&' }]);
    expect((await calls(use, result('a'), use, result('b'), use, result('done'))).text).toBe('RESULT<done> END');
  });

  test('a tool call and then its result', async () => {
    const ask = { role: 'user', content: '[[think]] [[call Bash {"command":"echo 1"}]]' };
    const call = await post('api.anthropic.com', '/v1/messages', { stream: true, tools, messages: [ask] });
    expect(readAnthropicEvents(call.events).calls).toEqual([{ command: 'echo 1' }]);
    expect(call.text).toContain('signature_delta');
    const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'out' }] }] };
    const after = await post('api.anthropic.com', '/v1/messages', {
      stream: true,
      tools,
      messages: [ask, { role: 'assistant', content: [] }, result],
    });
    expect(readAnthropicEvents(after.events).text).toBe('RESULT<out> END');
  });
});

describe('OpenAI Responses', () => {
  const ask = { type: 'message', role: 'user', content: [{ type: 'input_text', text: WORDS }] };
  test('all events of a stream agree', async () => {
    const { events } = await post('api.openai.com', '/v1/responses', { stream: true, input: [ask] });
    expect(new Set(Object.values(readResponsesEvents(events)))).toEqual(new Set([ECHO]));
    expect((await post('api.openai.com', '/v1/responses', { input: WORDS })).json().output[0].content[0].text).toBe(ECHO);
  });
  test('function and custom tool calls', async () => {
    const tools = [{ type: 'function', name: 'shell' }];
    const call = (text: string) => ({ role: 'user', content: [{ type: 'input_text', text }] });
    const f = await post('api.openai.com', '/v1/responses', { stream: true, tools, input: [call('[[call shell {"cmd":"x"}]]')] });
    expect(new Set(Object.values(readResponsesEvents(f.events)))).toEqual(new Set(['{"cmd":"x"}']));
    const inInput = {
      type: 'additional_tools',
      tools: [{ type: 'namespace', name: 'functions', tools: [{ type: 'custom', name: 'exec' }] }],
    };
    const c = await post('api.openai.com', '/v1/responses', { stream: true, input: [inInput, call('[[call exec await go("x");]]')] });
    expect(new Set(Object.values(readResponsesEvents(c.events)))).toEqual(new Set(['await go("x");']));
  });
  test.each([false, true])('WebSocket with memory, deflate %s', async (deflate) => {
    await start({ deflate });
    const c = await connectTlsDirect(provider, 'api.openai.com', { ca: provider.authority.pem });
    clients.push(c);
    const { peer } = await openWebSocket(c, '/v1/responses', { host: 'api.openai.com', deflate: true });
    const ask = async (frame: object) => {
      await peer.send(JSON.stringify({ type: 'response.create', ...frame }), { fragments: 3 });
      const events: unknown[] = [];
      for (;;) {
        const e = await peer.next();
        if (e.kind !== 'text') throw new Error(e.kind);
        const json = JSON.parse(e.text);
        events.push(json);
        if (json.type === 'response.completed') return { events, id: json.response.id, compressed: e.compressed };
      }
    };
    const item = (text: string) => ({ role: 'user', content: [{ type: 'input_text', text }] });
    const warm = await ask({ generate: false, input: [] });
    expect(readResponsesEvents(warm.events)['response.completed']).toBe('');
    const first = await ask({ previous_response_id: warm.id, tools: [{ name: 'shell' }], input: [item('[[call shell {"a":1}]]')] });
    expect(readResponsesEvents(first.events)['response.output_item.done']).toBe('{"a":1}');
    const second = await ask({ previous_response_id: first.id, input: [{ type: 'function_call_output', output: 'done' }] });
    expect(readResponsesEvents(second.events)['response.output_text.delta']).toBe('RESULT<done> END');
    expect(second.compressed).toBe(deflate);
    expect(provider.modelRequests()[0]!.messages.map((m) => m.compressed)).toEqual([deflate, deflate, deflate]);
    peer.close();
    expect(await peer.next()).toMatchObject({ kind: 'close', code: 1000 });
  });
  test('a refused upgrade', async () => {
    await start({ webSocket: false });
    const c = await connectTlsDirect(provider, 'api.openai.com', { ca: provider.authority.pem });
    clients.push(c);
    await expect(openWebSocket(c, '/v1/responses', { host: 'api.openai.com' })).rejects.toThrow('404');
  });
});

describe('Chat Completions', () => {
  test('echo, tool call, result', async () => {
    const tools = [{ type: 'function', function: { name: 'run' } }];
    const ask = { role: 'user', content: '[[call run {"a":"b"}]]' };
    const echo = await post('openrouter.ai', '/api/v1/chat/completions', { stream: true, messages: [{ role: 'user', content: WORDS }] });
    expect(readChatEvents(echo.events).text).toBe(ECHO);
    expect(echo.text.endsWith('data: [DONE]\n\n')).toBe(true);
    const call = await post('openrouter.ai', '/api/v1/chat/completions', { stream: true, tools, messages: [ask] });
    expect(readChatEvents(call.events).arguments).toBe('{"a":"b"}');
    const after = await post('openrouter.ai', '/v1/chat/completions', { tools, messages: [ask, { role: 'tool', content: 'out' }] });
    expect(after.json().choices[0].message.content).toBe('RESULT<out> END');
  });
});

describe('Gemini', () => {
  const path = '/v1beta/models/m:streamGenerateContent?alt=sse';
  test('echo, call, result, wrapped or not, and a routing question', async () => {
    const tools = [{ functionDeclarations: [{ name: 'run' }] }];
    const contents = (text: string) => [{ role: 'user', parts: [{ text: '<session_context>x</session_context>' }, { text }] }];
    const echo = await post('generativelanguage.googleapis.com', path, { contents: contents(WORDS) });
    expect(readGeminiEvents(echo.events).text).toBe(ECHO);
    const call = await post('cloudcode-pa.googleapis.com', '/v1internal:streamGenerateContent?alt=sse', {
      request: { tools, contents: contents('[[call run {"a":1}]]') },
    });
    expect(readGeminiEvents(call.events).calls).toEqual([{ name: 'run', args: { a: 1 } }]);
    expect(call.events[0]).toHaveProperty('response');
    const result = { role: 'user', parts: [{ functionResponse: { name: 'run', response: { output: 'out' } } }] };
    const after = await post('generativelanguage.googleapis.com', path, {
      tools,
      contents: [...contents('[[call run {"a":1}]]'), { role: 'model', parts: [] }, result],
    });
    expect(readGeminiEvents(after.events).text).toBe('RESULT<{"output":"out"}> END');
    const config = { generationConfig: { responseMimeType: 'application/json' } };
    const router = await post('generativelanguage.googleapis.com', '/v1beta/models/m:generateContent', {
      contents: contents(WORDS),
      ...config,
    });
    expect(JSON.parse(readGeminiEvents([router.json()]).text).echo).toBe(ECHO);
  });
});

describe('the wire', () => {
  test.each(['gzip', 'br', 'zstd'] as const)('replies in %s when asked for and accepted', async (compress) => {
    await start({ compress });
    const body = { stream: true, messages: [{ role: 'user', content: WORDS }] };
    const packed = await post('api.anthropic.com', '/v1/messages', body, ['Accept-Encoding', 'gzip, br, zstd']);
    expect(packed.headers).toContain(compress);
    expect(readAnthropicEvents(packed.events).text).toBe(ECHO);
    expect((await post('api.anthropic.com', '/v1/messages', body)).headers).not.toContain(compress);
  });
  test.each([['gzip', gzipSync] as const, ['zstd', zstdCompressSync] as const])('requests in %s', async (coding, pack) => {
    const body = JSON.stringify({ stream: true, input: WORDS });
    const { events } = await post('chatgpt.com', '/backend-api/codex/responses', pack(body), ['Content-Encoding', coding]);
    expect(readResponsesEvents(events)['response.completed']).toBe(ECHO);
    expect(provider.capture.requests[0]!.body.toString()).toBe(body);
    expect(provider.capture.requests[0]!.wireBody).toEqual(pack(body));
  });
  test('keeps raw heads, and a connection alive', async () => {
    const c = await connectTlsDirect(provider, 'api.anthropic.com', { ca: provider.authority.pem, alpn: ['http/1.1'] });
    clients.push(c);
    for (const _ of [1, 2])
      expect((await c.request('GET /v1/models', ['hOST', 'api.anthropic.com', 'X-b', '1', 'x-B', '2'])).status).toBe(200);
    expect(provider.capture.requests[1]!.rawHead!.toString()).toBe(
      'GET /v1/models HTTP/1.1\r\nhOST: api.anthropic.com\r\nX-b: 1\r\nx-B: 2\r\n\r\n',
    );
    expect(provider.capture.connections).toHaveLength(1);
  });
  test('h2', async () => {
    const c = await connectTlsDirect(provider, 'api.openai.com', { ca: provider.authority.pem, alpn: ['h2'] });
    clients.push(c);
    const session = await startH2(c);
    const head = { ':method': 'POST', ':scheme': 'https', ':authority': 'api.openai.com', ':path': '/v1/responses', 'x-a': '1' };
    const reply = await callH2(session, head, JSON.stringify({ stream: true, input: WORDS }));
    expect(readResponsesEvents(parseEvents(reply.body.toString()).map((e) => e.json))['response.completed']).toBe(ECHO);
    expect(provider.capture.requests[0]!.headers.slice(-2)).toEqual(['x-a', '1']);
    expect(provider.capture.requests[0]!.host).toBe('api.openai.com');
  });
  test('fails first when told to', async () => {
    await start({ failFirst: 1 });
    const body = { messages: [{ role: 'user', content: WORDS }] };
    expect((await post('api.anthropic.com', '/v1/messages', body)).status).toBe(529);
    expect((await post('api.anthropic.com', '/v1/messages', body)).status).toBe(200);
  });
});

test('own words are what is left of a text without wrapped blocks', () => {
  expect(ownWords('<system-reminder>a <b>c</b></system-reminder>\nhello <x> there\n<note>n</note>')).toBe('hello <x> there');
  expect(ownWords('<environment_context>\n<cwd>/x</cwd>\n</environment_context>')).toBe('');
});
