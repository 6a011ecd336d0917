// The breaker against a model that keeps every call, and knows who holds the probe.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  askBreaker,
  type Breaker,
  CLOSED,
  type Outcome,
  reportBreaker,
  reviveBreaker,
  viewBreaker,
  worthKeeping,
} from '../../../../src/rules/resilience/breaker.ts';
import { type Sent, sentAs } from '../../../../src/rules/resilience/leave.ts';
import { kept, lives, START, World } from './steps.ts';

const LEASE = 30_000;
const LONGEST = 60_000;

const outcome = fc.constantFrom<Outcome>('success', 'failure', 'failure', 'half', 'none');
const own = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sneak' as const) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('report' as const), which: fc.nat(50), outcome }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('burst' as const), count: fc.integer({ min: 1, max: 12 }), outcome }) },
);

type Breakers = World<Breaker>;

test('whatever happens, one probe at a time, and always a way out', () => {
  fc.assert(
    fc.property(lives(own), (life) => {
      const world = new World(CLOSED, worthKeeping);
      for (const step of life) {
        if (step.kind === 'pass') world.nowMs += step.ms;
        else if (step.kind === 'set') world.nowMs = Math.max(0, world.nowMs + step.ms);
        else if (step.kind === 'restart') world.restart(step.whole, reviveBreaker);
        else if (step.kind === 'sneak') world.underWay.push({ sentMs: world.nowMs, isProbe: false });
        else if (step.kind === 'ask') asks(world);
        else if (step.kind === 'burst') {
          for (let i = 0; i < step.count; i++) reports(world, { sentMs: world.nowMs, isProbe: false }, step.outcome);
        } else if (world.underWay.length > 0) {
          const [sent] = world.underWay.splice(step.which % world.underWay.length, 1) as [Sent];
          reports(world, sent, step.outcome);
        }
        holdsAlways(world);
      }
    }),
    { numRuns: 200 },
  );
});

function asks(world: Breakers): void {
  const before = world.state;
  const { state, leave } = askBreaker(world.state, world.nowMs);
  world.step(state);
  if (leave.kind === 'wait') {
    expect(leave.ms).toBeGreaterThanOrEqual(1);
    expect(leave.ms).toBeLessThanOrEqual(LONGEST);
    return;
  }
  const sent = sentAs(leave, world.nowMs);
  world.underWay.push(sent);
  if (leave.kind === 'go') {
    expect(before.open).toBeUndefined();
    return;
  }
  if (world.holder) expect(world.nowMs - world.holder.sinceMs).toBeGreaterThanOrEqual(LEASE);
  world.holder = { sent, sinceMs: world.nowMs };
}

function reports(world: Breakers, sent: Sent, outcome: Outcome): void {
  const before = world.state;
  const isHolder = world.holder?.sent === sent;
  world.step(reportBreaker(before, world.nowMs, { ...sent, outcome }));
  const { state, nowMs } = world;
  if (before.open && sent.sentMs < before.open.sinceMs && !isHolder && !sent.isProbe) {
    // Sent before it opened: neither closes it nor opens it anew.
    expect(state.open?.forMs).toBe(before.open.forMs);
    expect(state.probes.lease === undefined).toBe(before.probes.lease === undefined);
  }
  if (isHolder) {
    expect(state.probes.lease).toBeUndefined();
    expect(viewBreaker(state, nowMs).state).toBe(
      outcome === 'success' ? 'closed' : outcome === 'none' ? viewBreaker(before, nowMs).state : 'open',
    );
  }
  if (isHolder || !state.open) world.holder = undefined;
}

