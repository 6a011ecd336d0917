// A model that this credential cannot have: after two such replies in a row the vendor's own last one is given again for ten minutes, unsent.
// A success in between makes it none in a row. Must not know what a miss looks like.
import type { RawHeaders } from '../../headers.ts';
import { type LooseObject, objectOf } from '../loose-json.ts';
import { isWithin, leftMs, reviveSpan, reviveStamp, type Span, seenNow } from './span.ts';

const LOCK_MS = 600_000;
const MISSES = 2;
/** Misses further apart are not in a row. */
const APART_MS = 600_000;
const LONGEST_REPLY = 65_536;

/** A reply to give again: as the vendor sent it, the body in base64. */
export interface KeptReply {
  readonly status: number;
  readonly reason: string;
  readonly headers: RawHeaders;
  readonly body: string;
}

/** What is kept. `missMs` is when the last miss came; `lock` is there while it is locked. */
export interface Lockout {
  readonly misses: number;
  readonly missMs: number;
  readonly reply?: KeptReply;
  readonly lock?: Span;
}

/** No miss in a row. */
export const UNLOCKED: Lockout = Object.freeze({ misses: 0, missMs: 0 });

/** How a request for the model went. */
export type LockoutReport = { readonly kind: 'miss'; readonly reply: KeptReply } | { readonly kind: 'hit' };

/** The reply to give instead of sending, for another `ms`; `locked` is undefined and `ms` 0 when the request may go. */
export function askLockout(
  state: Lockout,
  nowMs: number,
): { readonly state: Lockout; readonly locked: KeptReply | undefined; readonly ms: number } {
  const seen = look(state, nowMs);
  if (!seen.lock) return { state: seen, locked: undefined, ms: 0 };
  return { state: seen, locked: seen.reply, ms: Math.ceil(leftMs(seen.lock, nowMs)) };
}

/** A request ended. A miss whose reply is above 64 KiB is not kept, and locks nothing. */
export function reportLockout(state: Lockout, nowMs: number, report: LockoutReport): Lockout {
  const seen = look(state, nowMs);
  if (report.kind === 'hit') return seen.misses === 0 ? seen : UNLOCKED;
  if (seen.lock || sizeOf(report.reply) > LONGEST_REPLY) return seen;
  const misses = seen.misses + 1;
  if (misses < MISSES) return { misses, missMs: nowMs };
  return { misses, missMs: nowMs, reply: report.reply, lock: { sinceMs: nowMs, forMs: LOCK_MS } };
}

/** How it stands. `status` is that of the reply which is given again. */
export function viewLockout(
  state: Lockout,
  nowMs: number,
): { state: 'unlocked' | 'locked'; untilMs: number; misses: number; status: number | undefined } {
  const { lock, misses, reply } = look(state, nowMs);
  if (!lock) return { state: 'unlocked', untilMs: 0, misses, status: undefined };
  return { state: 'locked', untilMs: nowMs + leftMs(lock, nowMs), misses, status: reply?.status };
}

/** Whether it was locked or unlocked. */
export function worthKeeping(before: Lockout, after: Lockout): boolean {
  return before.lock !== after.lock;
}

/** The kept state; undefined for what is none. */
export function reviveLockout(value: unknown, nowMs: number): Lockout | undefined {
  const kept = objectOf(value);
  if (!kept) return undefined;
  const missMs = reviveStamp(kept.missMs, nowMs);
  if (missMs === undefined || !isWithin(kept.misses, 0, MISSES)) return undefined;
  const misses = Math.floor(kept.misses);
  const lock = reviveSpan(kept.lock, LOCK_MS, nowMs);
  if (!lock) return misses < MISSES ? { misses, missMs } : undefined;
  const reply = reviveReply(objectOf(kept.reply) ?? {});
  return reply && { misses, missMs, reply, lock };
}

const UNSAFE = /[\r\n\0]/;
const isLine = (value: unknown): value is string => typeof value === 'string' && !UNSAFE.test(value);

function reviveReply({ status, reason, headers, body }: LooseObject): KeptReply | undefined {
  if (!isWithin(status, 200, 599) || !Number.isInteger(status) || !isLine(reason)) return undefined;
  if (!Array.isArray(headers) || headers.length % 2 !== 0 || !headers.every(isLine)) return undefined;
  if (typeof body !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(body)) return undefined;
  const reply = { status, reason, headers: [...headers], body };
  return sizeOf(reply) > LONGEST_REPLY ? undefined : reply;
}

/** In bytes, of the body as it was sent. */
function sizeOf(reply: KeptReply): number {
  const fields = reply.headers.reduce((sum, text) => sum + text.length, reply.reason.length);
  return fields + Math.ceil((reply.body.length * 3) / 4);
}

/** The state as the clock stands: a lock that is over is none, and so is a miss long ago. */
function look(state: Lockout, nowMs: number): Lockout {
  if (state === UNLOCKED) return state;
  if (state.lock ? leftMs(state.lock, nowMs) === 0 : nowMs - state.missMs > APART_MS) return UNLOCKED;
  const missMs = Math.min(state.missMs, nowMs);
  const lock = state.lock && seenNow(state.lock, nowMs);
  return missMs === state.missMs && lock === state.lock ? state : { ...state, missMs, ...(lock && { lock }) };
}
