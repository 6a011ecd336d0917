import { describe, expect, it } from 'vitest';
import { chat } from '../../../../src/rules/dialects/chat.ts';
import { opaque } from '../../../../src/rules/dialects/opaque.ts';
import { createSegments } from '../../../../src/rules/masking/segments.ts';
import { JsonWalk } from '../../../../src/rules/masking/walk.ts';

const PLACE = 'p';

/** A walk that stands behind a comma of a list. */
function between(): JsonWalk {
  const walk = new JsonWalk();
  walk.push(Buffer.from('[1,'), 0, () => {});
  return walk;
}

/** A walk that stands behind the whole document. */
function over(): JsonWalk {
  const walk = new JsonWalk();
  walk.push(Buffer.from('[]'), 0, () => {});
  return walk;
}

describe('the cache of segments', () => {
  it('finds a segment wherever it stands, at the same place of the same dialect', () => {
    const segments = createSegments<string>(1000);
    const own = `"${'abc'.repeat(25)}",`;
    segments.add(chat, PLACE, Buffer.from(own), ['x'], between());
    const body = Buffer.from(`["new",${own}7]`);
    expect(segments.find(chat, PLACE, body, 7)).toMatchObject({ found: ['x'], placeAfter: between().place() });
    expect(segments.find(chat, PLACE, body, 6)).toBeUndefined();
    expect(segments.find(chat, 'elsewhere', body, 7)).toBeUndefined();
    expect(segments.find(opaque, PLACE, body, 7)).toBeUndefined();
    expect(segments.find(chat, PLACE, body.subarray(0, 80), 7)).toBeUndefined();
  });

  it('finds the end of a body at the end of another only', () => {
    const segments = createSegments<string>(1000);
    segments.add(chat, PLACE, Buffer.from('7]'), [], over());
    expect(segments.find(chat, PLACE, Buffer.from('7]'), 0)).toBeDefined();
    expect(segments.find(chat, PLACE, Buffer.from('7],'), 0)).toBeUndefined();
  });

  it('tells those apart that begin alike, and keeps the newest of many', () => {
    const segments = createSegments<number>(10_000);
    const alike = (n: number) => Buffer.from(`${'a'.repeat(64)}${n},`);
    for (let n = 0; n < 20; n++) segments.add(chat, PLACE, alike(n), [n], between());
    expect(segments.find(chat, PLACE, alike(19), 0)?.found).toEqual([19]);
    expect(segments.find(chat, PLACE, alike(4), 0)?.found).toEqual([4]);
    expect(segments.find(chat, PLACE, alike(3), 0)).toBeUndefined();
  });

  it('keeps what was used last within its bound, and nothing larger than that', () => {
    const segments = createSegments<string>(30);
    const one = (letter: string) => Buffer.from(`"${letter.repeat(7)}",`);
    for (const letter of 'abc') segments.add(chat, PLACE, one(letter), [], between());
    expect(segments.find(chat, PLACE, one('a'), 0)).toBeDefined();
    segments.add(chat, PLACE, one('d'), [], between());
    expect([...'abcd'].map((letter) => segments.find(chat, PLACE, one(letter), 0) !== undefined)).toEqual([true, false, true, true]);
    segments.add(chat, PLACE, Buffer.from(`"${'e'.repeat(40)}",`), [], between());
    expect([...'acd'].map((letter) => segments.find(chat, PLACE, one(letter), 0) !== undefined)).toEqual([true, true, true]);
  });

  it('keeps a copy: the bytes may belong to a pool', () => {
    const segments = createSegments<string>(1000);
    const own = `"${'abc'.repeat(25)}",`;
    const bytes = Buffer.from(own);
    segments.add(chat, PLACE, bytes, ['x'], between());
    bytes.fill('z');
    expect(segments.find(chat, PLACE, Buffer.from(`${own}1`), 0)?.found).toEqual(['x']);
  });
});
