import { expect, test } from 'vitest';
import { openTraffic, type Passed } from '../../../src/rules/traffic.ts';

const passed = (over: Partial<Passed> = {}): Passed => ({
  provider: 'anthropic',
  addedMs: 1,
  firstByteMs: 100,
  tokensIn: 10,
  tokensOut: 2,
  ...over,
});

test('nothing has passed: no rows', () => {
  expect(openTraffic().rows(0)).toEqual([]);
});

test('a row a provider, in order of their names; what the reply did not say counts for nothing', () => {
  const traffic = openTraffic();
  traffic.note(passed({ provider: 'openai', addedMs: 3, firstByteMs: undefined, tokensIn: undefined, tokensOut: undefined }), 500);
  traffic.note(passed(), 600);
  traffic.note(passed({ addedMs: 2, firstByteMs: 300 }), 700);
  expect(traffic.rows(1000)).toEqual([
    {
      provider: 'anthropic',
      perMinute: 2,
      added: { p50: 1, p95: 2 },
      firstByte: { p50: 100, p95: 300 },
      exchanges: 2,
      tokensIn: 20,
      tokensOut: 4,
    },
    { provider: 'openai', perMinute: 1, added: { p50: 3, p95: 3 }, firstByte: undefined, exchanges: 1, tokensIn: 0, tokensOut: 0 },
  ]);
});

test('p95 of twenty is the nineteenth', () => {
  const traffic = openTraffic();
  for (let i = 20; i > 0; i--) traffic.note(passed({ addedMs: i }), 0);
  expect(traffic.rows(0)[0]!.added).toEqual({ p50: 10, p95: 19 });
});

test('a minute later the rate is zero and what was counted is still there', () => {
  const traffic = openTraffic();
  traffic.note(passed(), 5000);
  expect(traffic.rows(64_999)[0]).toMatchObject({ perMinute: 1, added: { p50: 1 } });
  expect(traffic.rows(65_000)[0]).toMatchObject({ perMinute: 0, added: undefined, firstByte: undefined, exchanges: 1, tokensIn: 10 });
});

test('a second is used anew each minute', () => {
  const traffic = openTraffic();
  traffic.note(passed(), 1000);
  traffic.note(passed(), 61_000);
  expect(traffic.rows(61_000)[0]).toMatchObject({ perMinute: 1, exchanges: 2 });
});

test('under load the rate is whole, and the spread is of the newest', () => {
  const traffic = openTraffic();
  for (let i = 0; i < 5000; i++) traffic.note(passed({ addedMs: i }), i);
  expect(traffic.rows(5000)[0]).toMatchObject({ perMinute: 5000, added: { p50: 3976 + 511, p95: 3976 + 972 } });
});
