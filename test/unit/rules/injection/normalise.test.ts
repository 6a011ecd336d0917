import { expect, test } from 'vitest';
import { normalise } from '../../../../src/rules/injection/normalise.ts';

test.each([
  ['plain text stays', 'plain text stays'],
  ['re\u0301ve\u0301ler', 'révéler'],
  ['ｉｇｎｏｒｅ', 'ignore'],
  ['ig\u200bnore', 'ignore'],
  ['ignоrе', 'ignore'],
  ['игнорируй', 'игнорируй'],
  ['\u{e0069}\u{e0067}', 'ig'],
])('takes the disguise off %j', (text, expected) => {
  expect(normalise(text)).toBe(expected);
});

test('looks at two million characters', () => {
  expect(normalise('a'.repeat(2_000_001))).toHaveLength(2_000_000);
});
