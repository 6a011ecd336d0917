// Checklist G85: a provider may think for as long as it likes, and what it says arrives at once; only the silence of both sides, for
// longer than the idle limit, ends an exchange.
import { constants, createGzip, gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { chunk, headBytes, replyBytes } from '../support/http1.ts';
import type { OriginConnection } from '../support/origin.ts';
import { EMAIL } from '../support/samples.ts';
import { HOST, openH2, type Scripted, soon, startScripted, startScriptedH2 } from '../support/scripted.ts';

/** Longer than every limit of these tests but the idle one. */
const SILENCE_MS = 900;
const HASTY = { headMs: 200, connectMs: 500 };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const JSON_TYPE = ['Content-Type', 'application/json'];
const SSE = ['Content-Type', 'text/event-stream'];
const HEAD = headBytes('HTTP/1.1 200 OK', [...SSE, 'Transfer-Encoding', 'chunked']);
const event = (n: number) => `: note\nevent: ping\ndata: {"n": ${n}}\n\n`;

async function masks(c: OriginConnection): Promise<boolean> {
  const q = await c.request();
  if (q?.target !== '/mask') return false;
  await c.write(replyBytes('200 OK', JSON_TYPE, '{}'));
  return true;
}

async function mask(scene: Scripted): Promise<void> {
  await (await scene.connect()).request('POST /mask', ['Host', HOST, ...JSON_TYPE], JSON.stringify([EMAIL]));
}

describe('silence is borne', () => {
  test.each([
    ['before the reply', [], [HEAD, chunk(event(1)), chunk('')]],
    ['inside the reply head', [HEAD.subarray(0, 30)], [HEAD.subarray(30), chunk(event(1)), chunk('')]],
    ['before the first event', [HEAD], [chunk(event(1)), chunk('')]],
    ['inside an event', [HEAD, chunk(event(1).slice(0, 20))], [chunk(event(1).slice(20)), chunk('')]],
    ['before the end', [HEAD, chunk(event(1))], [chunk('')]],
  ])('%s', async (_name, before, after) => {
    const scene = await startScripted(
      async (c) => {
        await c.request();
        for (const bytes of before) await c.write(bytes);
        await pause(SILENCE_MS);
        for (const bytes of after) await c.write(bytes);
      },
      { daemon: { limits: HASTY } },
    );
    const client = await scene.connect();
    const reply = await client.request('GET /slow', ['Host', HOST]);
    expect(reply).toMatchObject({ status: 200, complete: true });
    expect(reply.body.toString()).toBe(event(1));
  });

  test('of a kept connection, on both sides', async () => {
    const scene = await startScripted(
      async (c) => {
        for (let q = await c.request(); q; q = await c.request()) await c.write(replyBytes('200 OK', [], q.target));
      },
      { daemon: { limits: HASTY } },
    );
    const client = await scene.connect();
    await client.request('GET /1', ['Host', HOST]);
    await pause(SILENCE_MS);
    expect((await client.request('GET /2', ['Host', HOST])).body.toString()).toBe('/2');
    expect(scene.origin.connections).toHaveLength(1);
  });

  test.each(['/v1/talk', '/mask'])('of a client in conversation over HTTP/2 (%s)', async (path) => {
    const scene = await startScriptedH2(
      (call) => {
        call.stream.respond({ ':status': 200, 'content-type': 'application/connect+json' });
        call.stream.on('data', (piece: Buffer) => call.stream.write(`<${piece}>`));
        call.stream.on('end', () => call.stream.end());
      },
      { daemon: { limits: HASTY } },
    );
    const { session } = await openH2(scene);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      ':scheme': 'https',
      ':authority': HOST,
      'content-type': 'application/connect+json',
    });
    const replied = new Promise((resolve) => stream.once('data', resolve));
    stream.setEncoding('utf8');
    let text = '';
    stream.on('data', (piece: string) => {
      text += piece;
    });
    stream.write('one');
    await soon(replied, 'an answer while the request goes on');
    await pause(SILENCE_MS);
    stream.end('two');
    await new Promise((resolve) => stream.once('close', resolve));
    expect(text).toBe('<one><two>');
  });

  test('while an upload goes on, however long that takes', async () => {
    const scene = await startScripted(
      async (c) => {
        await c.request();
        await c.write(replyBytes('200 OK'));
      },
      { daemon: { limits: { ...HASTY, idleMs: 400 } } },
    );
    const client = await scene.connect();
    await client.write(headBytes('POST /up HTTP/1.1', ['Host', HOST, 'Content-Type', 'image/png', 'Content-Length', '1000']));
    for (let i = 0; i < 10; i++) {
      await client.write(Buffer.alloc(100));
      await pause(100);
    }
    expect((await client.reply()).status).toBe(200);
  });
});

