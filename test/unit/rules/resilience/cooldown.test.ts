import { describe, expect, test } from 'vitest';
import {
  askCooldown,
  type Cooldown,
  hitCooldown,
  REST,
  releaseCooldown,
  reviveCooldown,
  spreadMs,
  succeedCooldown,
  viewCooldown,
  worthKeeping,
} from '../../../../src/rules/resilience/cooldown.ts';
import { type Sent, sentAs } from '../../../../src/rules/resilience/leave.ts';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;
const DAY = 86_400_000;
const most = () => 1;
const none = () => 0;
const plain = (sentMs: number): Sent => ({ sentMs, isProbe: false });
const probe = (sentMs: number, turn = 1): Sent => ({ sentMs, isProbe: true, turn });
const hit = (state: Cooldown, nowMs: number, hintMs?: number, sentMs = nowMs) =>
  hitCooldown(state, nowMs, { ...plain(sentMs), ...(hintMs !== undefined && { hintMs }) }, most);
const leave = (state: Cooldown, nowMs: number) => askCooldown(state, nowMs).leave;
const PROBE = expect.objectContaining({ kind: 'probe' });

/** Cooling for 5 s from NOW on, over, and its probe gone 6 s after NOW. */
const PROBING = askCooldown(hit(REST, NOW, 5_000), NOW + 6_000).state;

test('who has seen no 429 goes, and asking changes nothing', () => {
  expect(askCooldown(REST, NOW)).toEqual({ state: REST, leave: { kind: 'go' } });
  expect(askCooldown(REST, NOW).state).toBe(REST);
  expect(viewCooldown(REST, NOW)).toEqual({ state: 'ok', untilMs: 0, level: 0 });
});

describe('a 429', () => {
  test("makes everybody wait as long as the vendor's hint says", () => {
    const state = hit(REST, NOW, 5_000);
    expect(leave(state, NOW)).toEqual({ kind: 'wait', ms: 5_000 });
    expect(leave(state, NOW + 4_999)).toEqual({ kind: 'wait', ms: 1 });
    expect(leave(state, NOW + 5_000)).toEqual(PROBE);
    expect(viewCooldown(state, NOW + 1)).toEqual({ state: 'cooling', untilMs: NOW + 5_000, level: 1 });
    expect(worthKeeping(REST, state)).toBe(true);
  });

  test('without a hint rests for longer each time, up to a minute, with full jitter', () => {
    let state = REST;
    let nowMs = NOW;
    const rests = Array.from({ length: 9 }, () => {
      state = hit(state, nowMs);
      const { untilMs } = viewCooldown(state, nowMs);
      const rest = untilMs - nowMs;
      nowMs = untilMs;
      state = askCooldown(state, nowMs).state;
      return rest;
    });
    // The level that a minute takes away comes back with each minute's rest, so it stays at the cap.
    expect(rests).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(hitCooldown(REST, NOW, plain(NOW), none).restMs).toBe(100);
    expect(hitCooldown(REST, NOW, plain(NOW), () => 0.5).restMs).toBe(500);
  });

  test.each([
    ['hours are kept', 5 * 3_600_000, 5 * 3_600_000],
    ['more than a day is a day', 1e15, DAY],
    ['at once is a probe, not a herd', 0, 1],
    ['nonsense is no hint', Number.NaN, 1_000],
    ['less than nothing is no hint', -1, 1_000],
    ['endless is no hint', Number.POSITIVE_INFINITY, 1_000],
  ])('hint: %s', (_, hintMs, restMs) => {
    expect(hit(REST, NOW, hintMs).restMs).toBe(restMs);
  });
});

describe('a storm', () => {
  const first = hit(REST, NOW, 5_000);

  test('makes one rest: what was sent before it began, or before it was over, is the same storm', () => {
    expect(hit(first, NOW + 10, undefined, NOW - 500)).toBe(first);
    expect(hit(first, NOW + 10, 1_000, NOW - 500)).toBe(first);
    expect(hit(first, NOW + 9_000, undefined, NOW + 10)).toBe(first);
    expect(worthKeeping(first, hit(first, NOW + 10))).toBe(false);
  });

  test('rests for longer when a later hint says so, without another level', () => {
    const longer = hit(first, NOW + 1_000, 20_000, NOW - 500);
    expect(viewCooldown(longer, NOW + 1_000)).toEqual({ state: 'cooling', untilMs: NOW + 21_000, level: 1 });
    expect(worthKeeping(first, longer)).toBe(true);
    expect(hit(first, NOW + 1_000, 1e15, NOW).restMs).toBe(DAY);
  });

  test("the vendor's hint takes the place of our own guess, shorter or longer", () => {
    const guessed = hit(hit(REST, NOW), NOW + 1_000);
    expect(guessed.restMs).toBe(2_000);
    expect(viewCooldown(hit(guessed, NOW + 1_100, 300), NOW + 1_100).untilMs).toBe(NOW + 1_400);
    expect(viewCooldown(hit(guessed, NOW + 1_100, 30_000), NOW + 1_100).untilMs).toBe(NOW + 31_100);
    const same = hit(guessed, NOW + 1_100, 1_900);
    expect(same).toMatchObject({ restMs: 2_000, isHinted: true });
  });

  test('is over for those that were sent before it began, although it has ended', () => {
    const ended = succeedCooldown(PROBING, NOW + 7_000, probe(NOW + 6_000));
    expect(ended.restMs).toBe(0);
    expect(hit(ended, NOW + 8_000, 60_000, NOW - 1)).toBe(ended);
    expect(hit(ended, NOW + 8_000, 60_000, NOW + 7_500).restMs).toBe(60_000);
  });
});

