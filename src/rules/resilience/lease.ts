// The leave of a probe: one at a time, and it returns by itself when its holder never says how it went.
// Must not know what is probed.
import { type LooseObject, objectOf } from '../loose-json.ts';
import { type Asked, type Leave, type Sent, waitFor } from './leave.ts';
import { isWithin, leftMs, reviveSpan, type Span, seenNow } from './span.ts';

/** How long a probe may take to say something before another may go. */
const LEASE_MS = 30_000;

/** How soon one who is refused while a probe is under way should ask again: most probes are answered sooner than their lease ends. */
const LOOK_AGAIN_MS = 2_000;

/** What a machine keeps of its probes: how many there were, and the lease of the last one while it has not reported. */
export interface Probes {
  readonly turns: number;
  readonly lease?: Span;
}

/** What a machine says that is shut for `rest`: to wait for its end, and then one probe at a time. The same state where asking changed nothing. */
export function askAfter<S extends { readonly probes: Probes }>(seen: S, rest: Span, nowMs: number): Asked<S> {
  const left = leftMs(rest, nowMs);
  if (left > 0) return { state: seen, leave: waitFor(left) };
  const { probes, leave } = askForProbe(seen.probes, nowMs);
  return { state: probes === seen.probes ? seen : { ...seen, probes }, leave };
}

/** When the lease ends; 0 where there is none. */
export function leaseEndMs({ lease }: Probes, nowMs: number): number {
  return lease ? nowMs + leftMs(lease, nowMs) : 0;
}

/** The probe to the first who asks, a short wait to the others. The same probes where none was given. */
function askForProbe(probes: Probes, nowMs: number): { readonly probes: Probes; readonly leave: Leave } {
  const left = probes.lease ? leftMs(probes.lease, nowMs) : 0;
  if (left > 0) return { probes, leave: waitFor(Math.min(left, LOOK_AGAIN_MS)) };
  const turns = (probes.turns % Number.MAX_SAFE_INTEGER) + 1;
  return { probes: { turns, lease: { sinceMs: nowMs, forMs: LEASE_MS } }, leave: { kind: 'probe', turn: turns } };
}

/** Whether it holds the lease, as seen now, and not one that returned before and was given to another. */
export function holdsLease({ turns, lease }: Probes, sent: Sent, nowMs: number): boolean {
  return sent.isProbe && lease !== undefined && sent.turn === turns && Math.min(sent.sentMs, nowMs) >= lease.sinceMs;
}

/** The probes without a lease. */
export function withoutLease(probes: Probes): Probes {
  return probes.lease ? { turns: probes.turns } : probes;
}

/** The probes as the clock stands; the same where it was not set back. */
export function seenProbes(probes: Probes, nowMs: number): Probes {
  const lease = probes.lease && seenNow(probes.lease, nowMs);
  return lease && lease !== probes.lease ? { turns: probes.turns, lease } : probes;
}

/** What was kept of them; none for what is none. */
export function reviveProbes(value: unknown, nowMs: number): Probes {
  const kept: LooseObject = objectOf(value) ?? {};
  const turns = isWithin(kept.turns, 0, Number.MAX_SAFE_INTEGER) ? Math.floor(kept.turns) : 0;
  const lease = reviveSpan(kept.lease, LEASE_MS, nowMs);
  return { turns, ...(lease && { lease }) };
}

/** None yet. */
export const NO_PROBES: Probes = Object.freeze({ turns: 0 });
