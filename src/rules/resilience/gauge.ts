// How much of one allowance is left: a bucket that refills at an even rate up to its limit (a token bucket).
// Must not know what is counted, nor who set the limit.
import { objectOf } from '../loose-json.ts';
import { DAY_MS, isWithin, reviveStamp } from './span.ts';

/** `left` at `atMs`, `perMs` more each ms since, `limit` at most. */
export interface Gauge {
  readonly limit: number;
  readonly left: number;
  readonly perMs: number;
  readonly atMs: number;
}

/** What counts as enough although floating point says a hair less. */
const HAIR = 1e-9;
const MOST = 1e12;

/** A full gauge that refills in `fullMs` from nothing; a day at most, 1 ms at least. */
export function fullGauge(limit: number, fullMs: number, nowMs: number): Gauge {
  return { limit, left: limit, perMs: limit / Math.min(Math.max(1, fullMs), DAY_MS), atMs: nowMs };
}

/** The same gauge, or one that is of now where it would be of the future: else it would not refill until the clock is there again. */
export function seenGauge(gauge: Gauge, nowMs: number): Gauge {
  return gauge.atMs <= nowMs ? gauge : { ...gauge, atMs: nowMs };
}

/** What is left now. */
export function levelOf(gauge: Gauge, nowMs: number): number {
  return Math.min(gauge.limit, gauge.left + gauge.perMs * Math.max(0, nowMs - gauge.atMs));
}

/** In how many ms `need` is there: 0 when it is. A need above the limit is there when the gauge is full. */
export function msUntilEnough(gauge: Gauge, need: number, nowMs: number): number {
  const missing = Math.min(need, gauge.limit) - levelOf(gauge, nowMs);
  const hair = HAIR * Math.max(1, gauge.limit);
  return missing <= hair ? 0 : Math.ceil((missing - hair / 2) / gauge.perMs);
}

/** After `amount` was taken, or given back where it is negative. Never below nothing. */
export function taken(gauge: Gauge, amount: number, nowMs: number): Gauge {
  if (amount === 0) return gauge;
  const left = Math.min(gauge.limit, Math.max(0, levelOf(gauge, nowMs) - amount));
  return { ...gauge, left, atMs: nowMs };
}

/** The kept gauge; undefined for what is none. */
export function reviveGauge(value: unknown, nowMs: number): Gauge | undefined {
  const { limit, left, perMs, atMs: at } = objectOf(value) ?? {};
  const atMs = reviveStamp(at, nowMs);
  if (atMs === undefined || !isWithin(limit, Number.MIN_VALUE, MOST)) return undefined;
  if (!isWithin(left, 0, limit) || !isWithin(perMs, limit / DAY_MS, limit)) return undefined;
  return { limit, left, perMs, atMs };
}
