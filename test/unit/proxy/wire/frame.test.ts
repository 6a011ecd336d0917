// Reliability checklist A7 to A9, B22, B23 and G80: chunk framing is strict, a body ends where it ends, a cut one is never whole.
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { createFramer, encodeChunk, LAST_CHUNK } from '../../../../src/proxy/wire/frame.ts';
import { type BodyFraming, renderHead } from '../../../../src/proxy/wire/head.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const CHUNKED: BodyFraming = { kind: 'chunked' };

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown.code;
    throw thrown;
  }
  return 'passed';
}

function read(text: string, side: 'request' | 'reply' = 'request') {
  const framer = createFramer(CHUNKED, side);
  const payload: Buffer[] = [];
  const used = framer.push(latin1(text), (slice) => payload.push(slice));
  return { used, done: framer.done, payload: Buffer.concat(payload).toString('latin1'), trailers: framer.trailers };
}

describe('chunked', () => {
  it('finds payload, trailers and the end', () => {
    expect(read('5\r\nhello\r\n0006;a=b;c="d e"\r\n world\r\n0\r\nX-Sum: 1 \r\ny:\r\n\r\nGET /')).toEqual({
      used: 56,
      done: true,
      payload: 'hello world',
      trailers: ['X-Sum', '1', 'y', ''],
    });
    expect(read('0\r\n\r\n')).toMatchObject({ used: 5, done: true, payload: '' });
    expect(read('1 \t;x\r\na\r\n0\r\n\r\n')).toMatchObject({ done: true, payload: 'a' });
  });
  it('offers views of the pushed chunk', () => {
    const chunk = latin1('5\r\nhello\r\n');
    const slices: Buffer[] = [];
    createFramer(CHUNKED, 'request').push(chunk, (slice) => slices.push(slice));
    expect(slices[0]!.buffer).toBe(chunk.buffer);
    expect(slices[0]!.byteOffset).toBe(chunk.byteOffset + 3);
  });
  it.each([
    ['no size', '\r\n'],
    ['sign', '+5\r\nhello\r\n'],
    ['minus', '-5\r\nhello\r\n'],
    ['0x', '0x5\r\nhello\r\n'],
    ['underscore', '1_0\r\n'],
    ['leading space', ' 5\r\nhello\r\n'],
    ['trailing space', '5 \r\nhello\r\n'],
    ['inner space', '5 5\r\nhello\r\n'],
    ['letter g', '5g\r\nhello\r\n'],
    ['full-width digit', '\xef\xbc\x95\r\nhello\r\n'],
    ['16 digits', '0000000000000005\r\nhello\r\n'],
    ['over 2^53', '20000000000000\r\n'],
    ['over 2^64', '10000000000000005\r\n'],
    ['semicolon only', ';a\r\n'],
    ['bare LF after the size', '5\nhello\r\n'],
    ['bare LF after an extension', '5;a\nhello\r\n'],
    ['CR CR after the size', '5\r\rhello\r\n'],
    ['bare LF after the payload', '5\r\nhello\n0\r\n\r\n'],
    ['CR without LF after the payload', '5\r\nhello\rX'],
    ['payload too long', '5\r\nhello!\r\n'],
    ['payload too short', '5\r\nhell\r\n0\r\n\r\n'],
    ['NUL in an extension', '5;\0\r\nhello\r\n'],
    ['DEL in an extension', '5;\x7f\r\nhello\r\n'],
    ['CR in an extension', '5;a\rb\r\nhello\r\n'],
    ['long extension', `5;${'a'.repeat(1100)}\r\n`],
    ['bare LF in the trailers', '0\r\nX: y\n\r\n'],
    ['bare LF as end', '0\r\n\n'],
    ['CR in a trailer', '0\r\nX: a\rb\r\n\r\n'],
    ['NUL in a trailer', '0\r\nX: a\0b\r\n\r\n'],
    ['folded trailer', '0\r\nX: a\r\n b\r\n\r\n'],
    ['trailer without colon', '0\r\nX\r\n\r\n'],
    ['trailer with space before colon', '0\r\nX : y\r\n\r\n'],
    ['long trailers', `0\r\nX: ${'a'.repeat(17_000)}\r\n\r\n`],
    ['many trailers', `0\r\n${'a: b\r\n'.repeat(501)}\r\n`],
    ...[
      'Transfer-Encoding: chunked',
      'content-length: 5',
      'HOST: b.test',
      'Authorization: Bearer x',
      'connection: close',
      'Content_Length: 1',
    ].map((line): [string, string] => [`the trailer ${line}`, `0\r\n${line}\r\n\r\n`]),
  ])('refuses %s on both sides', (_name, text) => {
    expect(codeOf(() => read(text))).toBe('bad-request');
    expect(codeOf(() => read(text, 'reply'))).toBe('upstream-protocol');
  });
  it('takes a size of 15 digits and the largest safe one', () => {
    expect(read('000000000000005\r\nhello\r\n').payload).toBe('hello');
    expect(read('1fffffffffffff\r\nhello').payload).toBe('hello');
  });
  it('takes nothing after the end', () => {
    const framer = createFramer(CHUNKED, 'reply');
    expect(framer.push(latin1('0\r\n\r\nHTTP/1.1 200 OK'))).toBe(5);
    expect(framer.push(latin1('more'))).toBe(0);
    framer.end();
  });
});

