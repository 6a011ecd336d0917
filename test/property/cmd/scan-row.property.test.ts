// Offsets in the answers of `rules scan` are those of the text, whatever stands round the values.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerRow } from '../../../cmd/rules/scan-row.ts';
import { judge } from '../../../src/rules/injection/judge.ts';
import { KINDS } from '../../../src/rules/masking/kinds.ts';
import { scannerFor } from '../../../src/rules/masking/scan.ts';
import { EMAIL, TOKEN } from '../../support/samples.ts';

const sieve = { scanner: scannerFor(KINDS), judge };
const noise = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('😀', '\r\n', '\ud800', '\udc00\ud800', '日本', 'é', '\u200b', '\u0000', '｜', '\u{1F468}\u200D\u{1F469}'),
);
/** Blanks on both sides, so that nothing of the noise belongs to the value. */
const planted = fc.array(fc.tuple(noise, fc.constantFrom(EMAIL, TOKEN)), { minLength: 1, maxLength: 6 });

test('every planted value is where the offsets say', () => {
  fc.assert(
    fc.property(planted, noise, (pieces, tail) => {
      let text = '';
      const values: { readonly start: number; readonly value: string }[] = [];
      for (const [before, value] of pieces) {
        text += `${before} \n `;
        values.push({ start: text.length, value });
        text += `${value} \n `;
      }
      text += tail;
      const row = Buffer.from(JSON.stringify({ id: 0, text }));
      const { findings } = JSON.parse(answerRow(row, sieve)!.line) as { readonly findings: readonly { start: number; end: number }[] };
      const found = new Set(findings.map(({ start, end }) => `${start} ${text.slice(start, end)}`));
      expect(values.filter(({ start, value }) => !found.has(`${start} ${value}`))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('a text of any characters is answered with its id', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (id, text) => {
      const answer = answerRow(Buffer.from(JSON.stringify({ id, text })), sieve)!;
      expect(answer.complaint).toBeUndefined();
      expect(JSON.parse(answer.line)).toMatchObject({ id: JSON.parse(JSON.stringify(id)) as unknown });
    }),
  );
});
