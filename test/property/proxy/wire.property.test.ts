// However the bytes are cut into pieces, heads and bodies read the same; what was rendered parses back to itself.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asFault } from '../../../src/fault.ts';
import { createFramer, encodeChunk, LAST_CHUNK } from '../../../src/proxy/wire/frame.ts';
import { findHeadEnd, parseReplyHead, parseRequestHead, renderHead } from '../../../src/proxy/wire/head.ts';

const RUNS = { numRuns: 300 };

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const points = [...new Set(at.map((n) => n % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...points].map((from, i) => bytes.subarray(from, points[i] ?? bytes.length));
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });
const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/);
const text = fc
  .array(fc.oneof(fc.integer({ min: 0x21, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constantFrom(0x20, 0x09)), {
    maxLength: 20,
  })
  .map((codes) => String.fromCharCode(...codes).replace(/^[ \t]+|[ \t]+$/g, ''));
const known = /^(host|transfer[-_]encoding|content[-_]length|connection|upgrade|expect)$/i;
const fields = fc.array(
  fc.tuple(
    token.filter((t) => !known.test(t)),
    text,
  ),
  { maxLength: 8 },
);

/** Feeds the pieces and gives payload, bytes used, whether it is done, or the fault's code. */
function follow(pieces: readonly Buffer[], side: 'request' | 'reply') {
  const framer = createFramer({ kind: 'chunked' }, side);
  const payload: Buffer[] = [];
  let used = 0;
  try {
    for (const piece of pieces) used += framer.push(piece, (slice) => payload.push(slice));
  } catch (thrown) {
    return { fault: asFault(thrown).code };
  }
  return { payload: Buffer.concat(payload).toString('latin1'), used, done: framer.done, trailers: framer.trailers };
}

describe('heads', () => {
  it('render then parse is the identity', () => {
    fc.assert(
      fc.property(token, fc.stringMatching(/^\/[!"$-~]{0,20}$/), fields, (method, target, pairs) => {
        fc.pre(method !== 'CONNECT');
        const headers = ['Host', 'a.test', ...pairs.flat()];
        const bytes = renderHead(`${method} ${target} HTTP/1.1`, headers);
        const head = parseRequestHead(bytes);
        expect(head).toMatchObject({ method, target, headers });
        expect(renderHead(`${method} ${target} HTTP/1.1`, head.headers).equals(head.bytes)).toBe(true);
      }),
      RUNS,
    );
  });
  it('replies too', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), text, fields, (status, reason, pairs) => {
        const bytes = renderHead(`HTTP/1.1 ${status} ${reason}`, pairs.flat());
        const head = parseReplyHead(bytes, 'GET');
        expect(head).toMatchObject({ status, reason, headers: pairs.flat() });
      }),
      RUNS,
    );
  });
  it('the end is found wherever the pieces are cut', () => {
    fc.assert(
      fc.property(fields, fc.uint8Array({ maxLength: 20 }), cuts, (pairs, rest, at) => {
        const head = renderHead('POST / HTTP/1.1', ['Host', 'a.test', ...pairs.flat()]);
        let seen = Buffer.alloc(0);
        let end = -1;
        for (const piece of cut(Buffer.concat([head, rest]), at)) {
          const from = seen.length;
          seen = Buffer.concat([seen, piece]);
          end = findHeadEnd(seen, from);
          if (end >= 0) break;
        }
        expect(end).toBe(head.length);
      }),
      RUNS,
    );
  });
  it('any bytes either parse or are a fault, and never end in a hang of findHeadEnd', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (raw) => {
        const bytes = Buffer.concat([Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n'), raw, Buffer.from('\r\n\r\n')]);
        const end = findHeadEnd(bytes);
        expect(end).toBeGreaterThan(0);
        try {
          const head = parseRequestHead(bytes.subarray(0, end));
          expect(/[^\t\r\n -~\x80-\xff]/.test(head.bytes.toString('latin1'))).toBe(false);
        } catch (thrown) {
          expect(asFault(thrown).code).toBe('bad-request');
        }
      }),
      RUNS,
    );
  });
});

describe('bodies', () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 });
  it('chunked reads the same for every cut, and the raw bytes are all accounted for', () => {
    fc.assert(
      fc.property(chunks, fc.boolean(), fc.uint8Array({ maxLength: 10 }), cuts, (payloads, trailers, rest, at) => {
        const last = trailers ? renderHead('0', ['X-Sum', '1']) : LAST_CHUNK;
        const body = Buffer.concat([...payloads.flatMap((p) => encodeChunk(Buffer.from(p))), last]);
        const result = follow(cut(Buffer.concat([body, rest]), at), 'request');
        expect(result).toEqual({
          payload: Buffer.concat(payloads).toString('latin1'),
          used: body.length,
          done: true,
          trailers: trailers ? ['X-Sum', '1'] : [],
        });
      }),
      RUNS,
    );
  });
  it('mangled chunked bytes give the same verdict for every cut', () => {
    fc.assert(
      fc.property(chunks, fc.nat(), fc.integer({ min: 0, max: 255 }), cuts, (payloads, where, byte, at) => {
        const body = Buffer.concat([...payloads.flatMap((p) => encodeChunk(Buffer.from(p))), LAST_CHUNK]);
        body[where % body.length] = byte;
        expect(follow(cut(body, at), 'reply')).toEqual(follow([body], 'reply'));
      }),
      RUNS,
    );
  });
  it('counted bodies take the length and not a byte more', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 80 }), cuts, (raw, length, at) => {
        const framer = createFramer({ kind: 'length', length }, 'reply');
        const bytes = Buffer.from(raw);
        const used = cut(bytes, at).reduce((sum, piece) => sum + framer.push(piece), 0);
        expect(used).toBe(Math.min(length, bytes.length));
        expect(framer.done).toBe(length <= bytes.length);
      }),
      RUNS,
    );
  });
});
