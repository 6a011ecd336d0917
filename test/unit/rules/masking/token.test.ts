import { describe, expect, it } from 'vitest';
import { ALNUM, DOT, runEnd, URL_SAFE } from '../../../../src/rules/masking/characters.ts';
import { beginsAt, isFiller, isMixed, tokenFinder } from '../../../../src/rules/masking/token.ts';

describe('tokenFinder', () => {
  const find = tokenFinder([
    { prefix: 'key-long-', alphabet: URL_SAFE, min: 4 },
    { prefix: 'key-', alphabet: ALNUM, min: 4, max: 6, accepts: (rest) => rest !== 'never' },
    { prefix: 'dot.', alphabet: ALNUM | DOT, min: 4 },
  ]);
  const found = (text: string) => {
    const at = Math.max(text.indexOf('key-'), text.indexOf('dot.'));
    const hit = find(text, at);
    return hit && [text.slice(hit.start, hit.start + hit.keepPrefix), text.slice(hit.start + hit.keepPrefix, hit.end)];
  };

  it.each([
    ['key-abcd', ['key-', 'abcd']],
    ['=key-abcdef;', ['key-', 'abcdef']],
    ['key-long-ab_d-e', ['key-long-', 'ab_d-e']],
    ['%3Dkey-abcd', ['key-', 'abcd']],
    ['dot.ab.cd. Next', ['dot.', 'ab.cd']],
  ])('takes %s', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it.each([
    'key-abc',
    'key-abcdefg',
    'key-never',
    'monkey-abcd',
    '1key-abcd',
    'key-long-abc',
    'key-xxxxx',
    'dot.....',
    '%zzkey-abcd',
    'x%3Dx-key',
  ])('does not take %s', (text) => {
    expect(found(text)).toBeUndefined();
  });

  it('has nothing to say about other anchors', () => {
    expect(find('other', 0)).toBeUndefined();
  });
});

describe('what a token is made of', () => {
  it('tells beginnings from middles', () => {
    expect(beginsAt('key', 0, ALNUM)).toBe(true);
    expect(beginsAt('/key', 1, URL_SAFE)).toBe(true);
    expect(beginsAt('-key', 1, URL_SAFE)).toBe(false);
    expect(beginsAt('-key', 1, ALNUM)).toBe(true);
    expect(beginsAt('%2Fkey', 3, ALNUM)).toBe(true);
    expect(beginsAt('x2Fkey', 3, ALNUM)).toBe(false);
  });

  it('tells fillers from secrets', () => {
    for (const text of ['xxxx', 'XXXX-XXXX', '...', 'abc...', 'your-key', 'put-it-here', 'a1xxxxxxxxb2', '****', 'REDACTED'])
      expect(isFiller(text), text).toBe(true);
    for (const text of ['aB3xx', 'hereandthere', 'yours9']) expect(isFiller(text), text).toBe(false);
  });

  it('tells mixed from monotone', () => {
    expect(['abc1', 'aBc', 'A1'].map(isMixed)).toEqual([true, true, true]);
    expect(['abc', 'ABC', '123', '---', ''].map(isMixed)).toEqual([false, false, false, false, false]);
  });

  it('ends a run at the end of the text and at other scripts', () => {
    expect(runEnd('abc', 0, ALNUM)).toBe(3);
    expect(runEnd('abé', 0, ALNUM)).toBe(2);
  });
});
