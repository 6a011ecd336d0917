// The word the machines of resilience share: what one says to a request that asks to go upstream.
// Must not know any machine.

/** What a machine says to one who asks to go. A probe's holder reports back; else its lease returns by itself. */
export type Leave =
  | { readonly kind: 'go' }
  | { readonly kind: 'probe'; readonly turn: number }
  | { readonly kind: 'wait'; readonly ms: number };

/** The machine after it was asked, and what it said. The same state where asking changed nothing. */
export interface Asked<S> {
  readonly state: S;
  readonly leave: Leave;
}

/**
 * When a request went out, in wall-clock ms taken at or after the asking, and whether it was let go as the probe. `turn` is that of its leave:
 * a clock that is set back makes the time alone no mark of a probe.
 */
export type Sent =
  | { readonly sentMs: number; readonly isProbe: false }
  | { readonly sentMs: number; readonly isProbe: true; readonly turn: number };

/** The answer of a machine that holds nobody back. */
export const GO: Leave = Object.freeze({ kind: 'go' });

/** Ask again after so many ms: whole ones, at least one. */
export function waitFor(ms: number): Leave {
  return { kind: 'wait', ms: Math.max(1, Math.ceil(ms)) };
}

/** What a request that may go out now is told by. */
export function sentAs(leave: Leave, nowMs: number): Sent {
  return leave.kind === 'probe' ? { sentMs: nowMs, isProbe: true, turn: leave.turn } : { sentMs: nowMs, isProbe: false };
}
