// Trailers of a request went on unread: a value in one reached the provider, and a digest in one vouched for a body that was edited since.
import { describe, expect, test } from 'vitest';
import { collectH2 } from '../support/h2-client.ts';
import { chunk, headBytes, replyBytes } from '../support/http1.ts';
import { EMAIL } from '../support/samples.ts';
import { HOST, openH2, startScripted, startScriptedH2 } from '../support/scripted.ts';

const JSON_TYPE = ['Content-Type', 'application/json'];
const STREAMED = ['Content-Type', 'image/png'];
const HELD: string[] = [];
const PLAIN = '{"a":1}';
const MASK = `{"to":"${EMAIL}"}`;

async function answering(mask: Record<string, string> = {}) {
  return startScripted(
    async (c) => {
      for (let q = await c.request(); q; q = await c.request()) await c.write(replyBytes('200 OK', [], 'done'));
    },
    { daemon: { settings: { mask } } },
  );
}

/** What upstream got behind the head. */
async function through(scene: Awaited<ReturnType<typeof answering>>, type: readonly string[], pieces: readonly (string | Buffer)[]) {
  const client = await scene.connect();
  await client.write(headBytes('POST /x HTTP/1.1', ['Host', HOST, 'Transfer-Encoding', 'chunked', ...type]));
  for (const piece of pieces) await client.write(piece);
  const { status } = await client.reply();
  const received = scene.origin.connections[0]!.reader.received().toString('latin1');
  return { status, body: received.slice(received.indexOf('\r\n\r\n') + 4), client };
}

describe.each([
  ['collected', JSON_TYPE],
  ['held', HELD],
  ['streamed', STREAMED],
])('HTTP/1.1, a body that is %s', (_name, type) => {
  test.each([
    ['in one piece', (tail: string) => [tail]],
    ['byte by byte', (tail: string) => [...tail]],
  ])('a value in a trailer is masked (%s)', async (_pieces, cut) => {
    const { status, body } = await through(await answering(), type, [chunk(PLAIN), ...cut(`00;x\r\nX-Sum: 1\r\nX-By: ${EMAIL}\r\n\r\n`)]);
    expect(status).toBe(200);
    expect(body).toMatch(/^7\r\n\{"a":1\}\r\n00;x\r\nX-Sum: 1\r\nX-By: SP_EMAIL_[A-Z2-7]{12}\r\n\r\n$/);
  });

  test('without a value they leave with their own bytes, and the connection goes on', async () => {
    const scene = await answering();
    const tail = '0\r\nx-sum:  1 \r\nContent-MD5: bm8=\r\n\r\n';
    const { body, client } = await through(scene, type, [chunk(PLAIN), tail]);
    expect(body).toBe(`7\r\n${PLAIN}\r\n${tail}`);
    expect((await client.request('GET /again', ['Host', HOST])).status).toBe(200);
    expect(scene.origin.connections).toHaveLength(1);
  });

  test('a blocked value is refused, and upstream does not get a whole request', async () => {
    const scene = await answering({ email: 'block' });
    const { status, body } = await through(scene, type, [chunk(PLAIN), `0\r\nX-By: ${EMAIL}\r\n\r\n`]);
    expect(status).toBe(403);
    expect(body).not.toContain('X-By');
    expect(scene.origin.connections.flatMap((c) => c.requests).filter((q) => q.complete)).toEqual([]);
  });
});

test.each([
  ['collected', JSON_TYPE],
  ['held', HELD],
])('HTTP/1.1: a digest behind an edited body stays here (%s)', async (_name, type) => {
  const tail = '0\r\nContent-Digest: sha-256=:bm8=:\r\nX-Sum: 1\r\n\r\n';
  const { body } = await through(await answering(), type, [chunk(MASK), tail]);
  expect(body).toMatch(/^[0-9a-f]+\r\n\{"to":"SP_EMAIL_[A-Z2-7]{12}"\}\r\n0\r\nX-Sum: 1\r\n\r\n$/);
});

describe.each([
  ['collected', JSON_TYPE],
  ['held', HELD],
  ['streamed', STREAMED],
])('HTTP/2, a body that is %s', (_name, [name, value]) => {
  const type = name === undefined ? {} : { [name.toLowerCase()]: value! };

  async function call(body: string, trailers: Record<string, string>, mask: Record<string, string> = {}) {
    let seen: readonly string[] = [];
    const scene = await startScriptedH2(
      async (c) => {
        c.stream.on('trailers', (_headers, _flags, raw) => {
          seen = raw as unknown as string[];
        });
        await c.body;
        if (c.stream.destroyed) return;
        c.stream.respond({ ':status': 200 });
        c.stream.end('done');
      },
      { daemon: { settings: { mask } } },
    );
    const { session } = await openH2(scene);
    const head = { ':method': 'POST', ':path': '/x', ':scheme': 'https', ':authority': HOST, ...type };
    const stream = session.request(head, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(body);
    const reply = await collectH2(stream);
    return { status: reply.status, seen };
  }

  test('a value in a trailer is masked', async () => {
    const { status, seen } = await call(PLAIN, { 'x-sum': '1', 'x-by': EMAIL });
    expect(status).toBe(200);
    expect(seen).toEqual(['x-sum', '1', 'x-by', expect.stringMatching(/^SP_EMAIL_[A-Z2-7]{12}$/)]);
  });

  test('a blocked value is refused', async () => {
    const { status, seen } = await call(PLAIN, { 'x-by': EMAIL }, { email: 'block' });
    expect(status).toBe(403);
    expect(seen).toEqual([]);
  });

  test('a digest leaves with the body it was made of, and stays here otherwise', async () => {
    expect((await call(PLAIN, { 'content-digest': 'sha-256=:bm8=:' })).seen).toEqual(['content-digest', 'sha-256=:bm8=:']);
    if (type['content-type'] === 'image/png') return;
    expect((await call(MASK, { 'content-digest': 'sha-256=:bm8=:', 'x-sum': '1' })).seen).toEqual(['x-sum', '1']);
  });
});