function holdsAlways({ state, nowMs }: Breakers): void {
  const view = viewBreaker(state, nowMs);
  const { state: seen, leave } = askBreaker(state, nowMs);
  expect(view.state === 'closed').toBe(leave.kind === 'go');
  expect(view.calls).toBeLessThanOrEqual(20);
  expect(view.failures).toBeLessThanOrEqual(view.calls);
  expect(state.calls.length).toBeLessThanOrEqual(20);
  expect(view.untilMs === 0 || view.untilMs - nowMs <= LONGEST).toBe(true);
  // A way out, although nobody says a word, and no trips that are never forgotten.
  expect(askBreaker(seen, nowMs + LONGEST + LEASE).leave.kind).not.toBe('wait');
  expect(viewBreaker(seen, nowMs + LONGEST + 600_001).trips).toBe(0);
  if (view.state === 'open' && leave.kind === 'wait') {
    expect(view.untilMs).toBe(nowMs + leave.ms);
    expect(askBreaker(seen, nowMs + leave.ms - 1).leave.kind).toBe('wait');
    // A clock set back while a probe is under way opens it again around that probe.
    expect(askBreaker(seen, nowMs + leave.ms).leave.kind === 'probe' || seen.probes.lease !== undefined).toBe(true);
  }
  if (view.state === 'half-open' && leave.kind === 'wait') expect(askBreaker(seen, view.untilMs).leave.kind).toBe('probe');
  expect(askBreaker(seen, nowMs).state === seen || leave.kind === 'probe').toBe(true);
  expect(reviveBreaker(kept(seen), nowMs)).toEqual(seen);
}

test('it opens exactly where half of the last twenty calls of a minute, at least eight, have failed', () => {
  const call = fc.record({ afterMs: fc.oneof(fc.nat(2_000), fc.nat(30_000)), outcome });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 120, size: 'max' }), (calls) => {
      let state: Breaker = CLOSED;
      let nowMs = START;
      const all: { nowMs: number; failed: number }[] = [];
      for (const { afterMs, outcome } of calls) {
        nowMs += afterMs;
        state = reportBreaker(state, nowMs, { sentMs: nowMs, isProbe: false, outcome });
        if (outcome !== 'none') all.push({ nowMs, failed: { success: 0, half: 0.5, failure: 1 }[outcome] });
        const window = all.slice(-20).filter((one) => nowMs - one.nowMs < 60_000);
        const failed = window.reduce((sum, one) => sum + one.failed, 0);
        const isBad = window.length >= 8 && failed >= window.length / 2;
        const isOfFailure = outcome === 'failure' || outcome === 'half';
        expect(viewBreaker(state, nowMs).state).toBe(isBad && isOfFailure ? 'open' : 'closed');
        if (isBad && isOfFailure) return;
      }
    }),
    { numRuns: 200 },
  );
});

test('a crowd that hangs over an outage does not open it again once a probe has closed it', () => {
  fc.assert(
    fc.property(fc.array(outcome, { minLength: 200, maxLength: 200 }), fc.nat(100_000), (outcomes, lateMs) => {
      let state: Breaker = CLOSED;
      for (let i = 0; i < 8; i++) state = reportBreaker(state, START, { sentMs: START - 10, isProbe: false, outcome: 'failure' });
      const asked = askBreaker(state, START + 10_000);
      expect(asked.leave.kind).toBe('probe');
      state = reportBreaker(asked.state, START + 10_200, { sentMs: START + 10_000, isProbe: true, turn: 1, outcome: 'success' });
      for (const late of outcomes)
        state = reportBreaker(state, START + 10_200 + lateMs, { sentMs: START - 5, isProbe: false, outcome: late });
      expect(askBreaker(state, START + 10_200 + lateMs).leave.kind).toBe('go');
    }),
    { numRuns: 50 },
  );
});

test('no rubbish is revived as a state that breaks a promise', () => {
  const value = fc.oneof(
    fc.anything(),
    fc.record({
      calls: fc.array(fc.oneof(fc.anything(), fc.tuple(fc.double(), fc.double()))),
      trips: fc.oneof(fc.nat(), fc.anything()),
      closedMs: fc.oneof(fc.nat(), fc.anything()),
      open: fc.oneof(fc.anything(), fc.record({ sinceMs: fc.double(), forMs: fc.double() })),
      probes: fc.oneof(fc.anything(), fc.record({ turns: fc.double(), lease: fc.anything() })),
    }),
  );
  fc.assert(
    fc.property(value, (rubbish) => {
      const state = reviveBreaker(rubbish, START);
      if (!state) return;
      const { state: seen } = askBreaker(state, START);
      expect(askBreaker(seen, START + LONGEST + LEASE).leave.kind).not.toBe('wait');
      expect(seen.calls.length).toBeLessThanOrEqual(20);
    }),
  );
});
