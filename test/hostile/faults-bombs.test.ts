// Checklist G88 to G90: bombs stay small in both directions, broken encodings pass or become errors, and of a huge head nothing is
// silently lost.
import { brotliCompressSync, constants, deflateSync, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { callH2 } from '../support/h2-client.ts';
import { chunk, headBytes, headerOf, replyBytes } from '../support/http1.ts';
import type { OriginConnection } from '../support/origin.ts';
import { EMAIL } from '../support/samples.ts';
import { HOST, openH2, type Scripted, startScripted, startScriptedH2 } from '../support/scripted.ts';

const MB = 1 << 20;
const JSON_TYPE = ['Content-Type', 'application/json'];
/** Unpacks to 160 MB, packed in a loop over the same block so that making it is cheap. */
const PLAIN = Buffer.alloc(160 * MB, ' ');
const PACKED = {
  gzip: gzipSync(PLAIN, { level: 6 }),
  br: brotliCompressSync(PLAIN, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  zstd: zstdCompressSync(PLAIN),
  deflate: deflateSync(PLAIN),
  'gzip, gzip': gzipSync(gzipSync(PLAIN)),
} as const;
const CODINGS = Object.keys(PACKED) as (keyof typeof PACKED)[];
/** The goal for what masking a bomb may cost. The rest of this process breathes too, so the bound is generous. */
const GROWTH = 96 * MB;

async function growthWhile(act: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 5);
  await act();
  clearInterval(timer);
  return Math.max(most, process.memoryUsage().rss) - before;
}

/** An idle connection waits for as long as the slowest unpacking may take. */
const WAIT_MS = 50_000;

async function answering(answer: (c: OriginConnection) => Promise<void>): Promise<Scripted> {
  const play = async (c: OriginConnection) => {
    for (let q = await c.request(); q; q = await c.request()) {
      if (q.target === '/mask') await c.write(replyBytes('200 OK', JSON_TYPE, '{}'));
      else await answer(c);
    }
  };
  return startScripted(play, { waitMs: WAIT_MS });
}

async function mask(scene: Scripted): Promise<void> {
  await (await scene.connect()).request('POST /mask', ['Host', HOST, ...JSON_TYPE], JSON.stringify([EMAIL]));
}

async function expectAlive(scene: Scripted): Promise<void> {
  await mask(scene);
}

describe('bombs', () => {
  test.each(CODINGS)('a request in %s', async (coding) => {
    const scene = await answering((c) => c.write(replyBytes('200 OK')));
    const client = await scene.connect();
    const growth = await growthWhile(async () => {
      const reply = await client.request('POST /bomb', ['Host', HOST, ...JSON_TYPE, 'Content-Encoding', coding], PACKED[coding]);
      expect([400, 413]).toContain(reply.status);
    });
    expect(growth).toBeLessThan(GROWTH);
    expect(scene.origin.connections.flatMap((c) => c.requests)).toEqual([]);
    await expectAlive(scene);
  });

  test.each(CODINGS.flatMap((coding) => [true, false].map((whole) => [coding, whole] as const)))(
    'a reply in %s while placeholders are looked for (by length: %s)',
    async (coding, whole) => {
      const bytes = PACKED[coding];
      const scene = await answering(async (c) => {
        const framing = whole ? ['Content-Length', `${bytes.length}`] : ['Transfer-Encoding', 'chunked'];
        await c.write(headBytes('HTTP/1.1 200 OK', [...JSON_TYPE, 'Content-Encoding', coding, ...framing]));
        await c.write(whole ? bytes : Buffer.concat([chunk(bytes), chunk('')]));
      });
      await mask(scene);
      const client = await scene.connect();
      const growth = await growthWhile(async () => {
        const reply = await client.request('GET /bomb', ['Host', HOST]);
        expect(reply.status === 502 || !reply.complete || reply.body.equals(bytes)).toBe(true);
      });
      expect(growth).toBeLessThan(GROWTH);
      await expectAlive(scene);
    },
  );

  // A piece from the wire was unpacked whole before any of it was packed again: hundreds of times its size, for each stream.
  test('a long stream of events that packs well is unpacked little by little', async () => {
    const events = Buffer.alloc(64 * MB, 'data: {"a":"b"}\n\n');
    const packed = gzipSync(events, { level: 9 });
    const head = headBytes('HTTP/1.1 200 OK', ['Content-Type', 'text/event-stream', 'Content-Encoding', 'gzip', 'Connection', 'close']);
    const scene = await answering(async (c) => {
      await c.write(Buffer.concat([head, packed]));
      c.end();
      await c.reader.ended;
    });
    await mask(scene);
    const client = await scene.connect({ waitMs: WAIT_MS });
    let body: Buffer = Buffer.alloc(0);
    const growth = await growthWhile(async () => {
      ({ body } = await client.request('GET /bomb', ['Host', HOST]));
    });
    expect(growth).toBeLessThan(56 * MB);
    expect(gunzipSync(body).equals(events)).toBe(true);
  });

  test('a WebSocket message or reply without placeholders is not unpacked at all', async () => {
    const scene = await answering((c) => c.write(replyBytes('200 OK', [...JSON_TYPE, 'Content-Encoding', 'gzip'], PACKED.gzip)));
    const client = await scene.connect();
    const growth = await growthWhile(async () => {
      const reply = await client.request('GET /bomb', ['Host', HOST]);
      expect(reply.body.equals(PACKED.gzip)).toBe(true);
    });
    expect(growth).toBeLessThan(GROWTH);
  });
});

describe('broken encodings', () => {
  const good = gzipSync('{"a":1}');
  const broken: Readonly<Record<string, readonly [string, Buffer]>> = {
    'not gzip at all': ['gzip', Buffer.from('{"a":1}')],
    'gzip, cut': ['gzip', good.subarray(0, -5)],
    'gzip with a wrong checksum': ['gzip', Buffer.concat([good.subarray(0, -8), Buffer.from('00000000')])],
    'gzip with more behind it': ['gzip', Buffer.concat([good, Buffer.from('more')])],
    'a name nobody knows': ['snappy', Buffer.from('{"a":1}')],
    'not br': ['br', Buffer.from('{"a":1}')],
    'not zstd': ['zstd', Buffer.from('{"a":1}')],
    'too many layers': ['gzip, gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(good)))],
    'nothing at all': ['gzip', Buffer.alloc(0)],
  };
  const NAMES = Object.keys(broken);

  test.each(NAMES.flatMap((name) => [true, false].map((masked) => [name, masked] as const)))(
    'a reply that is %s (restored: %s) passes as it is or becomes a 502',
    async (name, masked) => {
      const [coding, bytes] = broken[name]!;
      const scene = await answering((c) => c.write(replyBytes('200 OK', [...JSON_TYPE, 'Content-Encoding', coding], bytes)));
      if (masked) await mask(scene);
      const client = await scene.connect();
      const reply = await client.request('GET /x', ['Host', HOST]);
      if (reply.status === 200) expect([reply.complete, reply.body]).toEqual([true, bytes]);
      else expect([masked, reply.status]).toEqual([true, 502]);
    },
  );

  test.each(NAMES.filter((name) => name !== 'nothing at all'))(
    'a request that is %s cannot be inspected, so it does not leave',
    async (name) => {
      const [coding, bytes] = broken[name]!;
      const scene = await answering((c) => c.write(replyBytes('200 OK')));
      const client = await scene.connect();
      expect((await client.request('POST /x', ['Host', HOST, ...JSON_TYPE, 'Content-Encoding', coding], bytes)).status).toBe(400);
      expect(scene.origin.connections.flatMap((c) => c.requests)).toEqual([]);
    },
  );
});

describe('huge heads', () => {
  const fields = (count: number, bytes: number) => Array.from({ length: count }, (_, i) => [`X-${i}`, 'v'.repeat(bytes)]).flat();
  const sizes: Readonly<Record<string, readonly string[]>> = {
    'of one field of 60 KB': fields(1, 60_000),
    'of 400 small fields': fields(400, 10),
    'of 100 KB in 50 fields': fields(50, 2000),
    'of one field of 200 KB': fields(1, 200_000),
    'of 2000 fields': fields(2000, 10),
    'of 4 MB': fields(40, 100_000),
  };
  const NAMES = Object.keys(sizes);

  test.each(NAMES)('a request head %s passes whole or is a 431', async (name) => {
    const scene = await startScripted(async (c) => {
      for (let q = await c.request(); q; q = await c.request()) await c.write(replyBytes('200 OK'));
    });
    const client = await scene.connect();
    const head = headBytes('GET /x HTTP/1.1', ['Host', HOST, ...sizes[name]!]);
    void client.write(head);
    const reply = await client.reply();
    const got = scene.origin.connections.flatMap((c) => c.requests.map((q) => q.head.equals(head)));
    if (reply.status === 200) expect(got).toEqual([true]);
    else expect([reply.status, got]).toEqual([431, []]);
  });

  test.each(NAMES)('a reply head %s passes whole or is a 502', async (name) => {
    const head = headBytes('HTTP/1.1 200 OK', [...sizes[name]!, 'Content-Length', '0']);
    const scene = await startScripted(async (c) => {
      await c.request();
      await c.write(head);
    });
    const client = await scene.connect();
    const reply = await client.request('GET /x', ['Host', HOST]);
    if (reply.status === 200) expect(reply.head.equals(head)).toBe(true);
    else expect(reply.status).toBe(502);
  });

  test.each(NAMES.slice(0, 3))('over HTTP/2, both ways, %s', async (name) => {
    const object = Object.fromEntries(sizes[name]!.flatMap((v, i, all) => (i % 2 === 0 ? [[v.toLowerCase(), all[i + 1]!]] : [])));
    const scene = await startScriptedH2(
      (call) => {
        call.stream.respond({ ':status': 200, ...object });
        call.stream.end('ok');
      },
      { server: { maxHeaderListPairs: 3000, settings: { maxHeaderListSize: 1 << 20 }, maxSendHeaderBlockLength: 1 << 20 } },
    );
    const { session } = await openH2(scene, {
      maxHeaderListPairs: 3000,
      settings: { maxHeaderListSize: 1 << 20 },
      maxSendHeaderBlockLength: 1 << 20,
    });
    const reply = await callH2(session, { ':method': 'GET', ':path': '/x', ':scheme': 'https', ':authority': HOST, ...object });
    expect(reply).toMatchObject({ status: 200, cut: undefined });
    const count = Object.keys(object).length;
    expect(scene.origin.calls[0]!.headers.filter((n, i) => i % 2 === 0 && n.startsWith('x-'))).toHaveLength(count);
    expect(reply.headers.filter((n, i) => i % 2 === 0 && n.startsWith('x-'))).toHaveLength(count);
  });

  test('every field of a refused head is refused with it: nothing is cut off and sent on', async () => {
    const scene = await startScripted(async (c) => {
      await c.request();
      await c.write(replyBytes('200 OK'));
    });
    const client = await scene.connect();
    void client.write(headBytes('GET /x HTTP/1.1', ['Host', HOST, 'X-Big', 'v'.repeat(140_000), 'Authorization', 'kept?']));
    const reply = await client.reply();
    expect(reply.status).toBe(431);
    expect(headerOf(reply, 'connection')).toBe('close');
    expect(scene.origin.connections.flatMap((c) => c.requests)).toEqual([]);
  });
});
