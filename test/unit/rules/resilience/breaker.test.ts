import { describe, expect, test } from 'vitest';
import {
  askBreaker,
  type Breaker,
  CLOSED,
  type Outcome,
  outcomeOf,
  reportBreaker,
  reviveBreaker,
  viewBreaker,
  worthKeeping,
} from '../../../../src/rules/resilience/breaker.ts';

const NOW = 1_700_000_000_000;
const report = (state: Breaker, nowMs: number, outcome: Outcome, sentMs = nowMs, turn = 0) =>
  reportBreaker(state, nowMs, { sentMs, outcome, ...(turn > 0 ? { isProbe: true, turn } : { isProbe: false }) });
/** The outcomes one after the other, 100 ms apart, the last at NOW. */
const outcomesOf = (...outcomes: Outcome[]) =>
  outcomes.reduce((state, outcome, i) => report(state, NOW - (outcomes.length - 1 - i) * 100, outcome), CLOSED);
const times = (count: number, outcome: Outcome): Outcome[] => Array.from({ length: count }, () => outcome);
const PROBE = expect.objectContaining({ kind: 'probe' });
const stateOf = (state: Breaker, nowMs = NOW) => viewBreaker(state, nowMs).state;

const OPEN = outcomesOf(...times(8, 'failure'));
/** Half-open, the probe gone at NOW + 11 s. */
const PROBING = askBreaker(OPEN, NOW + 11_000).state;

describe('closed', () => {
  test('lets all go, and asking changes nothing', () => {
    expect(askBreaker(CLOSED, NOW)).toEqual({ state: CLOSED, leave: { kind: 'go' } });
    expect(askBreaker(CLOSED, NOW).state).toBe(CLOSED);
    expect(viewBreaker(CLOSED, NOW)).toEqual({ state: 'closed', untilMs: 0, calls: 0, failures: 0, trips: 0 });
  });

  test.each<[string, Outcome[], string]>([
    ['eight failures', times(8, 'failure'), 'open'],
    ['seven failures', times(7, 'failure'), 'closed'],
    ['half of eight', [...times(4, 'success'), ...times(4, 'failure')], 'open'],
    ['less than half', [...times(5, 'success'), ...times(4, 'failure')], 'closed'],
    ['eight overloads, each half a failure', times(8, 'half'), 'open'],
    ['seven overloads and a success', [...times(7, 'half'), 'success'], 'closed'],
    ['half failures that ended in a success', [...times(5, 'failure'), ...times(3, 'success')], 'closed'],
    ['eight that say nothing', times(8, 'none'), 'closed'],
    ['failures beyond the last twenty calls', [...times(7, 'failure'), ...times(20, 'success'), ...times(9, 'failure')], 'closed'],
    ['half of the last twenty', [...times(20, 'success'), ...times(10, 'failure')], 'open'],
  ])('%s', (_, outcomes, expected) => {
    expect(stateOf(outcomesOf(...outcomes))).toBe(expected);
  });

  test('forgets calls of a minute ago', () => {
    const seven = outcomesOf(...times(7, 'failure'));
    expect(viewBreaker(seven, NOW + 59_000)).toMatchObject({ calls: 7, failures: 7 });
    expect(stateOf(report(seven, NOW + 59_000, 'failure'), NOW + 59_000)).toBe('open');
    expect(viewBreaker(report(seven, NOW + 60_000, 'failure'), NOW + 60_000)).toMatchObject({ state: 'closed', calls: 1, failures: 1 });
  });

  test('is not changed by what says nothing, and a call in the window is not worth keeping', () => {
    expect(report(CLOSED, NOW, 'none')).toBe(CLOSED);
    expect(worthKeeping(CLOSED, outcomesOf('failure'))).toBe(false);
  });
});

