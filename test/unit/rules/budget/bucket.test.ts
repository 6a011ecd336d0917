// The token bucket: a minute's requests at once, then one each so many seconds, whatever the clock does.
import { expect, test } from 'vitest';
import { type Bucket, takeOne } from '../../../../src/rules/budget/bucket.ts';

function taker(perMinute: number) {
  let bucket: Bucket | undefined;
  return (nowMs: number, rate = perMinute) => {
    const taken = takeOne(bucket, rate, nowMs);
    bucket = taken.bucket;
    return taken.waitMs;
  };
}

test('a whole minute at once, then at the pace', () => {
  const take = taker(3);
  expect([take(0), take(0), take(0), take(0)]).toEqual([0, 0, 0, 20_000]);
  expect(take(19_999)).toBe(1);
  expect(take(20_000)).toBe(0);
  expect(take(20_000)).toBe(20_000);
  // It fills up, and no further.
  expect([take(500_000), take(500_000), take(500_000), take(500_000)]).toEqual([0, 0, 0, 20_000]);
});

test('a wait that is no whole number is rounded up', () => {
  const take = taker(7);
  for (let i = 0; i < 7; i++) expect(take(0)).toBe(0);
  expect(take(0)).toBe(8572);
  expect(take(8571)).toBe(1);
  expect(take(8572)).toBe(0);
});

test('a clock that goes back gives nothing and keeps nobody waiting longer', () => {
  const take = taker(1);
  expect(take(1_000_000)).toBe(0);
  expect(take(0)).toBe(60_000);
  expect(take(60_000)).toBe(0);
});

test('another limit holds at once', () => {
  const take = taker(60);
  expect(take(0)).toBe(0);
  expect(take(0, 1)).toBe(0);
  expect(take(0, 1)).toBe(60_000);
  expect(take(0, 60)).toBe(1000);
});