describe('the probe', () => {
  test('is one at a time; the others look again soon, and at the end of its lease at the latest', () => {
    expect(leave(PROBING, NOW + 6_001)).toEqual({ kind: 'wait', ms: 2_000 });
    expect(leave(PROBING, NOW + 35_500)).toEqual({ kind: 'wait', ms: 500 });
    expect(askCooldown(PROBING, NOW + 6_001).state).toBe(PROBING);
    expect(viewCooldown(PROBING, NOW + 6_001)).toEqual({ state: 'probing', untilMs: NOW + 36_000, level: 1 });
    expect(viewCooldown(hit(REST, NOW, 5_000), NOW + 5_000)).toEqual({ state: 'probing', untilMs: 0, level: 1 });
  });

  test('that says nothing returns its lease by itself', () => {
    expect(leave(PROBING, NOW + 36_000)).toEqual(PROBE);
  });

  test('that ends without a word returns it at once', () => {
    const released = releaseCooldown(PROBING, NOW + 7_000, probe(NOW + 6_000));
    expect(leave(released, NOW + 7_000)).toEqual(PROBE);
    expect(worthKeeping(PROBING, released)).toBe(false);
  });

  test('cannot return the lease that another has by now', () => {
    const second = askCooldown(PROBING, NOW + 36_000).state;
    expect(releaseCooldown(second, NOW + 37_000, probe(NOW + 6_000))).toBe(second);
    expect(releaseCooldown(second, NOW + 37_000, plain(NOW + 36_500))).toBe(second);
    expect(releaseCooldown(REST, NOW, probe(NOW))).toBe(REST);
  });

  test('keeps its lease when an earlier one meets a 429 late', () => {
    const second = askCooldown(PROBING, NOW + 36_000).state;
    const again = hitCooldown(second, NOW + 37_000, { ...probe(NOW + 6_000), hintMs: 1_000 }, most);
    expect(leave(again, NOW + 38_000)).toEqual({ kind: 'wait', ms: 2_000 });
    expect(succeedCooldown(again, NOW + 38_000, probe(NOW + 36_000, 2)).restMs).toBe(0);
  });

  test('has a turn of its own, by which it is known although the clock was set back to when it began', () => {
    const first = askCooldown(hit(REST, NOW, 5_000), NOW + 6_000);
    const second = askCooldown(first.state, NOW + 36_000);
    expect([first.leave, second.leave]).toEqual([
      { kind: 'probe', turn: 1 },
      { kind: 'probe', turn: 2 },
    ]);
    const { state } = askCooldown(second.state, NOW + 6_000);
    expect(sentAs(first.leave, NOW + 6_000)).toEqual(probe(NOW + 6_000, 1));
    expect(sentAs({ kind: 'go' }, NOW)).toEqual(plain(NOW));
    expect(releaseCooldown(state, NOW + 6_000, probe(NOW + 6_000))).toBe(state);
    expect(releaseCooldown(state, NOW + 6_000, probe(NOW + 36_000, 2)).probes).toEqual({ turns: 2 });
  });

  test('that succeeds ends the rest for all; the level stays for its time', () => {
    const ended = succeedCooldown(PROBING, NOW + 7_000, probe(NOW + 6_000));
    expect(leave(ended, NOW + 7_000)).toEqual({ kind: 'go' });
    expect(viewCooldown(ended, NOW + 7_000)).toEqual({ state: 'ok', untilMs: 0, level: 1 });
    expect(viewCooldown(ended, NOW + MINUTE).level).toBe(0);
    expect(worthKeeping(PROBING, ended)).toBe(true);
  });

  test('that meets a 429 begins another rest, one level up', () => {
    const again = hitCooldown(PROBING, NOW + 7_000, probe(NOW + 6_000), most);
    expect(again).toEqual({ level: 2, hitMs: NOW + 7_000, restMs: 2_000, isHinted: false, probes: { turns: 1 } });
  });

  test('whose lease was over still counts, as what was sent after the rest does', () => {
    expect(succeedCooldown(PROBING, NOW + 50_000, probe(NOW + 6_000)).restMs).toBe(0);
    const second = askCooldown(PROBING, NOW + 36_000).state;
    expect(succeedCooldown(second, NOW + 37_000, probe(NOW + 6_000)).restMs).toBe(0);
    expect(hitCooldown(second, NOW + 37_000, probe(NOW + 6_000), most).hitMs).toBe(NOW + 37_000);
  });
});