describe('longer than the idle limit', () => {
  const limits = { ...HASTY, idleMs: 300 };

  test('before the reply it is a 504', async () => {
    const scene = await startScripted(() => {}, { daemon: { limits } });
    const client = await scene.connect();
    expect((await client.request('POST /x', ['Host', HOST, ...JSON_TYPE], '{}')).status).toBe(504);
    expect(await scene.daemon.record()).toMatchObject({ fault: 'upstream-silent' });
    await soon(scene.origin.connections[0]!.reader.ended, 'upstream was given up');
  });

  test('in mid-stream it is a cut', async () => {
    const scene = await startScripted(
      async (c) => {
        await c.request();
        await c.write(Buffer.concat([HEAD, chunk(event(1))]));
      },
      { daemon: { limits } },
    );
    const client = await scene.connect();
    expect(await client.request('GET /x', ['Host', HOST])).toMatchObject({ status: 200, complete: false });
    expect(client.reader.ending?.how).toBe('reset');
  });

  test.each(['before the reply', 'in mid-stream'])('over HTTP/2, %s', async (when) => {
    const scene = await startScriptedH2(
      (call) => {
        if (when === 'before the reply') return;
        call.stream.respond({ ':status': 200 });
        call.stream.write('x');
      },
      { daemon: { limits } },
    );
    const { session } = await openH2(scene);
    const stream = session.request({ ':method': 'GET', ':path': '/x', ':scheme': 'https', ':authority': HOST });
    stream.on('error', () => {});
    const status = new Promise((resolve) => stream.once('response', (head) => resolve(head[':status'])));
    stream.resume();
    await soon(new Promise((resolve) => stream.once('close', resolve)), 'the stream is over');
    expect(await status).toBe(when === 'before the reply' ? 504 : 200);
    if (when === 'in mid-stream') expect(stream.rstCode).not.toBe(0);
    expect(await soon(scene.origin.calls[0]!.over, 'upstream was given up')).toBe(8);
  });
});

describe('event by event: none waits for the next', () => {
  const zipped = ['Content-Encoding', 'gzip'];
  test.each([
    ['in chunks', ['Transfer-Encoding', 'chunked'], false],
    ['in chunks, restored', ['Transfer-Encoding', 'chunked'], true],
    ['to the close', [], false],
    ['to the close, restored', [], true],
    ['gzipped', ['Transfer-Encoding', 'chunked', ...zipped], false],
    ['gzipped, restored', ['Transfer-Encoding', 'chunked', ...zipped], true],
  ])('%s', async (_name, framing, masked) => {
    let next = Promise.withResolvers<void>();
    const gzip = createGzip();
    const parts: Buffer[] = [];
    gzip.on('data', (part: Buffer) => parts.push(part));
    const packed = (text: string) =>
      new Promise<Buffer>((resolve) => {
        gzip.write(text);
        gzip.flush(constants.Z_SYNC_FLUSH, () => resolve(Buffer.concat(parts.splice(0))));
      });
    const scene = await startScripted(async (c) => {
      if (await masks(c)) return;
      await c.write(headBytes('HTTP/1.1 200 OK', [...SSE, ...framing]));
      for (const n of [1, 2, 3]) {
        const bytes = framing.includes('gzip') ? await packed(event(n)) : Buffer.from(event(n));
        await c.write(framing.includes('chunked') ? chunk(bytes) : bytes);
        await next.promise;
        next = Promise.withResolvers();
      }
      c.end();
    });
    if (masked) await mask(scene);
    const client = await scene.connect();
    await client.write(headBytes('GET /events HTTP/1.1', ['Host', HOST]));
    const { body } = await client.openReply();
    let wanted = '';
    for (const n of [1, 2, 3]) {
      wanted += event(n);
      await body.some();
      const text = () => {
        const got = body.received();
        return framing.includes('gzip') ? gunzipSync(got, { finishFlush: constants.Z_SYNC_FLUSH }).toString() : got.toString();
      };
      const end = performance.now() + 5000;
      while (text() !== wanted && performance.now() < end) await pause(2);
      expect(text()).toBe(wanted);
      next.resolve();
    }
  });
});
