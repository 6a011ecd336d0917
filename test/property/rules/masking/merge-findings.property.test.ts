// Two lists of findings merged: in order, apart, every byte of either covered, and the first list's own where they do not yield.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { email } from '../../../../src/rules/detectors/email.ts';
import { github } from '../../../../src/rules/detectors/github.ts';
import type { Detector } from '../../../../src/rules/masking/detector.ts';
import { liesWithin, mergeFindings } from '../../../../src/rules/masking/merge-findings.ts';
import type { Finding } from '../../../../src/rules/masking/scan.ts';

const lists = (detector: Detector) =>
  fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 6 })), { maxLength: 8 }).map((steps) => {
    let at = 0;
    return steps.map(([gap, length]): Finding => {
      const start = at + gap;
      at = start + length;
      return { start, maskStart: start, end: at, parts: undefined, detector };
    });
  });
const bytesOf = (list: readonly Finding[]) =>
  new Set(list.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)));

it.each([
  ['within', liesWithin],
  ['always', () => true],
  ['never', () => false],
])('yields %s', (_name, yields) => {
  fc.assert(
    fc.property(lists(email), lists(github), (first, second) => {
      const out = mergeFindings(first, second, yields);
      let end = 0;
      for (const one of out) {
        expect(one.start).toBeGreaterThanOrEqual(end);
        expect(one.end).toBeGreaterThan(one.start);
        end = one.end;
      }
      const kept = first.filter((one) => !second.some((other) => other.start < one.end && one.start < other.end && yields(one, other)));
      expect(out.filter(({ detector }) => detector === email)).toEqual(kept);
      expect(bytesOf(out)).toEqual(bytesOf([...kept, ...second]));
    }),
  );
});
