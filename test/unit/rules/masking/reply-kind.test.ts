import { describe, expect, it } from 'vitest';
import { createByFirstBytes, type ReplyKind } from '../../../../src/rules/masking/reply-kind.ts';

/** What a reply cut into these pieces is taken for, and whether all of it comes out, in order. */
function taken(pieces: readonly string[], named: 'json' | 'text' = 'text') {
  let kind: ReplyKind | undefined;
  const transform = createByFirstBytes(named, (chosen) => {
    kind = chosen;
    return { push: (chunk) => chunk, end: () => Buffer.from('.'), restored: 3 };
  });
  const early = transform.restored;
  const out = pieces.map((piece) => transform.push(Buffer.from(piece)).toString());
  const tail = transform.end().toString();
  expect(out.join('') + tail).toBe(`${pieces.join('')}.`);
  expect([early, transform.restored]).toEqual([0, 3]);
  return { kind, out };
}

// A placeholder for a key of several lines became raw line ends inside JSON strings, and one that was cut into events stayed,
// when the upstream left Content-Type out or called everything text/plain.
describe('the first bytes of a reply', () => {
  it.each([
    ['{"a":1}', 'json'],
    ['[1]', 'json'],
    [' \r\n\t{"a":1}', 'json'],
    ['\uFEFF{"a":1}', 'json'],
    ['data: {"a":1}\n\n', 'sse'],
    ['data:{"a":1}\n\n', 'sse'],
    ['event: x\ndata: {"a":1}\n\n', 'sse'],
    ['event: x\r\ndata: {"a":1}\n\n', 'sse'],
    ['event: x\rdata: {"a":1}\n\n', 'sse'],
    ['data: words\n', 'text'],
    ['event: party\nplace: here\n', 'text'],
    ['event: party', 'text'],
    ['dat', 'text'],
    ['id: 1\n', 'text'],
    ['words', 'text'],
    ['', 'text'],
    [' ', 'text'],
  ])('%j make it %s, however it is cut', (text, kind) => {
    expect(taken([text]).kind).toBe(kind);
    expect(taken([...text]).kind).toBe(kind);
    for (let at = 0; at <= text.length; at++) expect(taken([text.slice(0, at), text.slice(at)]).kind).toBe(kind);
  });

  it('decide against its type only where they are certain', () => {
    expect(taken(['"text"'], 'json').kind).toBe('json');
    expect(taken(['data: {'], 'json').kind).toBe('sse');
  });

  it('wait only as long as they leave it open', () => {
    expect(taken([' ', 'w', 'ords']).out).toEqual([' ', 'w', 'ords']);
    expect(taken(['event: ', 'x\n', 'data: {']).out).toEqual(['', '', 'event: x\ndata: {']);
    const long = `event: ${'x'.repeat(300)}`;
    expect(taken([long, '\ndata: {'])).toEqual({ kind: 'text', out: [long, '\ndata: {'] });
  });
});