describe('open', () => {
  test('makes all wait for ten seconds', () => {
    expect(askBreaker(OPEN, NOW).leave).toEqual({ kind: 'wait', ms: 10_000 });
    expect(askBreaker(OPEN, NOW + 9_999).leave).toEqual({ kind: 'wait', ms: 1 });
    expect(viewBreaker(OPEN, NOW)).toEqual({ state: 'open', untilMs: NOW + 10_000, calls: 8, failures: 8, trips: 1 });
    expect(worthKeeping(CLOSED, OPEN)).toBe(true);
  });

  test.each<Outcome>(['success', 'failure', 'half', 'none'])('is not changed by a %s of what was sent before', (outcome) => {
    expect(report(OPEN, NOW + 1_000, outcome, NOW - 5_000)).toBe(OPEN);
    expect(report(OPEN, NOW + 20_000, outcome, NOW - 5_000)).toBe(OPEN);
    expect(report(PROBING, NOW + 12_000, outcome, NOW - 5_000)).toBe(PROBING);
  });
});

describe('half-open', () => {
  test('lets one go at a time; its lease returns by itself', () => {
    expect(viewBreaker(OPEN, NOW + 10_000)).toMatchObject({ state: 'half-open', untilMs: 0 });
    expect(askBreaker(OPEN, NOW + 10_000).leave).toEqual(PROBE);
    expect(askBreaker(PROBING, NOW + 11_001)).toEqual({ state: PROBING, leave: { kind: 'wait', ms: 2_000 } });
    expect(viewBreaker(PROBING, NOW + 11_001)).toMatchObject({ state: 'half-open', untilMs: NOW + 41_000 });
    expect(askBreaker(PROBING, NOW + 41_000).leave).toEqual(PROBE);
  });

  test('closes with the success of the probe, its window empty and its trips forgotten', () => {
    const closed = report(PROBING, NOW + 12_000, 'success', NOW + 11_000, 1);
    expect(viewBreaker(closed, NOW + 12_000)).toEqual({ state: 'closed', untilMs: 0, calls: 0, failures: 0, trips: 0 });
    expect(worthKeeping(PROBING, closed)).toBe(true);
  });

  test('that closed is not opened again by calls of before', () => {
    let closed = report(PROBING, NOW + 12_000, 'success', NOW + 11_000, 1);
    for (let i = 0; i < 200; i++) closed = report(closed, NOW + 13_000, 'failure', NOW - 50);
    expect(viewBreaker(closed, NOW + 13_000)).toMatchObject({ state: 'closed', calls: 0 });
  });

  test.each<Outcome>(['failure', 'half'])('opens for twice as long with each %s of the probe, up to a minute', (outcome) => {
    let state = OPEN;
    let nowMs = NOW;
    const spans = Array.from({ length: 5 }, (_, i) => {
      const { untilMs } = viewBreaker(state, nowMs);
      const span = untilMs - nowMs;
      state = askBreaker(state, untilMs).state;
      nowMs = untilMs + 50;
      state = report(state, nowMs, outcome, untilMs, i + 1);
      return span;
    });
    expect(spans).toEqual([10_000, 20_000, 40_000, 60_000, 60_000]);
    expect(viewBreaker(state, nowMs).trips).toBe(6);
  });

  test('gives the lease to the next when the probe says nothing', () => {
    const released = report(PROBING, NOW + 12_000, 'none', NOW + 11_000, 1);
    expect(askBreaker(released, NOW + 12_000).leave).toEqual(PROBE);
    expect(worthKeeping(PROBING, released)).toBe(false);
  });

  test('does not take the lease from another, whose own has returned', () => {
    const second = askBreaker(PROBING, NOW + 41_000).state;
    expect(report(second, NOW + 42_000, 'none', NOW + 11_000, 1)).toBe(second);
  });

  test('keeps its lease when an earlier probe fails late', () => {
    const second = askBreaker(PROBING, NOW + 41_000).state;
    const again = report(second, NOW + 42_000, 'failure', NOW + 11_000, 1);
    expect(askBreaker(again, NOW + 62_000).leave).toEqual({ kind: 'wait', ms: 2_000 });
    expect(stateOf(report(again, NOW + 62_000, 'success', NOW + 41_000, 2), NOW + 62_000)).toBe('closed');
  });

  test('believes what was sent after the opening was over, whoever sent it', () => {
    const second = askBreaker(PROBING, NOW + 41_000).state;
    expect(stateOf(report(second, NOW + 42_000, 'success', NOW + 11_000, 1), NOW + 42_000)).toBe('closed');
    expect(viewBreaker(report(OPEN, NOW + 12_000, 'failure', NOW + 11_000), NOW + 12_000)).toMatchObject({ state: 'open', trips: 2 });
  });

  test('forgets its trips when nobody tried for ten minutes', () => {
    const late = askBreaker(OPEN, NOW + 610_001);
    expect(late.leave).toEqual(PROBE);
    expect(viewBreaker(OPEN, NOW + 610_000).trips).toBe(1);
    expect(viewBreaker(late.state, NOW + 610_001).trips).toBe(0);
    const again = report(late.state, NOW + 611_000, 'failure', NOW + 610_001, 1);
    expect(viewBreaker(again, NOW + 611_000)).toMatchObject({ state: 'open', untilMs: NOW + 621_000, trips: 1 });
  });
});

