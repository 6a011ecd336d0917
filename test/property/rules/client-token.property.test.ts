// Tokens of clients: written and read back, and no single change goes unseen.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatToken, makeToken, parseToken, TOKEN_BYTES } from '../../../src/rules/client-token.ts';

const token = fc.uint8Array({ minLength: TOKEN_BYTES, maxLength: TOKEN_BYTES }).map(makeToken);

test('what is written is read back', () => {
  fc.assert(
    fc.property(token, (one) => {
      expect(parseToken(formatToken(one))).toEqual(one);
    }),
  );
});

test('a change of one character, or two that changed places, is seen', () => {
  fc.assert(
    fc.property(token, fc.nat(), fc.constantFrom(...'0123456789abcdefg_'), (one, place, character) => {
      const text = formatToken(one);
      const at = place % (text.length - 1);
      const changed = text.slice(0, at) + character + text.slice(at + 1);
      const swapped = text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2);
      for (const other of [changed, swapped]) if (other !== text) expect(parseToken(other)).toBeUndefined();
    }),
  );
});

test('any text is a token or none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const one = parseToken(text);
      if (one) expect(formatToken(one)).toBe(text);
    }),
  );
});
