// Words: whatever they hold, quoting them and taking the line apart gives them back.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wordsOf } from '../../../src/proxy/references/words.ts';

const word = fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.stringMatching(/^[ '"\\$a]{0,6}$/));
const quoted = fc.tuple(
  word,
  fc.constantFrom<(text: string) => string>(
    (text) => `'${text.replaceAll("'", `'\\''`)}'`,
    (text) => `"${text.replace(/["\\]/g, '\\$&')}"`,
    (text) => (text === '' ? "''" : text.replace(/./gsu, '\\$&')),
  ),
);

test('quoted words come back', () => {
  fc.assert(
    fc.property(fc.array(quoted, { minLength: 1, maxLength: 5 }), fc.constantFrom(' ', '\t', '   '), (words, blank) => {
      expect(wordsOf(words.map(([text, quote]) => quote(text)).join(blank))).toEqual(words.map(([text]) => text));
    }),
  );
});

test('any text comes apart or is refused, and no word appears from nowhere', () => {
  fc.assert(
    fc.property(word, (text) => {
      const words = wordsOf(text);
      if (words) expect(words.join('').length).toBeLessThanOrEqual(text.length);
    }),
  );
});
