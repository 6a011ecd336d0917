// HTTP/1.1 inside a tunnel: what no rule touched leaves as it came, in both directions.
import { expect, test } from 'vitest';
import { chunk, headBytes } from '../support/http1.ts';
import { nextEvent } from '../support/sse.ts';
import { startWorld } from '../support/world.ts';

test('head and body bytes are the same on both sides, and the connection is kept', async () => {
  const world = await startWorld();
  const c = await world.connect('api.anthropic.com');
  const head = headBytes('POST /v1/messages?x=%41 HTTP/1.1', [
    ...['accEPT', '*/*', 'X-Dup', '1', 'Host', 'api.anthropic.com', 'x-dup', '2', 'X-Empty', ''],
    ...['Content-Type', 'application/json', 'Connection', 'keep-alive', 'CONTENT-length', '30'],
  ]);
  for (const _ of [1, 2]) {
    await c.write(Buffer.concat([head, Buffer.from('{"messages":[],"model":"a b c"}'.slice(0, 30))]));
    expect((await c.reply()).status).toBe(200);
  }
  const expected = head.toString().replace('Connection: keep-alive\r\n', '');
  expect(world.provider.capture.requests.map((r) => r.rawHead!.toString().replace('Connection: keep-alive\r\n', ''))).toEqual([
    expected,
    expected,
  ]);
  expect(world.provider.capture.connections).toHaveLength(1);
});

test('a chunked body stays chunked', async () => {
  const world = await startWorld();
  const c = await world.connect('api.anthropic.com');
  await c.write(
    headBytes('POST /v1/messages HTTP/1.1', [
      'Host',
      'api.anthropic.com',
      'Content-Type',
      'application/json',
      'Transfer-Encoding',
      'chunked',
    ]),
  );
  for (const piece of ['{"messages":', '[{"role":"user","content":"hi"}]}', '']) await c.write(chunk(piece));
  expect((await c.reply()).body.toString()).toContain('ECHO<hi> END');
  expect(world.provider.capture.requests[0]!.headers).toEqual([
    'Host',
    'api.anthropic.com',
    'Content-Type',
    'application/json',
    'Transfer-Encoding',
    'chunked',
  ]);
});

test('status phrase, unknown status, field order and case of a reply stay', async () => {
  const world = await startWorld({
    provider: {
      override: async (_request, _reply, stream) => {
        stream.write('HTTP/1.1 299 Rather Good, Thanks\r\nX-b: 1\r\nx-A: 2\r\nX-b: 3\r\ncontent-LENGTH: 2\r\n\r\nok');
        return true;
      },
    },
  });
  const c = await world.connect('api.anthropic.com');
  const reply = await c.request('GET /v1/models', ['Host', 'api.anthropic.com']);
  expect(reply.head.toString()).toBe('HTTP/1.1 299 Rather Good, Thanks\r\nX-b: 1\r\nx-A: 2\r\nX-b: 3\r\ncontent-LENGTH: 2\r\n\r\n');
});

test('events of a stream arrive one by one, none waits for the next', async () => {
  let next = () => {};
  const world = await startWorld({
    provider: {
      override: async (_request, _reply, stream) => {
        stream.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
        for (const n of [1, 2, 3]) {
          stream.write(chunk(`: c\nevent: ping\ndata: {"n": ${n}}\n\n`));
          await new Promise<void>((resolve) => {
            next = resolve;
          });
        }
        stream.write(chunk(''));
        return true;
      },
    },
  });
  const c = await world.connect('api.anthropic.com');
  await c.write(headBytes('GET /v1/messages HTTP/1.1', ['Host', 'api.anthropic.com']));
  const { body } = await c.openReply();
  for (const n of [1, 2, 3]) {
    expect((await nextEvent(body))?.raw).toBe(`: c\nevent: ping\ndata: {"n": ${n}}\n\n`);
    next();
  }
  expect(await nextEvent(body)).toBeUndefined();
  expect(body.ending).toEqual({ how: 'end' });
});

test("upstream's errors pass as they are; ours come in the provider's words", async () => {
  const world = await startWorld({ provider: { failFirst: 1 } });
  const theirs = await world.post('api.anthropic.com', '/v1/messages', { messages: [] });
  expect(theirs.status).toBe(529);
  expect(theirs.json).toEqual({ type: 'error', error: { type: 'overloaded_error', message: 'test: overloaded' } });
  await world.provider.close();
  const ours = await world.post('api.anthropic.com', '/v1/messages', { messages: [] });
  expect(ours.status).toBe(502);
  expect(ours.json).toMatchObject({ type: 'error', error: { type: expect.any(String), message: expect.any(String) } });
});

test('an upstream that nobody vouches for is a 502 and gets no byte of the request', async () => {
  const world = await startWorld({ daemon: { upstreamCa: undefined as never } });
  const reply = await world.post('api.anthropic.com', '/v1/messages', { messages: [] });
  expect(reply.status).toBe(502);
  expect(world.provider.capture.requests).toEqual([]);
  expect(await world.daemon.record()).toMatchObject({ fault: 'upstream-untrusted', status: 502 });
});
