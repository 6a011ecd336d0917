// Reliability checklist G88 and G89: bombs stay small, broken encodings are a fault, and no event of a stream is held back.
import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { asFault } from '../../../../src/fault.ts';
import { createDecoder, createEncoder, decodeBody, encodeBody, knowsEncoding } from '../../../../src/proxy/body/decode.ts';

const LIMITS = { maxBytes: 8 * 1024 * 1024, maxRatio: 1000 };
const TEXT = Buffer.from('{"role":"user","content":"What is a sallyport?"}'.repeat(30));
const FORMS: [string, (bytes: Buffer) => Buffer][] = [
  ['gzip', zlib.gzipSync],
  ['X-GZip', zlib.gzipSync],
  ['br', zlib.brotliCompressSync],
  ['zstd', zlib.zstdCompressSync],
  ['deflate', zlib.deflateSync],
  ['deflate', zlib.deflateRawSync],
];

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (thrown) {
    return asFault(thrown).code;
  }
  return 'passed';
}

describe('whole bodies', () => {
  it.each(FORMS)('decodes %s, small and large', async (name, encode) => {
    expect(await decodeBody(encode(TEXT), name, LIMITS)).toEqual(TEXT);
    const large = randomBytes(300_000);
    expect((await decodeBody(encode(large), name, LIMITS)).equals(large)).toBe(true);
    const wide = Buffer.alloc(3_000_000, 'abc ');
    expect((await decodeBody(encode(wide), name, { ...LIMITS, maxRatio: 1e6 })).equals(wide)).toBe(true);
  });
  it.each(['gzip', 'x-gzip', 'br', 'zstd', 'deflate', 'identity', 'gzip, br', 'identity,zstd', undefined])(
    'encodes back to %s',
    async (name) => {
      for (const body of [TEXT, Buffer.alloc(200_000, 'xyz')]) {
        expect((await decodeBody(await encodeBody(body, name), name, LIMITS)).equals(body)).toBe(true);
      }
    },
  );
  it('writes what others can read', async () => {
    expect(zlib.gunzipSync(await encodeBody(TEXT, 'gzip'))).toEqual(TEXT);
    expect(zlib.brotliDecompressSync(await encodeBody(TEXT, 'br'))).toEqual(TEXT);
    expect(zlib.zstdDecompressSync(await encodeBody(TEXT, 'zstd'))).toEqual(TEXT);
    expect(zlib.inflateSync(await encodeBody(TEXT, 'deflate'))).toEqual(TEXT);
    expect(zlib.gunzipSync(zlib.brotliDecompressSync(await encodeBody(TEXT, 'gzip, br')))).toEqual(TEXT);
  });
  it('passes identity and empty bodies without a copy', async () => {
    expect(await decodeBody(TEXT, undefined, LIMITS)).toBe(TEXT);
    expect(await decodeBody(TEXT, 'identity', LIMITS)).toBe(TEXT);
    expect(await decodeBody(Buffer.alloc(0), 'gzip', LIMITS)).toHaveLength(0);
  });
  it.each(FORMS)('refuses broken %s', async (name, encode) => {
    const good = encode(TEXT);
    const flipped = Buffer.from(good);
    flipped.fill(0xff, 8, 20);
    for (const bytes of [
      good.subarray(0, -1),
      good.subarray(0, 5),
      flipped,
      Buffer.from('plain text'),
      Buffer.concat([good, Buffer.from('x')]),
    ]) {
      expect(await codeOf(() => decodeBody(bytes, name, LIMITS))).toBe('body-unreadable');
      expect(await codeOf(() => decodeBody(bytes, name, { ...LIMITS, side: 'reply' }))).toBe('reply-unreadable');
    }
  });
  it('sees what a multi-member gzip says in its second member', async () => {
    const both = Buffer.concat([zlib.gzipSync('one '), zlib.gzipSync('two')]);
    expect((await decodeBody(both, 'gzip', LIMITS)).toString()).toBe('one two');
  });
  it.each(['compress', 'aws-chunked', 'gzip, rot13', '', ',', 'gzip,,br', 'gzip, br, gzip, br', 'constructor', '__proto__'])(
    'does not know %j',
    async (name) => {
      expect(knowsEncoding(name)).toBe(false);
      expect(await codeOf(() => decodeBody(TEXT, name, LIMITS))).toBe('body-unreadable');
      expect(await codeOf(() => encodeBody(TEXT, name))).toBe('internal');
      expect(await codeOf(() => createDecoder(name))).toBe('reply-unreadable');
      expect(await codeOf(() => createEncoder(name))).toBe('internal');
    },
  );
  it('knows the others', () => {
    for (const name of ['gzip', ' GZIP ', 'br', 'zstd', 'deflate', 'identity', 'gzip, br']) expect(knowsEncoding(name)).toBe(true);
  });
});