describe('counted bodies', () => {
  it('takes exactly the length', () => {
    const framer = createFramer({ kind: 'length', length: 5 }, 'request');
    const slices: string[] = [];
    expect(framer.done).toBe(false);
    expect(framer.push(latin1('hel'), (s) => slices.push(s.toString()))).toBe(3);
    expect(framer.done).toBe(false);
    expect(framer.push(latin1('loGET'), (s) => slices.push(s.toString()))).toBe(2);
    expect(framer.done).toBe(true);
    expect(framer.push(latin1('x'), (s) => slices.push(s.toString()))).toBe(0);
    expect(slices).toEqual(['hel', 'lo']);
    expect(framer.trailers).toEqual([]);
  });
  it('is done at once when there is nothing to come', () => {
    expect(createFramer({ kind: 'none' }, 'reply').done).toBe(true);
    expect(createFramer({ kind: 'length', length: 0 }, 'reply').done).toBe(true);
    expect(createFramer({ kind: 'none' }, 'reply').push(latin1('x'))).toBe(0);
  });
  it('reads until the close', () => {
    const framer = createFramer({ kind: 'until-close' }, 'reply');
    expect(framer.push(latin1('abc'))).toBe(3);
    expect(framer.done).toBe(false);
    framer.end();
    expect(framer.done).toBe(true);
  });
});

describe('a cut body', () => {
  it.each<[BodyFraming, string]>([
    [{ kind: 'length', length: 5 }, 'abc'],
    [CHUNKED, ''],
    [CHUNKED, '5\r\nhel'],
    [CHUNKED, '5\r\nhello\r\n'],
    [CHUNKED, '0\r\n'],
    [CHUNKED, '0\r\nX: y\r\n'],
  ])('is a fault: %j %j', (framing, text) => {
    for (const side of ['request', 'reply'] as const) {
      const framer = createFramer(framing, side);
      framer.push(latin1(text));
      expect(codeOf(() => framer.end())).toBe(side === 'request' ? 'bad-request' : 'upstream-cut');
    }
  });
});

describe('writing chunks', () => {
  it('frames without copying, and never ends the body by accident', () => {
    const payload = latin1('hello');
    const pieces = encodeChunk(payload);
    expect(Buffer.concat(pieces).toString()).toBe('5\r\nhello\r\n');
    expect(pieces[1]).toBe(payload);
    expect(encodeChunk(Buffer.alloc(0))).toEqual([]);
    expect(LAST_CHUNK.toString()).toBe('0\r\n\r\n');
    expect(read(`5\r\nhello\r\n${renderHead('0', ['X-Sum', '1']).toString()}`).trailers).toEqual(['X-Sum', '1']);
  });
});
