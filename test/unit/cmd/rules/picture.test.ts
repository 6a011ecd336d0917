// Marked texts: columns agree with the text above them, colours stay on the marks, long texts are shown round their marks.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inOneLine, type Mark, picture } from '../../../../cmd/rules/picture.ts';

const mark = (start: number, end: number, label = '1'): Mark => ({ start, end, label, colour: '7' });
const plain = { colours: false, width: 80 };

describe('marks', () => {
  test('stand below what they mark, beside each other too, over wide and unprintable characters', () => {
    expect(picture('a😀bcde', [mark(3, 5), mark(5, 7, '2')], plain)).toEqual(['1 │ a😀bcde', '  │    1^2^']);
    expect(picture('\tx\u0007y日z', [mark(1, 4)], plain)).toEqual(['1 │   x␇y日z', '  │   1^^']);
    expect(picture('e\u0301x', [mark(2, 3)], plain)).toEqual(['1 │ e\u0301x', '  │  1']);
    expect(picture('\ud800x', [mark(1, 2)], plain)).toEqual(['1 │ <U+D800>x', '  │         1']);
  });

  test('go over several lines', () => {
    expect(picture('ab\r\ncd\nef', [mark(1, 8)], plain)).toEqual(['1 │ ab', '  │  1', '2 │ cd', '  │ 1^', '3 │ ef', '  │ 1']);
  });

  test('with colours there is nothing below', () => {
    const coloured = { colours: true, width: 80 };
    expect(picture('abcd', [mark(1, 3)], coloured)).toEqual(['1 │ a\u001B[7mbc\u001B[0md']);
    expect(picture('ab', [mark(0, 1), mark(1, 2)], coloured)).toEqual(['1 │ \u001B[7ma\u001B[0m\u001B[7mb\u001B[0m']);
  });
});

describe('long texts', () => {
  test('lines without marks are left out, but for the neighbours of those with', () => {
    const text = Array.from({ length: 100 }, (_, i) => `line ${i + 1}`).join('\n');
    const at = text.indexOf('line 50');
    expect(picture(text, [mark(at, at + 7)], plain)).toEqual([
      '    ⋮',
      ' 49 │ line 49',
      ' 50 │ line 50',
      '    │ 1^^^^^^',
      ' 51 │ line 51',
      '    ⋮',
    ]);
  });

  test('no row is wider than the terminal', () => {
    const pieces = fc.array(fc.constantFrom('word ', '😀', '日本', 'x'.repeat(70), '\u200b', '\n'), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(400), { maxLength: 6 }), (words, cuts) => {
        const text = words.join('');
        const ends = [...new Set(cuts.map((cut) => Math.min(cut, text.length)))].sort((a, b) => a - b);
        const marks = ends.slice(1).map((end, i) => mark(ends[i]!, end, String(i + 1)));
        for (const line of picture(text, marks, plain)) expect(line.replaceAll(/[😀日本]/gu, 'xx').length).toBeLessThanOrEqual(80);
      }),
    );
  });

  test('in one line', () => {
    expect(inOneLine('short\nline', 20)).toBe('short␊line');
    expect(inOneLine('x'.repeat(50), 10)).toBe(`${'x'.repeat(9)}…`);
  });
});
