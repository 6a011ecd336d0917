// The cooldown against a model of who holds the probe and which storm a 429 is of.
import fc from 'fast-check';
import { expect, test } from 'vitest';
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
import { kept, lives, START, World } from './steps.ts';

const DAY = 86_400_000;
const LEASE = 30_000;

const random = fc.double({ min: 0, max: 1, noNaN: true });
const own = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sneak' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      which: fc.nat(50),
      with: fc.constantFrom('hit', 'hit', 'hinted', 'success', 'release', 'nothing'),
      hintMs: fc.oneof(fc.integer({ min: 0, max: 120_000 }), fc.integer({ min: 0, max: 3 * DAY }), fc.constantFrom(Number.NaN, -1, 1e300)),
      random,
    }),
  },
);

class Cooldowns extends World<Cooldown> {
  ask(): ReturnType<typeof askCooldown>['leave'] {
    const { state, leave } = askCooldown(this.state, this.nowMs);
    this.step(state);
    return leave;
  }
}

test('whatever happens, one probe at a time, one rest for a storm, and always a way out', () => {
  fc.assert(
    fc.property(lives(own), (life) => {
      const world = new Cooldowns(REST, worthKeeping);
      for (const step of life) {
        if (step.kind === 'pass') world.nowMs += step.ms;
        else if (step.kind === 'set') world.nowMs = Math.max(0, world.nowMs + step.ms);
        else if (step.kind === 'restart') world.restart(step.whole, reviveCooldown);
        else if (step.kind === 'sneak') {
          // Goes without asking, as all do where the machine only observes.
          world.underWay.push({ sentMs: world.nowMs, isProbe: false });
        } else if (step.kind === 'ask') asks(world);
        else if (world.underWay.length > 0) {
          const [sent] = world.underWay.splice(step.which % world.underWay.length, 1) as [Sent];
          answers(world, sent, step);
        }
        holdsAlways(world);
      }
    }),
    { numRuns: 200 },
  );
});

function asks(world: Cooldowns): void {
  const before = world.state;
  const leave = world.ask();
  if (leave.kind === 'wait') {
    expect(leave.ms).toBeGreaterThanOrEqual(1);
    expect(leave.ms).toBeLessThanOrEqual(DAY);
    return;
  }
  const sent = sentAs(leave, world.nowMs);
  world.underWay.push(sent);
  if (leave.kind === 'go') {
    expect(before.restMs).toBe(0);
    return;
  }
  const { holder } = world;
  if (holder) expect(world.nowMs - holder.sinceMs).toBeGreaterThanOrEqual(LEASE);
  world.holder = { sent, sinceMs: world.nowMs };
}

function answers(world: Cooldowns, sent: Sent, how: { with: string; hintMs: number; random: number }): void {
  const before = world.state;
  const isHolder = world.holder?.sent === sent;
  const { nowMs } = world;
  if (how.with === 'nothing') return;
  if (how.with === 'success') world.step(succeedCooldown(before, nowMs, sent));
  else if (how.with === 'release') world.step(releaseCooldown(before, nowMs, sent));
  else {
    const hint = how.with === 'hinted' ? { hintMs: how.hintMs } : {};
    world.step(hitCooldown(before, nowMs, { ...sent, ...hint }, () => how.random));
    const hasBegun = world.state.hitMs === nowMs && world.state.level > 0 && world.state.restMs > 0;
    const lastMs = Math.min(before.hitMs, nowMs);
    if (!sent.isProbe && sent.sentMs < lastMs) {
      // At most one rest for a storm: this one was sent before the last began.
      expect(world.state.level).toBe(before.level);
      if (before.restMs === 0) expect(world.state.restMs).toBe(0);
    } else if (before.restMs === 0 && sent.sentMs >= lastMs) expect(hasBegun).toBe(true);
  }
  const isOver = world.state.probes.lease === undefined;
  if (isHolder) expect(isOver).toBe(true);
  if (isHolder || world.state.restMs === 0) world.holder = undefined;
}

function holdsAlways({ state, nowMs }: Cooldowns): void {
  const view = viewCooldown(state, nowMs);
  const { leave } = askCooldown(state, nowMs);
  expect(view.level).toBeLessThanOrEqual(7);
  expect(view.state === 'ok').toBe(leave.kind === 'go');
  expect(view.untilMs === 0 || view.untilMs - nowMs <= DAY).toBe(true);
  // A way out, although nobody says a word and the clock is what it is.
  const seen = askCooldown(state, nowMs).state;
  expect(askCooldown(seen, nowMs + DAY + LEASE).leave.kind).not.toBe('wait');
  expect(viewCooldown(seen, nowMs + 7 * 60_000).level).toBe(0);
  // What is promised is kept.
  if (view.state === 'cooling' && leave.kind === 'wait') {
    expect(view.untilMs).toBe(nowMs + leave.ms);
    expect(askCooldown(seen, nowMs + leave.ms - 1).leave.kind).toBe('wait');
    const later = askCooldown(seen, nowMs + leave.ms).leave;
    expect(later.kind === 'probe' || state.probes.lease !== undefined).toBe(true);
  }
  if (view.state === 'probing' && leave.kind === 'wait') expect(askCooldown(seen, view.untilMs).leave.kind).toBe('probe');
  // Looking twice is looking once, and what is kept is what was.
  expect(askCooldown(seen, nowMs).state === seen || leave.kind === 'probe').toBe(true);
  expect(reviveCooldown(kept(seen), nowMs)).toEqual(seen);
}

test('a storm of any size makes one rest, whatever its answers say and whenever they come', () => {
  const answer = fc.record({ afterMs: fc.nat(40_000), hintMs: fc.option(fc.nat(30_000), { nil: undefined }), probes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(answer, { minLength: 1, maxLength: 200, size: 'max' }), random, (answers, jitter) => {
      let state: Cooldown = REST;
      let nowMs = START;
      let begun = 0;
      for (const { afterMs, hintMs, probes } of answers) {
        nowMs += afterMs;
        const level = state.level;
        state = hitCooldown(state, nowMs, { sentMs: START - 1, isProbe: false, ...(hintMs !== undefined && { hintMs }) }, () => jitter);
        if (state.level > level) begun++;
        if (!probes) continue;
        const asked = askCooldown(state, nowMs);
        state = asked.leave.kind === 'probe' ? succeedCooldown(asked.state, nowMs, sentAs(asked.leave, nowMs)) : asked.state;
      }
      expect(begun).toBe(1);
    }),
    { numRuns: 200 },
  );
});

test('nobody is told to come back before the end, and where the end is within a minute so is what they are told', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: DAY, noNaN: true }), random, (remainingMs, share) => {
      const told = spreadMs(remainingMs, () => share);
      expect(told).toBeGreaterThanOrEqual(remainingMs);
      expect(told).toBeLessThanOrEqual(Math.ceil(remainingMs) + 5_000);
      if (remainingMs <= 59_999) expect(told).toBeLessThanOrEqual(60_000);
    }),
  );
});

test('no rubbish is revived as a state that breaks a promise', () => {
  const value = fc.oneof(
    fc.anything(),
    fc.record({ level: fc.anything(), hitMs: fc.anything(), restMs: fc.anything(), probes: fc.anything() }),
  );
  fc.assert(
    fc.property(value, (rubbish) => {
      const state = reviveCooldown(rubbish, START);
      if (state) holdsAlways(Object.assign(new Cooldowns(REST, worthKeeping), { state }));
    }),
  );
});
