// The lockout against a model that counts misses in a row.
import fc from 'fast-check';
import { expect, test } from 'vitest';
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
import { isMiss } from '../../../../src/rules/resilience/miss.ts';
import { kept, lives, START } from './steps.ts';

const LOCK = 600_000;
const reply: KeptReply = { status: 404, reason: 'Not Found', headers: ['A', 'b'], body: 'bm8=' };
const own = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('miss' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hit' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('ask' as const) }) },
);

test('whatever happens, it locks after two misses in a row, for ten minutes at most', () => {
  fc.assert(
    fc.property(lives(own), (life) => {
      let state: Lockout = UNLOCKED;
      let saved: Lockout = UNLOCKED;
      let nowMs = START;
      let misses = 0;
      const step = (next: Lockout) => {
        if (worthKeeping(state, next)) saved = next;
        state = next;
      };
      for (const event of life) {
        if (event.kind === 'pass') nowMs += event.ms;
        else if (event.kind === 'set') nowMs = Math.max(LOCK * 3, nowMs + event.ms);
        else if (event.kind === 'restart') {
          const revived = reviveLockout(kept(event.whole ? state : saved), nowMs);
          expect(revived).toBeDefined();
          if (!event.whole) misses = saved.misses;
          step(revived!);
        } else if (event.kind === 'ask') step(askLockout(state, nowMs).state);
        else {
          misses = event.kind === 'hit' ? 0 : misses + 1;
          step(reportLockout(state, nowMs, event.kind === 'hit' ? { kind: 'hit' } : { kind: 'miss', reply }));
        }
        const asked = askLockout(state, nowMs);
        if (asked.locked) expect(misses).toBeGreaterThanOrEqual(2);
        if (event.kind === 'hit') expect(asked.locked).toBeUndefined();
        expect(asked.locked !== undefined).toBe(viewLockout(state, nowMs).state === 'locked');
        expect(asked.ms).toBeLessThanOrEqual(LOCK);
        expect(askLockout(asked.state, nowMs + asked.ms).locked).toBeUndefined();
        if (asked.ms > 1) expect(askLockout(asked.state, nowMs + asked.ms - 1).locked).toEqual(reply);
        expect(askLockout(asked.state, nowMs).state).toBe(asked.state);
        expect(reviveLockout(kept(asked.state), nowMs)).toEqual(asked.state);
      }
    }),
    { numRuns: 200 },
  );
});

test('no rubbish is revived as a lock that has no end or no reply', () => {
  const value = fc.oneof(
    fc.anything(),
    fc.record({
      misses: fc.nat(3),
      missMs: fc.oneof(fc.nat(), fc.double()),
      reply: fc.oneof(fc.anything(), fc.constant(reply)),
      lock: fc.oneof(fc.anything(), fc.record({ sinceMs: fc.double(), forMs: fc.double() })),
    }),
  );
  fc.assert(
    fc.property(value, (rubbish) => {
      const state = reviveLockout(rubbish, START);
      if (!state) return;
      const { state: seen, locked, ms } = askLockout(state, START);
      expect(locked === undefined).toBe(ms === 0);
      expect(askLockout(seen, START + LOCK).locked).toBeUndefined();
    }),
  );
});

test('no text makes the reader of misses throw', () => {
  fc.assert(
    fc.property(fc.constantFrom(400, 403, 404), fc.oneof(fc.string(), fc.json()), (status, text) => {
      expect(typeof isMiss(status, text)).toBe('boolean');
    }),
  );
});
