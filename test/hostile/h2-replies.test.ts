// Checklist B22 to B25 over HTTP/2: a reply head that could not reach the client as it is becomes a 502 or leaves out what is not for it.
import { describe, expect, test } from 'vitest';
import { callH2, collectH2, startH2 } from '../support/h2-client.ts';
import { FLAG, FRAME, h2Frame, headersFrame } from '../support/h2-frames.ts';
import { startRawH2 } from '../support/h2-raw.ts';
import { startRawH2Upstream } from '../support/h2-upstream.ts';
import { HOST, startScriptedH2 } from '../support/scripted.ts';

const GET = { ':method': 'GET', ':scheme': 'https', ':authority': HOST, ':path': '/x' };
const ok = (stream: number) =>
  Buffer.concat([headersFrame(stream, [':status', '200'], false), h2Frame(FRAME.data, FLAG.endStream, stream, Buffer.from('ok'))]);

/** A client of an upstream that answers the first stream with the frames of `answer`, every other one with 200. */
async function client(answer: (stream: number) => readonly Uint8Array[]) {
  const { s } = await startRawH2Upstream(async ({ c }, { type, stream }) => {
    if (type === FRAME.headers) await c.write(Buffer.concat(stream === 1 ? answer(stream) : [ok(stream)]));
  });
  return startH2(await s.connect({ alpn: ['h2', 'http/1.1'] }));
}

// node:http2 throws on a status past 599. The reply counted as begun by then, so the client got a bare reset and the log an internal failure.
test.each(['600', '999'])('a status of %s is a readable 502', async (status) => {
  const session = await client((id) => [headersFrame(id, [':status', status], true)]);
  const reply = await callH2(session, GET);
  expect(reply.status).toBe(502);
  expect(reply.body.toString()).toContain('upstream-protocol');
  expect((await callH2(session, GET)).body.toString()).toBe('ok');
});

describe('fields of upstream’s hop and of our own', () => {
  // HTTP/1 replies lost them, HTTP/2 replies kept them: an upstream could word a fault as if it were ours.
  test('stay here, in interim and final heads; the others keep their order', async () => {
    const odd = ['x-b', '1', 'x-sallyport-fault', 'internal', 'proxy-authenticate', 'Basic', 'x-a', '2', 'x-b', '3'];
    const session = await client((id) => [
      headersFrame(id, [':status', '103', ...odd], false),
      headersFrame(id, [':status', '200', ...odd], true),
    ]);
    const stream = session.request(GET);
    const interim: string[] = [];
    stream.on('headers', (_headers, _flags, raw) => interim.push(...(raw as unknown as string[])));
    const reply = await collectH2(stream);
    expect(reply.headers).toEqual([':status', '200', 'x-b', '1', 'x-a', '2', 'x-b', '3']);
    expect(interim.filter((_, i) => i % 2 === 0)).toEqual([':status', 'x-b', 'x-b', 'x-a']);
  });
});

// nghttp2 lets these pass and node:http2 throws on them, in a listener: one interim reply, or one trailer section of either side, ended the daemon.
describe.each([
  ['http2-settings', 'AAA'],
  ['te', 'TRAILERS'],
])('a field that node:http2 will not send (%s)', (name, value) => {
  const body = (id: number) => h2Frame(FRAME.data, 0, id, Buffer.from('ok'));

  test.each([
    ['an interim head', (id: number) => [headersFrame(id, [':status', '103', name, value, 'x', '1'], false), ok(id)]],
    [
      'a final head',
      (id: number) => [headersFrame(id, [':status', '200', name, value], false), h2Frame(FRAME.data, 1, id, Buffer.from('ok'))],
    ],
    ['trailers', (id: number) => [headersFrame(id, [':status', '200'], false), body(id), headersFrame(id, [name, value, 'x', '1'], true)]],
  ] as const)('stays here when it comes in %s', async (_where, answer) => {
    const session = await client(answer);
    const reply = await callH2(session, GET);
    expect(reply).toMatchObject({ status: 200, body: Buffer.from('ok'), cut: undefined });
    expect([...reply.headers, ...reply.trailers]).not.toContain(name);
    expect((await callH2(session, GET)).body.toString()).toBe('ok');
  });

  test('stays here when it comes in the trailers of a request', async () => {
    let seen: readonly string[] | undefined;
    const scene = await startScriptedH2(async (call) => {
      call.stream.on('trailers', (_headers, _flags, raw) => {
        seen = raw as unknown as string[];
      });
      const bytes = await call.body;
      call.stream.respond({ ':status': 200 });
      call.stream.end(bytes);
    });
    const h2 = startRawH2(await scene.connect({ alpn: ['h2'] }));
    const head = [':method', 'POST', ':scheme', 'https', ':authority', HOST, ':path', '/x', 'content-type', 'image/png'];
    await h2.send(headersFrame(1, head, false), body(1), headersFrame(1, [name, value, 'x', '1', 'proxy-x', '2'], true));
    expect((await h2.outcome(1)).body.toString()).toBe('ok');
    expect(seen).toEqual(['x', '1']);
  });
});

describe('interim replies', () => {
  const hint = (id: number) => headersFrame(id, [':status', '103', 'link', '</x>'], false);

  // Each was queued for the client, whether it read or not: HTTP/1 had a bound, HTTP/2 had none.
  test('without end are a 502', async () => {
    const session = await client((id) => [...Array.from({ length: 100 }, () => hint(id)), ok(id)]);
    const reply = await callH2(session, GET);
    expect(reply.status).toBe(502);
    expect(reply.body.toString()).toContain('upstream-protocol');
    expect((await callH2(session, GET)).body.toString()).toBe('ok');
  });

  test('in a number that makes sense pass', async () => {
    const session = await client((id) => [...Array.from({ length: 60 }, () => hint(id)), ok(id)]);
    const stream = session.request(GET);
    let interims = 0;
    stream.on('headers', () => interims++);
    expect((await collectH2(stream)).body.toString()).toBe('ok');
    expect(interims).toBe(60);
  });
});
