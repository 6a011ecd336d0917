// What profiles may still use: who is told what, who is refused, and until when.
import { expect, test } from 'vitest';
import type { Fault } from '../../../../src/fault.ts';
import { type MeterNews, openMeter, type Use } from '../../../../src/rules/budget/meter.ts';
import { compilePrices } from '../../../../src/rules/budget/price.ts';
import { OTHER_MODELS, openTally, type UsageRow } from '../../../../src/rules/budget/tally.ts';
import { DEFAULT_PROFILE, type Profile } from '../../../../src/rules/profile.ts';
import { manualClock } from '../../../support/manual-clock.ts';

const PRICE = { input: 1, output: 10 };
const DAY_MS = 86_400_000;
const MORNING = Date.parse('2026-11-25T08:00:00Z');

function setUp(stored: readonly UsageRow[] = []) {
  const clock = manualClock(MORNING);
  const news: MeterNews[] = [];
  let counts = 0;
  let prices = compilePrices([['known-*', PRICE]]);
  const meter = openMeter({
    now: clock.now,
    zone: () => 60,
    priceOf: () => prices,
    tally: openTally((day) => stored.filter((row) => row.day === day)),
    onCount: () => counts++,
    tell: (one) => news.push(one),
  });
  const reprice = (input: number) => {
    prices = compilePrices([['*', { input, output: 0 }]]);
  };
  return { clock, meter, news, counts: () => counts, reprice };
}

const profile = (over: Partial<Profile>): Profile => ({ ...DEFAULT_PROFILE, name: 'ci', ...over });
const use = (tokens: number, model = 'known-1'): Use => ({
  provider: 'p',
  model,
  requests: 1,
  tokensIn: tokens,
  cachedIn: 0,
  cacheWriteIn: 0,
  tokensOut: 0,
});
const fault = (run: () => void): Fault => {
  try {
    run();
  } catch (thrown) {
    return thrown as Fault;
  }
  throw new Error('nothing was refused');
};

test('without a limit everything passes and all of it is counted', () => {
  const { meter, news, counts } = setUp();
  const free = profile({});
  meter.admit(free);
  meter.count(free, use(1e9, 'unknown'));
  meter.goOn(free);
  expect(news).toEqual([]);
  expect(counts()).toBe(1);
  expect(meter.standing(free)).toEqual({ budgets: [], unpriced: [], freeAtMs: Date.parse('2026-11-25T23:00:00Z') });
});

test('requests over the limit of a minute are refused, per profile, with a wait that is long enough', () => {
  const { clock, meter } = setUp();
  const two = profile({ requestsPerMinute: 2 });
  meter.admit(two);
  meter.admit(two);
  expect(fault(() => meter.admit(two))).toMatchObject({
    code: 'rate-limited',
    detail: 'profile ci: 2 requests a minute',
    retryAfterMs: 30_000,
  });
  meter.admit({ ...two, name: 'other' });
  clock.advance(30_000);
  meter.admit(two);
  const one = profile({ name: 'one', requestsPerMinute: 1 });
  meter.admit(one);
  expect(fault(() => meter.admit(one)).detail).toBe('profile one: 1 request a minute');
  // Who only goes on with a conversation takes none.
  meter.goOn(one);
});

test('over a budget that warns everything goes on, and it is said once a day', () => {
  const { clock, meter, news } = setUp();
  const warned = profile({ tokensPerDay: 100 });
  meter.count(warned, use(99));
  meter.admit(warned);
  expect(news).toEqual([]);
  meter.count(warned, use(1));
  meter.admit(warned);
  meter.count(warned, use(50));
  expect(news).toEqual([{ kind: 'over', profile: warned, budget: { name: 'tokens', used: 100, limit: 100, isOver: true } }]);
  clock.advance(DAY_MS);
  meter.admit(warned);
  expect(news).toHaveLength(1);
  meter.count(warned, use(100));
  expect(news).toHaveLength(2);
});

