import { describe, expect, test } from 'vitest';
import {
  askLockout,
  type KeptReply,
  type Lockout,
  reportLockout,
  reviveLockout,
  UNLOCKED,
  viewLockout,
  worthKeeping,
} from '../../../../src/rules/resilience/lockout.ts';

const NOW = 1_700_000_000_000;
const TEN_MINUTES = 600_000;
const body = (text: string) => Buffer.from(text).toString('base64');
const reply = (text: string): KeptReply => ({ status: 404, reason: 'Not Found', headers: ['Request-Id', text], body: body(text) });
const miss = (state: Lockout, nowMs: number, kept = reply('second')) => reportLockout(state, nowMs, { kind: 'miss', reply: kept });
const succeed = (state: Lockout, nowMs: number) => reportLockout(state, nowMs, { kind: 'hit' });

const ONCE = miss(UNLOCKED, NOW, reply('first'));
const LOCKED = miss(ONCE, NOW + 1_000);

test('a model that nobody missed may be asked, and asking changes nothing', () => {
  expect(askLockout(UNLOCKED, NOW)).toEqual({ state: UNLOCKED, locked: undefined, ms: 0 });
  expect(askLockout(UNLOCKED, NOW).state).toBe(UNLOCKED);
  expect(succeed(UNLOCKED, NOW)).toBe(UNLOCKED);
});

test('one miss locks nothing, two in a row lock for ten minutes with the last reply', () => {
  expect(askLockout(ONCE, NOW + 1)).toEqual({ state: ONCE, locked: undefined, ms: 0 });
  expect(viewLockout(ONCE, NOW)).toEqual({ state: 'unlocked', untilMs: 0, misses: 1, status: undefined });
  expect(worthKeeping(UNLOCKED, ONCE)).toBe(false);
  expect(askLockout(LOCKED, NOW + 1_000)).toEqual({ state: LOCKED, locked: reply('second'), ms: TEN_MINUTES });
  expect(viewLockout(LOCKED, NOW + 2_000)).toEqual({ state: 'locked', untilMs: NOW + 1_000 + TEN_MINUTES, misses: 2, status: 404 });
  expect(worthKeeping(ONCE, LOCKED)).toBe(true);
});

test('a lock ends, and then two misses are needed again', () => {
  const { state, locked } = askLockout(LOCKED, NOW + 1_000 + TEN_MINUTES);
  expect(locked).toBeUndefined();
  expect(worthKeeping(LOCKED, state)).toBe(true);
  expect(askLockout(miss(state, NOW + TEN_MINUTES * 2), NOW + TEN_MINUTES * 2).locked).toBeUndefined();
});

test('a success in between makes it none in a row, and unlocks', () => {
  expect(askLockout(miss(succeed(ONCE, NOW), NOW), NOW).locked).toBeUndefined();
  expect(succeed(LOCKED, NOW + 2_000)).toBe(UNLOCKED);
});

test('misses that are far apart are not in a row', () => {
  expect(askLockout(miss(ONCE, NOW + TEN_MINUTES), NOW + TEN_MINUTES).locked).toBeDefined();
  expect(askLockout(miss(ONCE, NOW + TEN_MINUTES + 1), NOW + TEN_MINUTES + 1).locked).toBeUndefined();
});

test('a miss while it is locked makes the lock no longer', () => {
  expect(miss(LOCKED, NOW + 5_000)).toBe(LOCKED);
});

test('a reply of more than 64 KiB locks nothing', () => {
  const sized = (bytes: number): KeptReply => ({ status: 404, reason: '', headers: [], body: body('x'.repeat(bytes)) });
  expect(miss(ONCE, NOW, sized(65_538))).toBe(ONCE);
  expect(miss(ONCE, NOW, { ...reply('x'), headers: ['X-Long', 'y'.repeat(65_536)] })).toBe(ONCE);
  expect(miss(ONCE, NOW, sized(65_535)).lock).toBeDefined();
});

test('a clock that is set back leaves no more than the whole lock', () => {
  const { state, ms } = askLockout(LOCKED, NOW - 1e9);
  expect(ms).toBe(TEN_MINUTES);
  expect(askLockout(state, NOW - 1e9 + TEN_MINUTES).locked).toBeUndefined();
  expect(askLockout(ONCE, NOW - 1e9).state.missMs).toBe(NOW - 1e9);
});

describe('what was kept', () => {
  test('comes back as it was', () => {
    for (const state of [UNLOCKED, ONCE, LOCKED]) expect(reviveLockout(JSON.parse(JSON.stringify(state)), NOW + 1_000)).toEqual(state);
  });

  test.each([
    null,
    [],
    {},
    { ...UNLOCKED, misses: 3 },
    { ...UNLOCKED, missMs: 'x' },
    { ...LOCKED, lock: undefined },
    { ...LOCKED, reply: undefined },
    { ...LOCKED, reply: { ...reply('a'), status: 42 } },
    { ...LOCKED, reply: { ...reply('a'), status: 404.5 } },
    { ...LOCKED, reply: { ...reply('a'), reason: 'No\r\nSet-Cookie: a=b' } },
    { ...LOCKED, reply: { ...reply('a'), headers: ['Odd'] } },
    { ...LOCKED, reply: { ...reply('a'), headers: 'Odd' } },
    { ...LOCKED, reply: { ...reply('a'), headers: ['X', 'a\nb'] } },
    { ...LOCKED, reply: { ...reply('a'), headers: ['X', 5] } },
    { ...LOCKED, reply: { ...reply('a'), body: 'no base64!' } },
    { ...LOCKED, reply: { ...reply('a'), body: 5 } },
    { ...LOCKED, reply: { ...reply('a'), body: 'A'.repeat(100_000) } },
  ])('is nothing when it is nonsense: %j', (value) => {
    expect(reviveLockout(value, NOW)).toBeUndefined();
  });
});
