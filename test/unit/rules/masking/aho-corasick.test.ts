import { expect, it } from 'vitest';
import { compilePatterns } from '../../../../src/rules/masking/aho-corasick.ts';

function hits(patterns: readonly string[], text: string, from = 0, to = text.length): string[] {
  const out: string[] = [];
  compilePatterns(patterns.map((p) => Buffer.from(p, 'latin1')))(Buffer.from(text, 'latin1'), from, to, (pattern, at) =>
    out.push(`${patterns[pattern]}@${at}`),
  );
  return out.sort();
}

it('finds every pattern at every place, also those within others and those that overlap', () => {
  expect(hits(['abcdefgh', 'cdefghij', 'abcdefghijkl'], 'abcdefghijkl')).toEqual(['abcdefgh@0', 'abcdefghijkl@0', 'cdefghij@2']);
  for (let before = 0; before < 12; before++)
    expect(hits(['12345678'], `${'x'.repeat(before)}12345678${'y'.repeat(before)}`)).toEqual([`12345678@${before}`]);
  expect(hits(['aaaabaaaab'], 'aaaabaaaabaaaab')).toEqual(['aaaabaaaab@0', 'aaaabaaaab@5']);
});

it('finds what is whole between the bounds only', () => {
  const text = '..secret-secret-secret..';
  expect(hits(['secret-secret'], text)).toEqual(['secret-secret@2', 'secret-secret@9']);
  expect(hits(['secret-secret'], text, 3)).toEqual(['secret-secret@9']);
  expect(hits(['secret-secret'], text, 0, 21)).toEqual(['secret-secret@2']);
});

it('compares the rest of long patterns, and tells those apart that begin alike', () => {
  const head = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const [one, two] = [`${head}-one`, `${head}-two`];
  expect(hits([one, two], `x${two}${one}${head}-thr`)).toEqual([`${one}@${1 + two.length}`, `${two}@1`].sort());
  expect(hits([one], one, 0, one.length - 1)).toEqual([]);
});

it('takes no pattern that is shorter than its sieve', () => {
  expect(() => compilePatterns([Buffer.from('1234567')])).toThrow(RangeError);
});
