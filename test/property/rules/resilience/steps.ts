// A day in the life of a machine, as random steps: time passes, the clock is set, the process starts anew, requests ask and are answered.
// Knows nothing of any machine.
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Sent } from '../../../../src/rules/resilience/leave.ts';

export const START = 1_700_000_000_000;
const HOUR = 3_600_000;

/** What happens to the clock and to the process. `whole` restarts with all that was in memory, else with what was worth keeping. */
export type Outside = { kind: 'pass'; ms: number } | { kind: 'set'; ms: number } | { kind: 'restart'; whole: boolean };

const short = fc.integer({ min: 0, max: 3_000 });
const long = fc.integer({ min: 0, max: 90_000 });

/** Mostly short times; now and then an hour, a clock set by up to two days, or a restart. */
export const outside: fc.Arbitrary<Outside> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: short }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: long }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 30 * HOUR }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('set' as const), ms: fc.integer({ min: -48 * HOUR, max: 48 * HOUR }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('set' as const), ms: fc.integer({ min: -40_000, max: 40_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), whole: fc.boolean() }) },
);

/** As it comes back from where it was kept. */
export const kept = (state: unknown): unknown => JSON.parse(JSON.stringify(state));

/** Lives of up to 80 steps, of the outside and of the machine's own. */
export const lives = <A>(own: fc.Arbitrary<A>): fc.Arbitrary<(Outside | A)[]> =>
  fc.array(fc.oneof({ weight: 2, arbitrary: outside }, { weight: 5, arbitrary: own }), { maxLength: 80, size: 'max' }) as fc.Arbitrary<
    (Outside | A)[]
  >;

/** The machine, its clock, those who are under way, and who holds the probe as far as anybody can know. */
export class World<S> {
  state: S;
  saved: S;
  nowMs = START;
  underWay: Sent[] = [];
  holder: { sent: Sent; sinceMs: number } | undefined;
  readonly #worthKeeping: (before: S, after: S) => boolean;

  constructor(rest: S, worthKeeping: (before: S, after: S) => boolean) {
    this.state = rest;
    this.saved = rest;
    this.#worthKeeping = worthKeeping;
  }

  step(next: S): void {
    if (this.#worthKeeping(this.state, next)) this.saved = next;
    this.state = next;
    if (this.holder) this.holder.sinceMs = Math.min(this.holder.sinceMs, this.nowMs);
  }

  /** Those under way died with the process; what it kept of a lease runs out. */
  restart(whole: boolean, revive: (kept: unknown, nowMs: number) => S | undefined): void {
    const revived = revive(kept(whole ? this.state : this.saved), this.nowMs);
    expect(revived).toBeDefined();
    this.underWay = [];
    if (!whole) this.holder = undefined;
    this.step(revived!);
  }
}
