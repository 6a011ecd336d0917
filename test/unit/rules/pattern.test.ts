import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../../src/rules/pattern.ts';

describe('a pattern', () => {
  it('says whether and where it matches, in code units', () => {
    const pattern = compilePattern('(?i)acme-\\d{3,}');
    expect(pattern.test('x ACME-123')).toBe(true);
    expect(pattern.test('x acme-12')).toBe(false);
    expect(pattern.findAll('😀 acme-123, Acme-4567')).toEqual([
      { start: 3, end: 11 },
      { start: 13, end: 22 },
    ]);
    expect(compilePattern('\\bx*\\b').findAll('a xx b')).toEqual([{ start: 2, end: 4 }]);
  });

  it.each([
    ['(', /^not a pattern: .*missing closing \)/],
    ['a(?=b)', /^not a pattern: /],
    ['(a)\\1', /^not a pattern: /],
    ['', /empty/],
    ['a*', /match everywhere/],
    ['x'.repeat(2001), /longer than 2000/],
  ])('«%.10s» is none, and one line says why', (text, why) => {
    expect(() => compilePattern(text)).toThrow(why);
    expect(() => compilePattern(text)).not.toThrow(/\n/);
  });

  it('is linear where others go back', () => {
    const pattern = compilePattern('(a+)+b|(x|xx)*y');
    expect(pattern.test('a'.repeat(50_000))).toBe(false);
    expect(pattern.test('x'.repeat(50_000))).toBe(false);
  });
});
