// Sums against a model: whatever is added, written, fails to be written or is lost with a restart, nothing is doubled, and nothing is lost but
// what was not written when the process died. Days and buckets under any clock.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Bucket, takeOne } from '../../../../src/rules/budget/bucket.ts';
import { dayEnd, dayOf, daysBefore } from '../../../../src/rules/budget/day.ts';
import { openTally, type UsageRow } from '../../../../src/rules/budget/tally.ts';

const DAYS = ['2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27'];
const row = fc.record({
  day: fc.constantFrom(...DAYS),
  profile: fc.constantFrom('a', 'b'),
  provider: fc.constant('p'),
  model: fc.constantFrom('', 'm', 'n'),
  requests: fc.constant(1),
  tokensIn: fc.nat(1000),
  cachedIn: fc.nat(10),
  cacheWriteIn: fc.nat(10),
  tokensOut: fc.nat(1000),
});
const step = fc.oneof(
  { weight: 6, arbitrary: row },
  { weight: 3, arbitrary: fc.constantFrom('write', 'fail', 'look') },
  { weight: 1, arbitrary: fc.constant('die') },
);

const total = (rows: readonly UsageRow[]) =>
  rows.reduce((sum, r) => sum + r.requests * 1e6 + r.tokensIn + r.tokensOut + r.cachedIn + r.cacheWriteIn, 0);

test('sums are never lost or doubled', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let disk: UsageRow[] = [];
      const open = () => openTally((day) => disk.filter((one) => one.day === day));
      let tally = open();
      let unwritten: UsageRow[] = [];
      for (const one of steps) {
        if (one === 'write') {
          disk = [...disk, ...tally.take()];
          unwritten = [];
        } else if (one === 'fail') tally.giveBack(tally.take());
        else if (one === 'die') {
          tally = open();
          unwritten = [];
        } else if (one !== 'look') {
          tally.add(one);
          unwritten.push(one);
        }
        const expected = [...disk, ...unwritten];
        for (const day of DAYS) {
          for (const profile of ['a', 'b']) {
            const own = expected.filter((r) => r.day === day && r.profile === profile);
            expect(total(tally.rows(day, profile))).toBe(total(own));
            expect(tally.rows(day, profile)).toHaveLength(new Set(own.map(({ model }) => model)).size);
          }
        }
      }
      expect(total(tally.take())).toBe(total(unwritten));
      expect(tally.take()).toEqual([]);
    }),
  );
});

const when = fc.integer({ min: Date.parse('1990-01-01'), max: Date.parse('2090-01-01') });

test('a day ends where another begins, in any zone that changes once', () => {
  fc.assert(
    fc.property(
      when,
      fc.integer({ min: -2 * 86_400_000, max: 2 * 86_400_000 }),
      fc.integer({ min: -720, max: 840 }),
      fc.integer({ min: -720, max: 840 }),
      (now, after, one, other) => {
        const zone = (ms: number) => (ms < now + after ? one : other);
        const end = dayEnd(now, zone);
        expect(end).toBeGreaterThan(now);
        expect(dayOf(end - 1, zone)).toBe(dayOf(now, zone));
        expect(dayOf(end, zone)).not.toBe(dayOf(now, zone));
      },
    ),
  );
});

test('in a zone that does not change days are 24 hours and follow each other', () => {
  fc.assert(
    fc.property(when, fc.integer({ min: -720, max: 840 }), (now, offset) => {
      const zone = () => offset;
      const end = dayEnd(now, zone);
      expect(end - now).toBeLessThanOrEqual(86_400_000);
      expect(daysBefore(dayOf(end, zone), 1)).toBe(dayOf(now, zone));
    }),
  );
});

test('a bucket gives what its limit says, never more, and the wait it names is enough', () => {
  const steps = fc.array(fc.record({ afterMs: fc.integer({ min: -100_000, max: 100_000 }), waits: fc.boolean() }), { maxLength: 80 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), steps, (perMinute, all) => {
      let bucket: Bucket | undefined;
      let now = 1_000_000;
      let given = 0;
      let passed = 0;
      for (const { afterMs, waits } of all) {
        now += afterMs;
        passed += Math.max(0, afterMs);
        const taken = takeOne(bucket, perMinute, now);
        bucket = taken.bucket;
        if (taken.waitMs === 0) given++;
        else if (waits) {
          expect(taken.waitMs).toBeLessThanOrEqual(60_000);
          expect(takeOne(bucket, perMinute, now + taken.waitMs - 1).waitMs).toBeGreaterThan(0);
          const again = takeOne(bucket, perMinute, now + taken.waitMs);
          expect(again.waitMs).toBe(0);
          now += taken.waitMs;
          passed += taken.waitMs;
          bucket = again.bucket;
          given++;
        }
        expect(given).toBeLessThanOrEqual(perMinute + (passed * perMinute) / 60_000);
      }
    }),
  );
});
