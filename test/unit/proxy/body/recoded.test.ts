// Ten replies of blanks, each unpacking to four hundred times its size, cost 90 MB at once: a slice of 4 KB was 1.6 MB in memory,
// several times over.
import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { recoded } from '../../../../src/proxy/body/recoded.ts';

const CODINGS = {
  gzip: [zlib.gzipSync, zlib.gunzipSync],
  deflate: [zlib.deflateSync, zlib.inflateSync],
  br: [
    (bytes: Buffer) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
    zlib.brotliDecompressSync,
  ],
  zstd: [zlib.zstdCompressSync, zlib.zstdDecompressSync],
} as const;
const MB = 1 << 20;

async function through(coding: keyof typeof CODINGS, text: Buffer, pieceBytes: number) {
  const seen: number[] = [];
  const push = (bytes: Buffer) => {
    seen.push(bytes.length);
    return bytes;
  };
  const transform = recoded({ push, end: () => Buffer.alloc(0), close: () => undefined }, coding);
  const encoded = CODINGS[coding][0](text);
  const out: Buffer[] = [];
  for (let at = 0; at < encoded.length; at += pieceBytes) out.push(await transform.push(encoded.subarray(at, at + pieceBytes)));
  out.push(await transform.end());
  transform.close();
  expect(CODINGS[coding][1](Buffer.concat(out)).equals(text)).toBe(true);
  return { seen, most: Math.max(...seen), pushes: seen.length, encodedBytes: encoded.length };
}

// About four hundred to one in every coding.
const dense = Buffer.concat(Array.from({ length: 600 }, () => Buffer.concat([randomBytes(80), Buffer.alloc(40 * 1024, ' ')])));

describe.each(Object.keys(CODINGS) as (keyof typeof CODINGS)[])('%s', (coding) => {
  test('what unpacks to much is unpacked little by little', async () => {
    expect((await through(coding, dense, 64 * 1024)).most).toBeLessThan(MB);
  });

  test('what does not is taken in large slices', async () => {
    const { pushes, encodedBytes } = await through(coding, Buffer.from(randomBytes(MB).toString('base64')), 64 * 1024);
    expect(pushes).toBeLessThan(encodedBytes / (16 * 1024) + 24);
  });
});
