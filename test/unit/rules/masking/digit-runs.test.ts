import { describe, expect, it } from 'vitest';
import { findDigitRuns, isSeparator } from '../../../../src/rules/masking/digit-runs.ts';

function runs(text: string, least = 8): string[] {
  const bytes = Buffer.from(text);
  const out: string[] = [];
  findDigitRuns(bytes, 0, bytes.length, least, (start, end) => out.push(bytes.toString('utf8', start, end)));
  return out;
}

describe('findDigitRuns', () => {
  it.each([
    ['a 12345678 b', ['12345678']],
    ['x 1234567 y', []],
    ['+55 (11) 91234-5678, 4111 1111 1111 1111.', ['55 (11) 91234-5678', '4111 1111 1111 1111']],
    ['1234-----5678', []],
    ['1234,5678', []],
    ['１２３４５６７８', ['１２３４５６７８']],
    ['1234\u00a05678', ['1234\u00a05678']],
    ['1234\u20115678', ['1234\u20115678']],
    ['12\u200b34\u200b56\u200b78', ['12\u200b34\u200b56\u200b78']],
    ['٤١١١١١١١ ۴۱۱۱۱۱۱۱', ['٤١١١١١١١ ۴۱۱۱۱۱۱۱']],
    ['४१११११११', ['४१११११११']],
    ['৪১১১১১১১', ['৪১১১১১১১']],
    ['1234\\u00a05678', ['1234\\u00a05678']],
    ['1234\\\\u20115678', ['1234\\\\u20115678']],
    ['\\u0031\\u00322345678', ['\\u0031\\u00322345678']],
    ['1234\\n5678', []],
    ['1234\\', []],
    ['é1234ü5678', []],
    ['d9e0 \u0640\u06d4', []],
  ])('finds in %j the runs %j', (text, expected) => {
    expect(runs(text)).toEqual(expected);
  });

  it('ends where the bytes end', () => {
    expect(runs('12345678 ')).toEqual(['12345678']);
    const cut = Buffer.from('1234567１');
    const found: number[] = [];
    findDigitRuns(cut, 0, cut.length - 1, 8, (start, end) => found.push(start, end));
    expect(found).toEqual([0, cut.length - 1]);
  });
});

describe('isSeparator', () => {
  it('knows blanks, hyphens and brackets', () => {
    expect([...' -./()+_'].every((char) => isSeparator(char.charCodeAt(0)))).toBe(true);
    expect([...',:;a1'].some((char) => isSeparator(char.charCodeAt(0)))).toBe(false);
  });
});
