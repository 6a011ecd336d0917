// The limiter against a model that counts what it let go, and its readers against hostile headers.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hintMs } from '../../../../src/rules/resilience/hints.ts';
import {
  askLimiter,
  type Limiter,
  learnLimits,
  type OwnLimits,
  reviveLimiter,
  settleLimiter,
  UNLIMITED,
  viewLimiter,
  worthKeeping,
} from '../../../../src/rules/resilience/limiter.ts';
import { kept, lives, START } from './steps.ts';

const DAY = 86_400_000;
const count = fc.oneof(fc.nat(100), fc.nat(1_000_000));
const headers = fc
  .record({
    vendor: fc.constantFrom('x', 'anthropic'),
    name: fc.constantFrom('requests', 'tokens', 'input-tokens'),
    limit: count,
    share: fc.nat(100),
    inMs: fc.oneof(fc.nat(5_000), fc.nat(3 * DAY)),
  })
  .map(({ vendor, name, limit, share, inMs }) => (nowMs: number) => {
    const remaining = String(Math.floor((limit * share) / 100));
    const pairs = { limit: String(limit), remaining, reset: vendor === 'x' ? `${inMs}ms` : new Date(nowMs + inMs).toISOString() };
    return Object.entries(pairs).flatMap(([what, value]) => [
      vendor === 'x' ? `x-ratelimit-${what}-${name}` : `Anthropic-RateLimit-${name}-${what}`,
      value,
    ]);
  });
const own = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('ask' as const), tokens: count }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('learn' as const), headers }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const), reserved: count, used: count }) },
);
const limits: fc.Arbitrary<OwnLimits> = fc.record(
  { requestsPerMinute: fc.integer({ min: 1, max: 500 }), tokensPerMinute: fc.integer({ min: 1, max: 1_000_000 }) },
  { requiredKeys: [] },
);

test('whatever happens, whoever waits as long as it is told may go', () => {
  fc.assert(
    fc.property(lives(own), limits, (life, ownLimits) => {
      let state: Limiter = UNLIMITED;
      let saved: Limiter = UNLIMITED;
      let nowMs = START;
      const step = (next: Limiter) => {
        if (worthKeeping(state, next)) saved = next;
        state = next;
      };
      for (const event of life) {
        if (event.kind === 'pass') nowMs += event.ms;
        else if (event.kind === 'set') nowMs = Math.max(0, nowMs + event.ms);
        else if (event.kind === 'restart') step(reviveLimiter(kept(event.whole ? state : saved), nowMs)!);
        else if (event.kind === 'learn') step(learnLimits(state, nowMs, event.headers(nowMs)));
        else if (event.kind === 'settle') step(settleLimiter(state, nowMs, event));
        else {
          const asked = askLimiter(state, nowMs, event, ownLimits);
          step(asked.state);
          if (asked.leave.kind === 'wait') {
            expect(asked.leave.ms).toBeLessThanOrEqual(DAY);
            expect(askLimiter(state, nowMs + asked.leave.ms, event, ownLimits).leave.kind).toBe('go');
          }
        }
        for (const gauge of viewLimiter(state, nowMs)) {
          expect(gauge.left).toBeGreaterThanOrEqual(0);
          expect(gauge.left).toBeLessThanOrEqual(gauge.limit);
          expect(gauge.fullInMs).toBeLessThanOrEqual(DAY);
        }
        const { state: seen } = askLimiter(state, nowMs, { tokens: 0 }, ownLimits);
        expect(reviveLimiter(kept(seen), nowMs)).toEqual(seen);
      }
    }),
    { numRuns: 200 },
  );
});

test("the user's own limits are never exceeded by more than the first bucket", () => {
  const asking = fc.record({ afterMs: fc.nat(5_000), tokens: fc.nat(2_000) });
  fc.assert(
    fc.property(
      fc.array(asking, { maxLength: 150, size: 'max' }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 5_000 }),
      (askings, requests, tokens) => {
        const ownLimits = { requestsPerMinute: requests, tokensPerMinute: tokens };
        let state: Limiter = UNLIMITED;
        let nowMs = START;
        const gone: { nowMs: number; tokens: number }[] = [];
        for (const { afterMs, tokens: need } of askings) {
          nowMs += afterMs;
          const asked = askLimiter(state, nowMs, { tokens: need }, ownLimits);
          state = asked.state;
          // A need larger than the bucket counts as the bucket: it is let go when that is full.
          if (asked.leave.kind === 'go') gone.push({ nowMs, tokens: Math.min(need, tokens) });
        }
        for (const [i, first] of gone.entries()) {
          let sum = 0;
          for (const [j, one] of gone.slice(i).entries()) {
            sum += one.tokens;
            const minutes = (one.nowMs - first.nowMs) / 60_000;
            expect(j + 1).toBeLessThanOrEqual(requests * (1 + minutes) + 0.01);
            expect(sum).toBeLessThanOrEqual(tokens * (1 + minutes) + 0.01);
          }
        }
      },
    ),
    { numRuns: 100 },
  );
});

const NAMES = [
  'retry-after',
  'retry-after-ms',
  'date',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset',
  'x-ratelimit-remaining',
  'anthropic-ratelimit-tokens-limit',
  'anthropic-ratelimit-tokens-remaining',
  'anthropic-ratelimit-tokens-reset',
  'anthropic-ratelimit-unified-status',
  'anthropic-ratelimit-unified-reset',
];
const value = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '0',
    '1',
    '-1',
    'NaN',
    '1e999',
    'rejected',
    '9'.repeat(30),
    '2025-10-01T12:00:00Z',
    '0001-01-01T00:00:00Z',
    'Wed, 01 Oct 2025 12:00:00 GMT',
    '6m0s',
    `${'9'.repeat(9)}d`,
  ),
  fc.double().map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
);

test('no headers and no body make a hint that is no time, nor a gauge that is stuck', () => {
  const pairs = fc.array(fc.tuple(fc.constantFrom(...NAMES), value)).map((all) => all.flat());
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ error: fc.record({ details: fc.array(fc.record({ retryDelay: value })), resets_at: value }) })
      .map((all) => JSON.stringify(all)),
  );
  fc.assert(
    fc.property(pairs, body, (fields, text) => {
      const hint = hintMs({ status: 429, headers: fields }, text, START);
      if (hint !== undefined) expect(Number.isInteger(hint) && hint >= 0 && hint <= DAY).toBe(true);
      const { leave } = askLimiter(learnLimits(UNLIMITED, START, fields), START, { tokens: 1e12 }, {});
      if (leave.kind === 'wait') expect(leave.ms).toBeLessThanOrEqual(DAY);
    }),
    { numRuns: 500 },
  );
});

test('no rubbish is revived as a gauge that is stuck', () => {
  const number = fc.oneof(fc.double(), fc.nat());
  const gauge = fc.oneof(fc.anything(), fc.record({ limit: number, left: number, perMs: number, atMs: number }));
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record({ requests: gauge, tokens: gauge, inputTokens: gauge })), (rubbish) => {
      const state = reviveLimiter(rubbish, START);
      if (!state) return;
      const { state: seen } = askLimiter(state, START, { tokens: 1e15 }, {});
      expect(askLimiter(seen, START + DAY, { tokens: 1e15 }, {}).leave.kind).toBe('go');
    }),
    { numRuns: 200 },
  );
});
