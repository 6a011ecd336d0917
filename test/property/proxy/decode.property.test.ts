// However an encoded body is cut, a decoder gives the same bytes, and an encoder's output is complete after each piece.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder, createEncoder, decodeBody, encodeBody } from '../../../src/proxy/body/decode.ts';

const coding = fc.constantFrom('gzip', 'deflate', 'br', 'zstd', 'gzip, zstd', 'identity');
const pieces = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ maxLength: 300 }).map((t) => Buffer.from(t.repeat(5))),
  ),
  { maxLength: 6 },
);
const LIMITS = { maxBytes: 1e6, maxRatio: 1000 };

describe('content codings', () => {
  it('whole: decode undoes encode', async () => {
    await fc.assert(
      fc.asyncProperty(coding, pieces, async (name, parts) => {
        const body = Buffer.concat(parts);
        expect((await decodeBody(await encodeBody(body, name), name, LIMITS)).equals(body)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
  it('streamed: each piece comes out as it went in, and the whole is readable as a whole', async () => {
    await fc.assert(
      fc.asyncProperty(coding, pieces, async (name, parts) => {
        const encoder = createEncoder(name);
        const decoder = createDecoder(name);
        const wire: Buffer[] = [];
        for (const part of parts) {
          const sent = await encoder.push(Buffer.from(part));
          wire.push(sent);
          expect((await decoder.push(sent)).equals(Buffer.from(part))).toBe(true);
        }
        wire.push(await encoder.end());
        encoder.close();
        decoder.close();
        expect((await decodeBody(Buffer.concat(wire), name, LIMITS)).equals(Buffer.concat(parts))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
  it('streamed: the cuts do not matter', async () => {
    await fc.assert(
      fc.asyncProperty(coding, pieces, fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 8 }), async (name, parts, steps) => {
        const body = Buffer.concat(parts);
        const wire = await encodeBody(body, name);
        const decoder = createDecoder(name);
        const out: Buffer[] = [];
        for (let at = 0, i = 0; at < wire.length; i++) {
          const next = at + 1 + steps[i % steps.length]!;
          out.push(await decoder.push(wire.subarray(at, next)));
          at = next;
        }
        out.push(await decoder.end());
        decoder.close();
        expect(Buffer.concat(out).equals(body)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
