// Known values are found wherever and however they stand, and what was masked comes back as it was.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { opaque } from '../../../../src/rules/dialects/opaque.ts';
import { compilePatterns } from '../../../../src/rules/masking/aho-corasick.ts';
import { isWorthKnowing } from '../../../../src/rules/masking/known-forms.ts';
import { openKnownValues } from '../../../../src/rules/masking/known-values.ts';
import { applyEdits, createMasker } from '../../../../src/rules/masking/mask.ts';
import { createReplyRestorer } from '../../../../src/rules/masking/restore.ts';
import { testPlaceholders } from '../../../support/masking.ts';

const few = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 8, maxLength: 40 });

it('the pass reports what a search for each pattern finds', () => {
  fc.assert(
    fc.property(
      fc.array(few, { minLength: 1, maxLength: 5 }),
      fc.array(fc.oneof(few, fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'x') })), { maxLength: 8 }),
      fc.nat(9),
      (patterns, parts, from) => {
        const text = parts.join('');
        const found: string[] = [];
        compilePatterns(patterns.map((p) => Buffer.from(p)))(Buffer.from(text), from, text.length, (pattern, at) =>
          found.push(`${pattern}@${at}`),
        );
        const expected: string[] = [];
        patterns.forEach((pattern, i) => {
          for (let at = text.indexOf(pattern, from); at >= 0; at = text.indexOf(pattern, at + 1)) expected.push(`${i}@${at}`);
        });
        expect(found.sort()).toEqual(expected.sort());
      },
    ),
    { numRuns: 500 },
  );
});

const secrets = fc
  .string({ unit: 'grapheme', minLength: 8, maxLength: 30 })
  .filter((value) => value === value.trim() && isWorthKnowing(value) && !/^\d+$/.test(value));
const WRITTEN: readonly ((value: string) => string)[] = [
  (value) => value,
  (value) => JSON.stringify(value),
  (value) => JSON.stringify({ a: JSON.stringify({ value }) }),
  encodeURIComponent,
  (value) => Buffer.from(value).toString('hex'),
  (value) => Buffer.from(value).toString('base64'),
  (value) => Buffer.from(`x${value}yz`).toString('base64url'),
];

it('no form of a value leaves, and all of it comes back', () => {
  fc.assert(
    fc.property(secrets, fc.constantFrom(...WRITTEN), fc.string({ maxLength: 8 }), (value, write, around) => {
      const placeholders = testPlaceholders();
      const known = openKnownValues();
      known.set('test', [value]);
      const masker = createMasker({ placeholders, actions: {}, known: known.current });
      const text = `${around} ${write(value)} ${around}`;
      const body = Buffer.from(JSON.stringify({ text, list: [text] }));
      const masked = applyEdits(body, masker.json(body, opaque).edits);
      const sent = JSON.parse(masked.toString()) as { text: string };
      expect(sent.text).toContain('SP_');
      expect(sent.text).not.toContain(value);
      // What is left of it has no known value any more.
      expect(masker.json(masked, opaque).edits).toEqual([]);
      const restorer = createReplyRestorer('json', opaque, placeholders);
      const back = Buffer.concat([restorer.push(masked), restorer.end()]);
      expect(JSON.parse(back.toString())).toEqual({ text, list: [text] });
    }),
  );
});
