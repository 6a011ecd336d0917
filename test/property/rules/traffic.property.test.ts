// The window against the plainest of models, which keeps everything: whatever comes when, the rates and the sums are the same.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openTraffic, type Passed, type Spread } from '../../../src/rules/traffic.ts';

const event = fc.record({
  /** Since the one before. */
  afterMs: fc.oneof(fc.nat(900), fc.nat(70_000)),
  passed: fc.record({
    provider: fc.constantFrom('a', 'b', ''),
    addedMs: fc.nat(50),
    firstByteMs: fc.option(fc.nat(5000), { nil: undefined }),
    tokensIn: fc.option(fc.nat(1000), { nil: undefined }),
    tokensOut: fc.option(fc.nat(1000), { nil: undefined }),
  }),
});

/** By sorting and counting up. */
function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const least = (share: number) => sorted.find((value) => sorted.filter((other) => other <= value).length >= share * sorted.length)!;
  return sorted.length === 0 ? undefined : { p50: least(0.5), p95: least(0.95) };
}

const sum = (values: readonly (number | undefined)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0);

test('the same as counting anew each time', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.nat(130_000), (events, restMs) => {
      const traffic = openTraffic();
      const all: { readonly at: number; readonly passed: Passed }[] = [];
      let now = 12_345;
      for (const { afterMs, passed } of [...events, undefined].map((e) => e ?? { afterMs: restMs, passed: undefined })) {
        now += afterMs;
        if (passed) {
          all.push({ at: now, passed });
          traffic.note(passed, now);
        }
        const oldest = Math.floor(now / 1000) - 59;
        const expected = [...new Set(all.map((one) => one.passed.provider))].sort().map((provider) => {
          const own = all.filter((one) => one.passed.provider === provider);
          const recent = own.filter(({ at }) => Math.floor(at / 1000) >= oldest).map((one) => one.passed);
          return {
            provider,
            perMinute: recent.length,
            added: spreadOf(recent.map(({ addedMs }) => addedMs)),
            firstByte: spreadOf(recent.flatMap(({ firstByteMs }) => firstByteMs ?? [])),
            exchanges: own.length,
            tokensIn: sum(own.map((one) => one.passed.tokensIn)),
            tokensOut: sum(own.map((one) => one.passed.tokensOut)),
          };
        });
        expect(traffic.rows(now)).toEqual(expected);
      }
    }),
  );
});