describe('a clock that is set back', () => {
  test('leaves no more than the whole opening', () => {
    const { state, leave } = askBreaker(OPEN, NOW - 1e9);
    expect(leave).toEqual({ kind: 'wait', ms: 10_000 });
    expect(askBreaker(state, NOW - 1e9 + 10_000).leave).toEqual(PROBE);
    expect(viewBreaker(state, NOW - 1e9).calls).toBe(8);
  });

  test('leaves no more than the whole lease, and its holder still counts', () => {
    const { state } = askBreaker(PROBING, NOW + 10_500);
    expect(viewBreaker(state, NOW + 10_500)).toMatchObject({ state: 'half-open', untilMs: NOW + 40_500 });
    expect(stateOf(report(state, NOW + 10_600, 'success', NOW + 11_000, 1))).toBe('closed');
  });

  test('does not keep a closed one from counting', () => {
    const closed = report(PROBING, NOW + 12_000, 'success', NOW + 11_000, 1);
    const counted = report(closed, NOW - 1e9, 'failure', NOW - 1e9);
    expect(viewBreaker(counted, NOW - 1e9).calls).toBe(1);
  });
});

test.each<[number, Outcome]>([
  [200, 'success'],
  [302, 'success'],
  [400, 'success'],
  [404, 'success'],
  [401, 'none'],
  [403, 'none'],
  [408, 'none'],
  [429, 'none'],
  [100, 'none'],
  [0, 'none'],
  [500, 'failure'],
  [502, 'failure'],
  [504, 'failure'],
  [524, 'failure'],
  [503, 'half'],
  [529, 'half'],
])('a reply with %i is a %s', (status, outcome) => {
  expect(outcomeOf(status)).toBe(outcome);
});

describe('what was kept', () => {
  test('comes back as it was', () => {
    for (const state of [CLOSED, outcomesOf('success', 'half', 'failure'), OPEN, PROBING]) {
      expect(reviveBreaker(JSON.parse(JSON.stringify(state)), NOW + 11_000)).toEqual(state);
    }
  });

  test('is cut to what may be', () => {
    const value = {
      ...OPEN,
      calls: [...Array.from({ length: 90 }, () => [NOW, 1]), [NOW, 2], [NOW, 'x'], ['x', 1], null],
      open: { sinceMs: 1e15, forMs: 1e15 },
    };
    const revived = reviveBreaker(value, NOW);
    expect(revived?.open).toEqual({ sinceMs: NOW, forMs: 60_000 });
    expect(revived?.calls).toHaveLength(16);
  });

  test.each([
    null,
    7,
    [],
    {},
    { ...CLOSED, trips: -1 },
    { ...CLOSED, trips: null },
    { ...CLOSED, closedMs: 'x' },
    { ...CLOSED, calls: {} },
  ])('is nothing when it is nonsense: %j', (value) => {
    expect(reviveBreaker(value, NOW)).toBeUndefined();
  });
});
