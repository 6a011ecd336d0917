// What was put in never comes back, and the same bytes come out for every cutting.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createScrubber } from '../../../../src/rules/masking/scrub.ts';
import { cut } from '../../../support/masking.ts';

const ONE = 'abcabcabd-key';
const TWO = 'abcabcabd-key-two=';
const THREE = 'bd-key-tw/o';
const scrubber = createScrubber([ONE, TWO, THREE].map((value, i) => ({ value, standIn: `<${i}>`.replace(/[<>]/g, '.') })))!;
const piece = fc.oneof(
  fc.constantFrom(
    ONE,
    TWO,
    THREE,
    'abc',
    'abcab',
    'bd-key',
    '-two',
    ' ',
    encodeURIComponent(TWO),
    Buffer.from(ONE).toString('hex'),
    Buffer.from(TWO).toString('base64'),
  ),
  fc.string({ maxLength: 3 }),
);

it('for every cutting', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), fc.array(fc.nat(10_000), { maxLength: 12 }), (parts, places) => {
      const bytes = Buffer.from(parts.join(''));
      const stream = scrubber.stream();
      const out = Buffer.concat([...cut(bytes, places).map((chunk) => stream.push(chunk)), stream.end()]).toString();
      expect(out).toBe(scrubber.bytes(bytes).toString());
      for (const value of [ONE, TWO, THREE]) expect(out).not.toContain(value);
    }),
    { numRuns: 500 },
  );
});