test('over a budget that refuses nothing goes on before the local midnight', () => {
  const { clock, meter } = setUp();
  const refused = profile({ tokensPerDay: 100, overBudget: 'refuse', requestsPerMinute: 1 });
  meter.count(refused, use(120));
  for (const ask of [meter.admit, meter.goOn]) {
    expect(fault(() => ask(refused))).toMatchObject({
      code: 'over-budget',
      detail: 'profile ci: 120 of 100 tokens of today are used, free again at 2026-11-26 00:00',
      retryAfterMs: 15 * 3_600_000,
    });
  }
  meter.admit({ ...refused, name: 'other' });
  clock.advance(15 * 3_600_000 - 1);
  expect(fault(() => meter.admit(refused)).retryAfterMs).toBe(1);
  clock.advance(1);
  meter.admit(refused);
  // A clock that is set back finds that day as it was, and one that is set forward a new one.
  clock.advance(-1);
  expect(fault(() => meter.admit(refused)).code).toBe('over-budget');
  clock.advance(400 * DAY_MS);
  meter.admit(refused);
});

test('money is counted by the prices there are, and a model without one is named once', () => {
  const { meter, news } = setUp();
  const paying = profile({ moneyPerDay: 2, overBudget: 'refuse' });
  meter.count(paying, use(0, 'silent'));
  expect(news).toEqual([]);
  meter.count(paying, use(5, 'secret'));
  meter.count(paying, use(5, 'secret'));
  meter.count(paying, use(1_500_000));
  meter.admit(paying);
  expect(news).toEqual([{ kind: 'unpriced', profile: paying, model: 'secret' }]);
  expect(meter.standing(paying)).toMatchObject({ budgets: [{ name: 'money', used: 1.5, isOver: false }], unpriced: ['secret'] });
  meter.count(paying, { ...use(0), tokensOut: 50_000 });
  expect(fault(() => meter.admit(paying)).detail).toBe('profile ci: $2.00 of $2.00 of today are spent, free again at 2026-11-26 00:00');
  expect(news).toHaveLength(2);
});

test('a price that is corrected corrects what was used before', () => {
  const { meter, reprice } = setUp();
  const paying = profile({ moneyPerDay: 3, overBudget: 'refuse' });
  meter.count(paying, use(2_000_000, 'new'));
  meter.admit(paying);
  reprice(2);
  expect(fault(() => meter.admit(paying)).detail).toContain('$4.00 of $3.00');
});

test('what was written before a restart counts', () => {
  const day = '2026-11-25';
  const { meter } = setUp([
    { ...use(90), day, profile: 'ci' },
    { ...use(1000), day: '2026-11-24', profile: 'ci' },
  ]);
  const refused = profile({ tokensPerDay: 100, overBudget: 'refuse' });
  meter.admit(refused);
  meter.count(refused, use(10));
  expect(fault(() => meter.admit(refused)).code).toBe('over-budget');
});

test('a day has room for so many models; the rest are counted together', () => {
  const tally = openTally(() => []);
  const row = (model: string, profile = 'p'): UsageRow => ({ ...use(1, model), day: 'd', profile });
  for (let i = 0; i < 300; i++) tally.add(row(`m-${i}`));
  tally.add(row('m-0'));
  tally.add(row('one', 'other'));
  const rows = tally.rows('d', 'p');
  expect(rows).toHaveLength(101);
  expect(rows.find(({ model }) => model === 'm-0')?.requests).toBe(2);
  expect(rows.find(({ model }) => model === OTHER_MODELS)?.requests).toBe(200);
  expect(tally.rows('d', 'other')).toHaveLength(1);
});

test('a day that cannot be read is counted all the same, and read when it can be', () => {
  const stored = { ...use(40), day: 'd', profile: 'p' };
  let isThere = false;
  const tally = openTally(() => (isThere ? [stored] : undefined));
  tally.add({ ...use(2), day: 'd', profile: 'p' });
  expect(tally.rows('d', 'p')).toMatchObject([{ tokensIn: 2 }]);
  isThere = true;
  expect(tally.rows('d', 'p')).toMatchObject([{ tokensIn: 42, requests: 2 }]);
});

test('what a reply says of tokens is taken for whole numbers that can be', () => {
  const tally = openTally(() => []);
  tally.add({ ...use(1.7), tokensOut: -5, cachedIn: Number.POSITIVE_INFINITY, day: 'd', profile: 'p' });
  expect(tally.take()).toMatchObject([{ tokensIn: 1, tokensOut: 0, cachedIn: 1e12 }]);
});
