import { describe, expect, it } from 'vitest';
import { eachDigitGroup } from '../../../../src/rules/masking/digit-groups.ts';

const groups = (text: string) => {
  const out: [number, number, number][] = [];
  eachDigitGroup(text, (at, length, count) => out.push([at, length, count]));
  return out;
};

describe('groups of digits', () => {
  it('are visited in order, with how many digits stand together from each on', () => {
    expect(groups('a 12-345 (6) x7')).toEqual([
      [2, 2, 6],
      [5, 3, 4],
      [10, 1, 1],
      [14, 1, 1],
    ]);
    expect(groups('none')).toEqual([]);
  });

  it('stand together over four separators, and not over five or over anything else', () => {
    expect(groups('1 -- 2')[0]).toEqual([0, 1, 2]);
    expect(groups('1 --- 2')[0]).toEqual([0, 1, 1]);
    expect(groups('1,2')[0]).toEqual([0, 1, 1]);
    expect(groups('1 ,2')[0]).toEqual([0, 1, 1]);
    expect(groups('1\u00a02')[0]).toEqual([0, 1, 1]);
  });

  it('are counted as far as numbers go', () => {
    expect(groups('1'.repeat(100))).toEqual([[0, 100, 48]]);
    expect(groups(`12 ${'1'.repeat(100)}`)).toEqual([
      [0, 2, 47],
      [3, 100, 48],
    ]);
    expect(groups(`${'1'.repeat(46)}  12`)[0]).toEqual([0, 46, 46]);
    expect(groups(`${'1'.repeat(46)} 12`)[0]).toEqual([0, 46, 47]);
  });

  it('count nothing where more of them stand together than in any number', () => {
    expect(groups('12 '.repeat(10))[0]).toEqual([0, 2, 20]);
    expect(groups('12 '.repeat(11)).map(([, , count]) => count)).toEqual([0, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2]);
    expect(groups('1234 '.repeat(11))[0]).toEqual([0, 4, 39]);
  });
});