test('a success of what was sent before the end says nothing of it', () => {
  const cooling = hit(REST, NOW, 5_000);
  expect(succeedCooldown(cooling, NOW + 10, plain(NOW - 500))).toBe(cooling);
  expect(succeedCooldown(PROBING, NOW + 7_000, plain(NOW - 500))).toBe(PROBING);
  expect(succeedCooldown(REST, NOW, plain(NOW))).toBe(REST);
});

test('a level goes down by one a minute, and a hit counts from there', () => {
  let state = REST;
  for (let i = 0; i < 3; i++) state = askCooldown(hit(state, NOW + i * 10_000, 10_000), NOW + (i + 1) * 10_000).state;
  const at = (minutes: number) => viewCooldown(state, NOW + 20_000 + minutes * MINUTE).level;
  expect([0, 0.9, 1, 2, 3, 100].map(at)).toEqual([3, 3, 2, 1, 0, 0]);
  expect(hit(state, NOW + 20_000 + 2 * MINUTE).level).toBe(2);
});

describe('a clock that is set back', () => {
  test('leaves no more than the whole rest', () => {
    const cooling = hit(REST, NOW, 5_000);
    const { state, leave } = askCooldown(cooling, NOW - 1e9);
    expect(leave).toEqual({ kind: 'wait', ms: 5_000 });
    expect(askCooldown(state, NOW - 1e9 + 5_000).leave).toEqual(PROBE);
  });

  test('leaves no more than the whole lease, and its holder still counts', () => {
    const { state } = askCooldown(PROBING, NOW + 5_500);
    expect(state.probes.lease).toEqual({ sinceMs: NOW + 5_500, forMs: 30_000 });
    expect(succeedCooldown(state, NOW + 5_600, probe(NOW + 6_000)).restMs).toBe(0);
  });
});

test('what a refused client is told is never earlier than the end, nor the same to all, nor more than some will bear', () => {
  expect(spreadMs(400, none)).toBe(400);
  expect(spreadMs(400, most)).toBe(1_400);
  expect(spreadMs(8_000, most)).toBe(10_000);
  expect(spreadMs(40_000, most)).toBe(45_000);
  expect(spreadMs(58_000, most)).toBe(60_000);
  expect(spreadMs(60_000, most)).toBe(65_000);
  expect(spreadMs(10.5, none)).toBe(11);
});

describe('what was kept', () => {
  test('comes back as it was', () => {
    const cooling = hit(REST, NOW, 5_000);
    for (const state of [REST, cooling, PROBING]) expect(reviveCooldown(JSON.parse(JSON.stringify(state)), NOW + 6_000)).toEqual(state);
  });

  test('of the future is of now', () => {
    expect(reviveCooldown(hit(REST, NOW, 5_000), NOW - 1e6)?.hitMs).toBe(NOW - 1e6);
    expect(reviveCooldown({ ...PROBING, probes: { lease: { sinceMs: 1e15, forMs: 1e15 } } }, NOW)?.probes).toEqual({
      turns: 0,
      lease: { sinceMs: NOW, forMs: 30_000 },
    });
  });

  test.each([
    null,
    'cooling',
    [],
    {},
    { ...REST, level: -1 },
    { ...REST, level: 8 },
    { ...REST, level: '1' },
    { ...REST, hitMs: null },
    { ...REST, hitMs: -5 },
    { ...REST, restMs: 1e12 },
    { ...REST, restMs: Number.NaN },
  ])('is nothing when it is nonsense: %j', (value) => {
    expect(reviveCooldown(value, NOW)).toBeUndefined();
  });

  test.each([null, 5, {}, { turns: -1 }, { turns: 'x' }])('has no probes when they are nonsense: %j', (probes) => {
    expect(reviveCooldown({ ...REST, probes }, NOW)).toEqual(REST);
  });

  test.each([null, {}, { sinceMs: 5 }, { sinceMs: 'x', forMs: 1 }])('has no lease when that is nonsense: %j', (lease) => {
    expect(reviveCooldown({ ...REST, probes: { turns: 0, lease } }, NOW)).toEqual(REST);
  });
});