describe('budgets', () => {
  it.each([undefined, 'identity', 'gzip', 'br', 'zstd', 'deflate', 'gzip, br'])('holds %s to maxBytes exactly', async (name) => {
    const bytes = await encodeBody(Buffer.alloc(5000, 'ab'), name);
    expect(await decodeBody(bytes, name, { maxBytes: 5000, maxRatio: 1000 })).toHaveLength(5000);
    expect(await codeOf(() => decodeBody(bytes, name, { maxBytes: 4999, maxRatio: 1000 }))).toBe('body-too-large');
    expect(await codeOf(() => decodeBody(bytes, name, { maxBytes: 4999, maxRatio: 1000, side: 'reply' }))).toBe('reply-unreadable');
  });
  it('holds to the ratio beyond the first MiB', async () => {
    const bytes = zlib.zstdCompressSync(Buffer.alloc(4_000_000));
    expect(bytes.length * 100).toBeLessThan(1024 * 1024);
    expect(await codeOf(() => decodeBody(bytes, 'zstd', { maxBytes: 8_000_000, maxRatio: 100 }))).toBe('body-too-large');
    expect(await decodeBody(bytes, 'zstd', { maxBytes: 8_000_000, maxRatio: 1e6 })).toHaveLength(4_000_000);
    expect(await decodeBody(zlib.gzipSync(Buffer.alloc(1_000_000)), 'gzip', { maxBytes: 8_000_000, maxRatio: 2 })).toHaveLength(1_000_000);
  });
  it.each<[string, () => Buffer]>([
    ['gzip', () => Buffer.concat(Array<Buffer>(64).fill(zlib.gzipSync(Buffer.alloc(16 << 20))))],
    ['zstd', () => Buffer.concat(Array<Buffer>(64).fill(zlib.zstdCompressSync(Buffer.alloc(16 << 20))))],
    ['br', () => zlib.brotliCompressSync(Buffer.alloc(256 << 20), { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ['gzip, gzip', () => zlib.gzipSync(Buffer.concat(Array<Buffer>(64).fill(zlib.gzipSync(Buffer.alloc(16 << 20)))))],
  ])('gives up on a 1 GB %s bomb without unpacking it, whole or as a stream', async (name, make) => {
    const bomb = make();
    const before = process.memoryUsage().rss;
    expect(await codeOf(() => decodeBody(bomb, name, LIMITS))).toBe('body-too-large');
    const decoder = createDecoder(name, { ...LIMITS, side: 'request' });
    const pieces = Array.from({ length: Math.ceil(bomb.length / 65_536) }, (_, i) => bomb.subarray(i * 65_536, (i + 1) * 65_536));
    expect(
      await codeOf(async () => {
        for (const piece of pieces) await decoder.push(piece);
      }),
    ).toBe('body-too-large');
    decoder.close();
    expect(process.memoryUsage().rss - before).toBeLessThan(80e6);
  });
  // Each used to be collected up to the limit before it was given up: ten at once took 300 MB, which stayed with the process.
  it('many bombs at once, and in a row, cost no more than one', async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(128 << 20));
    expect(bomb.length).toBeGreaterThan(65_536);
    const limits = { maxBytes: 32 << 20, maxRatio: 1000 };
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 2; round++) {
      const codes = await Promise.all(Array.from({ length: 12 }, () => codeOf(() => decodeBody(bomb, 'gzip', limits))));
      expect(new Set(codes)).toEqual(new Set(['body-too-large']));
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(80e6);
  });
  it('takes no zstd window above 8 MiB', async () => {
    const stream = zlib.createZstdCompress({ params: { [zlib.constants.ZSTD_c_windowLog]: 27 } });
    const out: Buffer[] = [];
    for await (const piece of stream.end(randomBytes(100))) out.push(piece as Buffer);
    expect(await codeOf(() => decodeBody(Buffer.concat(out), 'zstd', LIMITS))).toBe('body-unreadable');
  });
});

describe('streams', () => {
  const names = ['gzip', 'deflate', 'br', 'zstd', 'gzip, br', 'identity', undefined];
  it.each(names)('give every event at once in %s', async (name) => {
    const encoder = createEncoder(name);
    const decoder = createDecoder(name);
    for (let i = 0; i < 20; i++) {
      const event = Buffer.from(`data: {"index":${i},"text":"${'word '.repeat(i)}"}\n\n`);
      expect((await decoder.push(await encoder.push(event))).toString()).toBe(event.toString());
    }
    const last = Buffer.concat([await decoder.push(await encoder.end()), await decoder.end()]);
    expect(last).toHaveLength(0);
    encoder.close();
    decoder.close();
    decoder.close();
  });
  it.each(FORMS)('decode %s byte by byte', async (name, encode) => {
    const decoder = createDecoder(name);
    let text = '';
    for (const byte of encode(TEXT)) text += await decoder.push(Buffer.from([byte]));
    text += await decoder.end();
    expect(text).toBe(TEXT.toString());
  });
  it('give large output whole', async () => {
    const decoder = createDecoder('gzip');
    const body = Buffer.alloc(5_000_000, randomBytes(70_000));
    expect((await decoder.push(zlib.gzipSync(body))).equals(body)).toBe(true);
    expect(await decoder.end()).toHaveLength(0);
  });
  it('with nothing in them decode to nothing', async () => {
    const decoder = createDecoder('gzip');
    expect(await decoder.push(Buffer.alloc(0))).toHaveLength(0);
    expect(await decoder.end()).toHaveLength(0);
  });
  it.each(FORMS)('of broken %s are faults', async (name, encode) => {
    const good = encode(TEXT);
    const run = (pieces: Buffer[]) =>
      codeOf(async () => {
        const decoder = createDecoder(name);
        for (const piece of pieces) await decoder.push(piece);
        await decoder.end();
      });
    expect(await run([good])).toBe('passed');
    expect(await run([good.subarray(0, -1)])).toBe('reply-unreadable');
    expect(await run([Buffer.from('plain text')])).toBe('reply-unreadable');
    expect(await run([Buffer.concat([good, Buffer.from('junk')])])).toBe('reply-unreadable');
    expect(await run([good, Buffer.from('junk')])).toBe('reply-unreadable');
  });
  it('that unpack too much in one piece, or in all, are given up', async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(3_000_000));
    const run = (limits: { maxBytes: number; maxRatio: number }) =>
      codeOf(() => createDecoder('gzip', { ...limits, side: 'request' }).push(bomb));
    expect(await run({ maxBytes: 3_000_000, maxRatio: 1e6 })).toBe('passed');
    expect(await run({ maxBytes: 2_900_000, maxRatio: 1e6 })).toBe('body-too-large');
    expect(await run({ maxBytes: 3_000_000, maxRatio: 100 })).toBe('body-too-large');
  });
  it('never leave a call hanging when they are closed', async () => {
    const busy = createDecoder('gzip');
    const pending = codeOf(() => busy.push(zlib.gzipSync(TEXT)));
    busy.close();
    expect(await pending).toBe('internal');
    expect(await codeOf(() => busy.push(TEXT))).toBe('internal');
    expect(await codeOf(() => busy.end())).toBe('internal');
    const idle = createDecoder('br');
    idle.close();
    expect(await codeOf(() => idle.push(TEXT))).toBe('internal');
    const encoder = createEncoder('gzip');
    encoder.close();
    expect(await codeOf(() => encoder.push(TEXT))).toBe('internal');
    const stacked = createEncoder('gzip, br');
    stacked.close();
    expect(await codeOf(() => stacked.push(TEXT))).toBe('internal');
  });
});
