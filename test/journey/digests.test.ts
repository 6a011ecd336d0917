// An edited body with the digest of the one before was refused by its receiver, in both directions; a restored part of a reply no longer
// had the place and length its Content-Range said.
import { expect, test } from 'vitest';
import { callH2 } from '../support/h2-client.ts';
import { chunk, headBytes, replyBytes } from '../support/http1.ts';
import { EMAIL } from '../support/samples.ts';
import { HOST, openH2, type Scripted, startScripted, startScriptedH2 } from '../support/scripted.ts';

const DIGESTS = ['Content-MD5', 'x', 'Digest', 'sha-256=x', 'Content-Digest', 'sha-256=:x:', 'Repr-Digest', 'sha-256=:x:'];
const TYPE = ['Content-Type', 'application/json'];
const lower = (fields: readonly string[]) =>
  Object.fromEntries(fields.flatMap((_, i) => (i % 2 ? [] : [[fields[i]!.toLowerCase(), fields[i + 1]!]])));
const digestsIn = (fields: readonly string[]) => fields.filter((field) => /digest|md5/i.test(field)).length;

/** Says back what it was sent. */
const echoing = (status: string, type: readonly string[]) =>
  startScripted(async (c) => {
    for (let q = await c.request(); q; q = await c.request()) await c.write(replyBytes(status, [...type, ...DIGESTS], q.body));
  });

async function say(scene: Scripted, text: string) {
  const client = await scene.connect();
  const reply = await client.request('POST /x', ['Host', HOST, ...TYPE, ...DIGESTS], JSON.stringify({ text }));
  return { reply, request: scene.origin.connections.at(-1)!.requests[0]! };
}

test('a digest goes with an edited body and stays with any other', async () => {
  const scene = await echoing('200 OK', TYPE);
  for (const [text, digests] of [
    ['nothing', 4],
    [EMAIL, 0],
    ['nothing', 4],
  ] as const) {
    const { reply, request } = await say(scene, text);
    expect(JSON.parse(reply.body.toString())).toEqual({ text });
    expect([digestsIn(request.headers), digestsIn(reply.headers)]).toEqual([digests, digests]);
  }
});

test('a digest goes with what is edited while it streams', async () => {
  const scene = await echoing('200 OK', ['Content-Type', 'text/event-stream']);
  expect(digestsIn((await say(scene, 'nothing')).reply.headers)).toBe(4);
  expect(digestsIn((await say(scene, EMAIL)).reply.headers)).toBe(0);
});

test('a digest that has left before a value was found ends the request', async () => {
  const scene = await echoing('200 OK', TYPE);
  const client = await scene.connect();
  await client.write(headBytes('POST /x HTTP/1.1', ['Host', HOST, 'Transfer-Encoding', 'chunked', ...DIGESTS]));
  await client.write(Buffer.concat([chunk(EMAIL), Buffer.from('0\r\n\r\n')]));
  expect((await client.reply()).status).toBe(403);
});

test('a part of a reply passes as it is', async () => {
  const scene = await echoing('206 Partial Content', [...TYPE, 'Content-Range', 'bytes 0-9/99']);
  const { reply, request } = await say(scene, EMAIL);
  expect(reply.body).toEqual(request.body);
  expect(reply.body.toString()).toContain('SP_EMAIL_');
  expect(digestsIn(reply.headers)).toBe(4);
});

test.each(['application/json', 'text/event-stream'])('HTTP/2 too, %s', async (type) => {
  const scene = await startScriptedH2(async ({ stream, body }) => {
    const echo = Buffer.concat([Buffer.from(type === 'text/event-stream' ? 'data: ' : ''), await body, Buffer.from('\n\n')]);
    stream.respond({ ':status': 200, 'content-type': type, 'content-length': echo.length, ...lower(DIGESTS) });
    stream.end(echo);
  });
  const { session } = await openH2(scene);
  const head = { ':method': 'POST', ':path': '/x', ':authority': HOST, ':scheme': 'https', ...lower([...TYPE, ...DIGESTS]) };
  const seen = [];
  for (const text of ['nothing', EMAIL]) {
    const reply = await callH2(session, head, JSON.stringify({ text }));
    expect(JSON.parse(reply.body.toString().replace('data: ', ''))).toEqual({ text });
    seen.push([digestsIn(scene.origin.calls.at(-1)!.headers), digestsIn(reply.headers)]);
  }
  expect(seen).toEqual([
    [4, 4],
    [0, 0],
  ]);
});
