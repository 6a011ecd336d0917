// The circuit breaker: closed -> open -> half-open -> closed. It counts failures over a sliding window, opens for longer with each trip in a row, and then
// lets one probe at a time find out. Must not know hosts, replies or timers.
import { listOf, objectOf } from '../loose-json.ts';
import { askAfter, holdsLease, leaseEndMs, NO_PROBES, type Probes, reviveProbes, seenProbes, withoutLease } from './lease.ts';
import { type Asked, GO, type Sent } from './leave.ts';
import { endMs, isWithin, leftMs, reviveSpan, reviveStamp, type Span, seenNow } from './span.ts';

const WINDOW_CALLS = 20;
const WINDOW_MS = 60_000;
const LEAST_CALLS = 8;
const FAILED_SHARE = 0.5;
const OPEN_MS = 10_000;
const LONGEST_OPEN_MS = 60_000;
/** Trips that are further apart are not in a row. */
const TRIPS_MS = 600_000;
/** Enough for the longest opening; more would say nothing. */
const MOST_TRIPS = 1_000;

/** How a call went for the provider's health: 'half' is an overload it spoke of itself, 'none' says nothing about it. */
export type Outcome = 'success' | 'failure' | 'half' | 'none';

/** One call: when it ended, and how much of a failure it was (0, 0.5 or 1). */
type Call = readonly [endedMs: number, failed: number];

/** What is kept. Without `open` it is closed; `closedMs` is when it last became so. */
export interface Breaker {
  readonly calls: readonly Call[];
  readonly trips: number;
  readonly closedMs: number;
  readonly open?: Span;
  readonly probes: Probes;
}

/** Closed, nothing seen yet. */
export const CLOSED: Breaker = Object.freeze({ calls: [], trips: 0, closedMs: 0, probes: NO_PROBES });

/** May a call go? Once the opening is over the first is the probe. */
export function askBreaker(state: Breaker, nowMs: number): Asked<Breaker> {
  const seen = look(state, nowMs);
  return seen.open ? askAfter(seen, seen.open, nowMs) : { state: seen, leave: GO };
}

/**
 * A call ended. While it is not closed only the probe counts, and what was sent after the opening was over; once it is closed again, only what
 * was sent since.
 */
export function reportBreaker(state: Breaker, nowMs: number, report: Sent & { readonly outcome: Outcome }): Breaker {
  const seen = look(state, nowMs);
  const sentMs = Math.min(report.sentMs, nowMs);
  if (!seen.open) return report.outcome === 'none' || sentMs < seen.closedMs ? seen : count(seen, nowMs, failureOf(report.outcome));
  const holds = holdsLease(seen.probes, report, nowMs);
  if (!holds && sentMs < endMs(seen.open)) return seen;
  if (report.outcome === 'success') return { calls: [], trips: 0, closedMs: nowMs, probes: withoutLease(seen.probes) };
  const reported = holds ? { ...seen, probes: withoutLease(seen.probes) } : seen;
  return report.outcome === 'none' ? reported : trip(reported, nowMs);
}

/** What a reply's status says of the provider: a request it judged is one it took. */
export function outcomeOf(status: number): Outcome {
  if (status === 503 || status === 529) return 'half';
  if (status >= 500) return 'failure';
  if (status === 401 || status === 403 || status === 408 || status === 429) return 'none';
  return status >= 200 ? 'success' : 'none';
}

/** How it stands. `untilMs` is the end of the opening, or of the probe's lease; 0 when there is none. `failures` may be halves. */
export function viewBreaker(
  state: Breaker,
  nowMs: number,
): { state: 'closed' | 'open' | 'half-open'; untilMs: number; calls: number; failures: number; trips: number } {
  const seen = look(state, nowMs);
  const calls = within(seen.calls, nowMs);
  const counts = { calls: calls.length, failures: failuresOf(calls), trips: seen.trips };
  if (!seen.open) return { state: 'closed', untilMs: 0, ...counts };
  const left = leftMs(seen.open, nowMs);
  if (left > 0) return { state: 'open', untilMs: nowMs + left, ...counts };
  return { state: 'half-open', untilMs: leaseEndMs(seen.probes, nowMs), ...counts };
}

/** Whether it opened, opened anew or closed. */
export function worthKeeping(before: Breaker, after: Breaker): boolean {
  return before.open !== after.open;
}

/** The kept state; undefined for what is none. */
export function reviveBreaker(value: unknown, nowMs: number): Breaker | undefined {
  const kept = objectOf(value);
  if (!kept) return undefined;
  const closedMs = reviveStamp(kept.closedMs, nowMs);
  if (closedMs === undefined || !isWithin(kept.trips, 0, MOST_TRIPS) || !Array.isArray(kept.calls)) return undefined;
  const calls = kept.calls.slice(-WINDOW_CALLS).flatMap((call) => reviveCall(call, nowMs));
  const open = reviveSpan(kept.open, LONGEST_OPEN_MS, nowMs);
  return {
    calls,
    trips: Math.floor(kept.trips),
    closedMs,
    probes: reviveProbes(kept.probes, nowMs),
    ...(open && { open }),
  };
}

function reviveCall(value: unknown, nowMs: number): Call[] {
  const [ended, failed] = listOf(value);
  const endedMs = reviveStamp(ended, nowMs);
  return endedMs !== undefined && isWithin(failed, 0, 1) ? [[endedMs, failed]] : [];
}

function failureOf(outcome: Exclude<Outcome, 'none'>): number {
  if (outcome === 'success') return 0;
  return outcome === 'failure' ? 1 : 0.5;
}

function count(state: Breaker, nowMs: number, failed: number): Breaker {
  const calls = [...within(state.calls, nowMs).slice(1 - WINDOW_CALLS), [nowMs, failed] as const];
  const counted = { ...state, calls };
  const mayTrip = failed > 0 && calls.length >= LEAST_CALLS && failuresOf(calls) >= calls.length * FAILED_SHARE;
  return mayTrip ? trip(counted, nowMs) : counted;
}

function trip(state: Breaker, nowMs: number): Breaker {
  const trips = Math.min(state.trips + 1, MOST_TRIPS);
  const forMs = Math.min(LONGEST_OPEN_MS, OPEN_MS * 2 ** Math.min(trips - 1, 10));
  return { calls: state.calls, trips, closedMs: state.closedMs, probes: state.probes, open: { sinceMs: nowMs, forMs } };
}

const within = (calls: readonly Call[], nowMs: number) => calls.filter(([endedMs]) => nowMs - endedMs < WINDOW_MS);
const failuresOf = (calls: readonly Call[]) => calls.reduce((sum, [, failed]) => sum + failed, 0);

/** The state as the clock stands: what would be in the future is now, and trips long ago are forgotten. */
function look(state: Breaker, nowMs: number): Breaker {
  const open = state.open && seenNow(state.open, nowMs);
  const probes = seenProbes(state.probes, nowMs);
  const closedMs = Math.min(state.closedMs, nowMs);
  const calls = state.calls.some(([endedMs]) => endedMs > nowMs)
    ? state.calls.map(([endedMs, failed]): Call => [Math.min(endedMs, nowMs), failed])
    : state.calls;
  const trips = open && nowMs - endMs(open) > TRIPS_MS ? 0 : state.trips;
  const isSame =
    open === state.open && probes === state.probes && closedMs === state.closedMs && calls === state.calls && trips === state.trips;
  return isSame ? state : { calls, trips, closedMs, probes, ...(open && { open }) };
}
