import { describe, expect, it } from 'vitest';
import { disguises, foldView } from '../../../../src/rules/masking/fold.ts';
import { unescapeDeep } from '../../../../src/rules/masking/unescape.ts';

const folded = (text: string) => foldView(unescapeDeep(text));

describe('foldView', () => {
  it.each([
    ['１１１．４４４．７７７－３５', '111.444.777-35'],
    ['bob＠example．test', 'bob@example.test'],
    ['12\u00a034\u202f56', '12 34 56'],
    ['12\u201134\u201356\u221278', '12-34-56-78'],
    ['so\u00adme\u200bone\ufeff', 'someone'],
    ['٤١١١ ۴۱ ४१ ৪১ ๔๑', '4111 41 41 41 41'],
    ['1\\u200b2\\uff13', '123'],
  ])('reads %j as %j', (text, expected) => {
    expect(folded(text).text).toBe(expected);
  });

  it('knows where each character came from', () => {
    const { text, origin } = folded('a\u200bｂ\\u00a0c');
    expect(text).toBe('ab c');
    expect([...origin]).toEqual([0, 2, 3, 9, 10]);
  });

  it('gives the same view back where nothing is to be done', () => {
    const view = unescapeDeep('joão 联系 😀 «x»');
    expect(foldView(view)).toBe(view);
  });
});

describe('disguises', () => {
  it.each([0xad, 0x200b, 0x2060, 0xfeff, 0xff20, 0xff11, 0x661, 0x2011, 0xff0d])('takes U+%s for one', (code) => {
    expect(disguises(code)).toBe(true);
  });

  it.each([0xa0, 0x2013, 0x2014, 0xe9, 0x4e00, 0x41])('does not take %s for one: prose has it', (code) => {
    expect(disguises(code)).toBe(false);
  });
});
