import { describe, expect, test } from 'vitest';
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

const NOW = Date.parse('2025-10-01T12:00:00Z');
const ask = (state: Limiter, nowMs: number, tokens = 0, own: OwnLimits = {}) => askLimiter(state, nowMs, { tokens }, own);
const openai = (limit: number, remaining: number, reset: string, name = 'requests') => [
  `x-ratelimit-limit-${name}`,
  String(limit),
  `x-ratelimit-remaining-${name}`,
  String(remaining),
  `x-ratelimit-reset-${name}`,
  reset,
];
const left = (state: Limiter, name: string, nowMs = NOW) => viewLimiter(state, nowMs).find((gauge) => gauge.name === name);

test('whoever knows no limit lets all go, and asking changes nothing', () => {
  const asked = ask(UNLIMITED, NOW, 1e9);
  expect(asked.leave).toEqual({ kind: 'go' });
  expect(asked.state).toBe(UNLIMITED);
  expect(viewLimiter(UNLIMITED, NOW)).toEqual([]);
});

describe("the user's own limits", () => {
  test('are a bucket a minute', () => {
    let state = UNLIMITED;
    for (let i = 0; i < 6; i++) {
      const asked = ask(state, NOW, 0, { requestsPerMinute: 6 });
      expect(asked.leave.kind).toBe('go');
      state = asked.state;
    }
    const refused = ask(state, NOW, 0, { requestsPerMinute: 6 });
    expect(refused).toEqual({ state, leave: { kind: 'wait', ms: 10_000 } });
    expect(refused.state).toBe(state);
    expect(ask(state, NOW + 9_999, 0, { requestsPerMinute: 6 }).leave.kind).toBe('wait');
    expect(ask(state, NOW + 10_000, 0, { requestsPerMinute: 6 }).leave.kind).toBe('go');
  });

  test('count tokens too, and say when the last of what is needed will be there', () => {
    const own = { requestsPerMinute: 60, tokensPerMinute: 600 };
    const { state } = ask(UNLIMITED, NOW, 600, own);
    expect(ask(state, NOW, 100, own).leave).toEqual({ kind: 'wait', ms: 10_000 });
    expect(ask(state, NOW + 1_000, 10, own).leave.kind).toBe('go');
    expect(viewLimiter(state, NOW)).toEqual([
      { name: 'ownRequests', limit: 60, left: 59, fullInMs: 1_000 },
      { name: 'ownTokens', limit: 600, left: 0, fullInMs: 60_000 },
    ]);
  });

  test('let a need that is larger than all of it go when the bucket is full', () => {
    const own = { tokensPerMinute: 600 };
    const { state, leave } = ask(UNLIMITED, NOW, 5_000, own);
    expect(leave.kind).toBe('go');
    expect(ask(state, NOW, 5_000, own).leave).toEqual({ kind: 'wait', ms: 60_000 });
    expect(ask(state, NOW + 60_000, 5_000, own).leave.kind).toBe('go');
  });

  test('can be set anew, higher, lower or not at all', () => {
    const { state } = ask(UNLIMITED, NOW, 0, { requestsPerMinute: 10 });
    expect(left(ask(state, NOW, 0, { requestsPerMinute: 20 }).state, 'ownRequests')).toMatchObject({ limit: 20, left: 8 });
    expect(left(ask(state, NOW, 0, { requestsPerMinute: 2 }).state, 'ownRequests')).toMatchObject({ limit: 2, left: 1 });
    expect(ask(state, NOW, 0, {}).state).toEqual({});
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('are none when they are %d', (limit) => {
    expect(ask(UNLIMITED, NOW, 9, { requestsPerMinute: limit, tokensPerMinute: limit })).toEqual({
      state: UNLIMITED,
      leave: { kind: 'go' },
    });
  });

  test.each([Number.NaN, -5])('a need of %d tokens is none', (tokens) => {
    const { state } = ask(UNLIMITED, NOW, tokens, { tokensPerMinute: 600 });
    expect(left(state, 'ownTokens')?.left).toBe(600);
  });
});

describe("what the vendor's replies teach", () => {
  test('fills up evenly until the reset', () => {
    const state = learnLimits(UNLIMITED, NOW, openai(100, 0, '10s'));
    expect(ask(state, NOW).leave).toEqual({ kind: 'wait', ms: 100 });
    expect(left(state, 'requests', NOW + 5_000)).toEqual({ name: 'requests', limit: 100, left: 50, fullInMs: 5_000 });
    expect(left(state, 'requests', NOW + 60_000)).toMatchObject({ left: 100, fullInMs: 0 });
  });

  test('is read from Anthropic as well, tokens and input tokens each', () => {
    const headers = ['requests', 'tokens', 'input-tokens'].flatMap((name, i) => [
      `anthropic-ratelimit-${name}-limit`,
      String(1_000 * (i + 1)),
      `anthropic-ratelimit-${name}-remaining`,
      '500',
      `anthropic-ratelimit-${name}-reset`,
      '2025-10-01T12:00:30Z',
    ]);
    const state = learnLimits(UNLIMITED, NOW, headers);
    expect(viewLimiter(state, NOW)).toEqual([
      { name: 'requests', limit: 1_000, left: 500, fullInMs: 30_000 },
      { name: 'tokens', limit: 2_000, left: 500, fullInMs: 30_000 },
      { name: 'inputTokens', limit: 3_000, left: 500, fullInMs: 30_000 },
    ]);
    const asked = ask(state, NOW, 400);
    expect(asked.leave.kind).toBe('go');
    expect(viewLimiter(asked.state, NOW).map((gauge) => gauge.left)).toEqual([499, 100, 100]);
    expect(ask(asked.state, NOW, 400).leave.kind).toBe('wait');
  });

  test("takes Anthropic's own word before the general one", () => {
    const own = ['limit', '10', 'remaining', '4', 'reset', '2025-10-01T12:00:30Z'].map((text, i) =>
      i % 2 ? text : `anthropic-ratelimit-requests-${text}`,
    );
    expect(left(learnLimits(UNLIMITED, NOW, [...openai(100, 90, '6s'), ...own]), 'requests')).toMatchObject({ limit: 10, left: 4 });
  });

  test("counts by the vendor's clock", () => {
    const headers = ['date', 'Wed, 01 Oct 2025 11:00:00 GMT', ...openai(100, 0, '2025-10-01T11:00:10Z')];
    expect(left(learnLimits(UNLIMITED, NOW, headers), 'requests')?.fullInMs).toBe(10_000);
  });

  test('does not give back what requests under way have reserved', () => {
    let state = learnLimits(UNLIMITED, NOW, openai(100, 10, '54s'));
    for (let i = 0; i < 8; i++) state = ask(state, NOW).state;
    state = learnLimits(state, NOW, openai(100, 9, '54s'));
    expect(left(state, 'requests')?.left).toBe(2);
    expect(left(learnLimits(state, NOW, openai(200, 9, '54s')), 'requests')?.left).toBe(9);
  });

  test('takes a reset that is too near to give a rate for one a minute', () => {
    const state = learnLimits(UNLIMITED, NOW, openai(6_000, 5_999, '1s'));
    let next = state;
    for (let i = 0; i < 5_999; i++) next = ask(next, NOW).state;
    expect(ask(next, NOW).leave).toEqual({ kind: 'wait', ms: 10 });
    expect(left(learnLimits(UNLIMITED, NOW, openai(100, 0, '1s')), 'requests', NOW + 500)?.left).toBe(50);
    expect(left(learnLimits(UNLIMITED, NOW, openai(100, 0, '0s')), 'requests')?.left).toBe(100);
    expect(left(learnLimits(UNLIMITED, NOW, openai(100, 100, '30s')), 'requests')).toMatchObject({ left: 100, fullInMs: 0 });
  });

  test('a window of a month does not stop anything for longer than a day', () => {
    const state = learnLimits(UNLIMITED, NOW, openai(10, 0, '2025-11-01T12:00:00Z'));
    expect(left(state, 'requests')?.fullInMs).toBe(86_400_000);
  });

  test.each([
    ['no limits', ['content-type', 'text/plain']],
    ['half of them', ['x-ratelimit-limit-requests', '5']],
    ['negative ones', openai(-1, -1, '0')],
    ['no numbers', ['x-ratelimit-limit-requests', 'NaN', 'x-ratelimit-remaining-requests', 'x', 'x-ratelimit-reset-requests', '1s']],
    ['a limit of nothing', openai(0, 0, '1s')],
    ['more left than there may be', openai(5, 6, '1s')],
    ['huge ones', openai(9e12, 0, '1s')],
    ['a reset that is none', openai(5, 0, 'soon')],
  ])('%s teach nothing', (_, headers) => {
    expect(learnLimits(UNLIMITED, NOW, headers)).toBe(UNLIMITED);
  });
});

describe('usage', () => {
  const own = { requestsPerMinute: 100, tokensPerMinute: 1_000 };
  const { state } = ask(UNLIMITED, NOW, 400, own);

  test('that is known corrects what was reserved, and no more than there is', () => {
    expect(left(settleLimiter(state, NOW, { reserved: 400, used: 100 }), 'ownTokens')?.left).toBe(900);
    expect(left(settleLimiter(state, NOW, { reserved: 400, used: 700 }), 'ownTokens')?.left).toBe(300);
    expect(left(settleLimiter(state, NOW, { reserved: 400, used: 1e9 }), 'ownTokens')?.left).toBe(0);
    expect(left(settleLimiter(state, NOW, { reserved: 1e9, used: 0 }), 'ownTokens')?.left).toBe(1_000);
    expect(left(settleLimiter(state, NOW, { reserved: 400, used: 100 }), 'ownRequests')?.left).toBe(99);
  });

  test('that is as reserved, or no number, changes nothing', () => {
    expect(settleLimiter(state, NOW, { reserved: 400, used: 400 })).toBe(state);
    expect(settleLimiter(state, NOW, { reserved: 400, used: Number.NaN })).toBe(state);
    expect(settleLimiter(UNLIMITED, NOW, { reserved: 400, used: 0 })).toBe(UNLIMITED);
  });
});

test('a clock that is set back does not stop the refilling', () => {
  const own = { requestsPerMinute: 1 };
  const { state } = ask(UNLIMITED, NOW, 0, own);
  const early = ask(state, NOW - 1e9, 0, own);
  expect(early.leave).toEqual({ kind: 'wait', ms: 60_000 });
  expect(ask(early.state, NOW - 1e9 + 60_000, 0, own).leave.kind).toBe('go');
});

describe('what was kept', () => {
  const { state } = ask(learnLimits(UNLIMITED, NOW, openai(100, 50, '10s')), NOW, 5, { tokensPerMinute: 600 });

  test('comes back as it was, and is worth keeping when a limit changes', () => {
    expect(reviveLimiter(JSON.parse(JSON.stringify(state)), NOW)).toEqual(state);
    expect(reviveLimiter({}, NOW)).toEqual(UNLIMITED);
    expect(worthKeeping(UNLIMITED, state)).toBe(true);
    expect(worthKeeping(state, ask(state, NOW, 5, { tokensPerMinute: 600 }).state)).toBe(false);
  });

  test('is nothing when it is nonsense, and has no gauge that is', () => {
    expect(reviveLimiter(null, NOW)).toBeUndefined();
    expect(reviveLimiter([], NOW)).toBeUndefined();
    const good = { limit: 10, left: 5, perMs: 0.1, atMs: NOW };
    const broken = [
      null,
      {},
      { ...good, atMs: 'x' },
      { ...good, limit: 0 },
      { ...good, left: 11 },
      { ...good, perMs: 0 },
      { ...good, perMs: 11 },
    ];
    for (const tokens of broken) expect(reviveLimiter({ requests: good, tokens }, NOW)).toEqual({ requests: good });
  });
});
