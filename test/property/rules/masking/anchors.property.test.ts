// The pass for anchors finds what a plain search finds, whatever the words, the text and the bounds.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AnchorWord } from '../../../../src/rules/masking/anchor-table.ts';
import { compileAnchors } from '../../../../src/rules/masking/anchors.ts';

const letters = fc.constantFrom(...'abAB-/@1');
const word = fc.record(
  {
    text: fc.oneof(fc.string({ unit: letters, minLength: 1, maxLength: 1 }), fc.string({ unit: letters, minLength: 3, maxLength: 7 })),
    anyCase: fc.boolean(),
    beside: fc.constantFrom({ before: /[a-z]/, behind: /[^a]/ }, { before: /[^/]/s, behind: /[1@]/ }),
  },
  { requiredKeys: ['text'] },
);

function plainly(words: readonly AnchorWord[], text: string, from: number, to: number): string[] {
  return words.flatMap(({ text: own, anyCase = false, beside }, i) => {
    const wanted = anyCase ? own.replace(/[A-Z]/g, (c) => c.toLowerCase()) : own;
    const out: string[] = [];
    for (let at = from; at + own.length <= to; at++) {
      const here = text.slice(at, at + own.length);
      if ((anyCase ? here.toLowerCase() : here) !== wanted) continue;
      if (at > from && beside?.before.test(text[at - 1]!) === false) continue;
      if (at + own.length < to && beside?.behind.test(text[at + own.length]!) === false) continue;
      out.push(`${i}@${at}`);
    }
    return out;
  });
}

test('every word is found where it stands and nowhere else', () => {
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 12 }),
      fc.string({ unit: letters, maxLength: 60 }),
      fc.nat(1),
      fc.nat(8),
      fc.nat(8),
      (given, text, shift, skip, rest) => {
        // Letters are given in lower case where case does not count.
        const words = given.map((own) => (own.anyCase ? { ...own, text: own.text.toLowerCase() } : own));
        const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).subarray(shift);
        const [from, to] = [Math.min(skip, text.length), Math.max(0, text.length - rest)];
        const found: string[] = [];
        compileAnchors(words)(bytes, from, to, (i, at) => found.push(`${i}@${at}`));
        expect(found.sort()).toEqual(plainly(words, text, from, to).sort());
      },
    ),
    { numRuns: 300 },
  );
});
