// The injection judge on any text: it never throws, and disguises without width change nothing.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judge } from '../../src/rules/injection/judge.ts';

test('any string gets a score from 0 to 1, the same each time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const { score } = judge(text);
      expect(score >= 0 && score <= 1).toBe(true);
      expect(judge(text).score).toBe(score);
    }),
  );
});

test('characters without width change no score', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('ignore', 'all', 'previous', 'rules', 'code', 'you', 'are', 'now'), { maxLength: 30 }),
      (words) => {
        const text = words.join(' ');
        expect(judge(Array.from(text).join('\u200b')).score).toBe(judge(text).score);
      },
    ),
  );
});
