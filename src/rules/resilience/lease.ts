// The leave of a probe: one at a time, and it returns by itself when its holder never says how it went.
// Must not know what is probed.
import { type Leave, PROBE, type Sent, waitFor } from './leave.ts';
import { leftMs, type Span } from './span.ts';

/** How long a probe may take to say something before another may go. */
export const LEASE_MS = 30_000;

/** How soon one who is refused while a probe is under way should ask again: most probes are answered sooner than their lease ends. */
const LOOK_AGAIN_MS = 2_000;

/** The probe to the first who asks, a short wait to the others. `lease` is the new one where it was given. */
export function askForProbe(lease: Span | undefined, nowMs: number): { readonly lease?: Span; readonly leave: Leave } {
  const left = lease ? leftMs(lease, nowMs) : 0;
  if (left > 0) return { leave: waitFor(Math.min(left, LOOK_AGAIN_MS)) };
  return { lease: { sinceMs: nowMs, forMs: LEASE_MS }, leave: PROBE };
}

/** Whether it holds this lease, and not one that returned before and was given to another. */
export function holdsLease(lease: Span | undefined, sent: Sent, nowMs: number): boolean {
  return sent.isProbe && lease !== undefined && Math.min(sent.sentMs, nowMs) >= Math.min(lease.sinceMs, nowMs);
}
