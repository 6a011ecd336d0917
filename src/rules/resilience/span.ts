// A stretch of wall-clock time that always ends: its beginning counts as now when the clock was set back before it, so that no more than its whole
// length is ever left. Every machine keeps its times as spans; a restart and a jump of the clock are the same to it.
import { type LooseObject, objectOf } from '../loose-json.ts';

/** The longest anything is kept waiting, whatever a vendor says. */
export const DAY_MS = 24 * 3_600_000;

/** `forMs` from `sinceMs` on. */
export interface Span {
  readonly sinceMs: number;
  readonly forMs: number;
}

/** The same span, or one that begins now where it would begin in the future. */
export function seenNow(span: Span, nowMs: number): Span {
  return span.sinceMs <= nowMs ? span : { sinceMs: nowMs, forMs: span.forMs };
}

/** When one that was seen now ends. */
export function endMs(span: Span): number {
  return span.sinceMs + span.forMs;
}

/** How much of one that was seen now is left: 0 when it is over, `forMs` at most. */
export function leftMs(span: Span, nowMs: number): number {
  return Math.max(0, endMs(span) - nowMs);
}

/** Whether it is a number from `least` to `most`. */
export function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}

/** The kept moment, not later than now; undefined for what is none. */
export function reviveStamp(value: unknown, nowMs: number): number | undefined {
  return isWithin(value, 0, Number.MAX_SAFE_INTEGER) ? Math.min(value, nowMs) : undefined;
}

/** The kept span, no longer than `longestMs`; undefined for what is none. */
export function reviveSpan(value: unknown, longestMs: number, nowMs: number): Span | undefined {
  const kept: LooseObject = objectOf(value) ?? {};
  const sinceMs = reviveStamp(kept.sinceMs, nowMs);
  if (sinceMs === undefined || !isWithin(kept.forMs, 0, Number.MAX_VALUE)) return undefined;
  return { sinceMs, forMs: Math.min(kept.forMs, longestMs) };
}
