// The rest after a 429: ok -> cooling -> probing -> ok. The vendor's hint says how long; without one it is an exponential with full jitter, whose level
// decays by the minute. Many 429s at once are one storm and make one rest. Must not know hosts, headers or timers.
import { objectOf } from '../loose-json.ts';
import { askAfter, holdsLease, leaseEndMs, NO_PROBES, type Probes, reviveProbes, seenProbes, withoutLease } from './lease.ts';
import { type Asked, GO, type Sent } from './leave.ts';
import { DAY_MS, isWithin, leftMs, reviveStamp, type Span } from './span.ts';

const BASE_MS = 1_000;
const CAP_MS = 60_000;
const SHORTEST_MS = 100;
/** From here on the exponential is at its cap. */
const MOST_LEVEL = 7;
const DECAY_MS = 60_000;

/** What is kept. `hitMs` is when the last storm began; `restMs` how long the rest is that it made, 0 when that is over; `isHinted` whose word it is. */
export interface Cooldown {
  readonly level: number;
  readonly hitMs: number;
  readonly restMs: number;
  readonly isHinted: boolean;
  readonly probes: Probes;
}

/** Nothing happened yet. */
export const REST: Cooldown = Object.freeze({ level: 0, hitMs: 0, restMs: 0, isHinted: false, probes: NO_PROBES });

/** May a request go? Once a rest is over the first is the probe. */
export function askCooldown(state: Cooldown, nowMs: number): Asked<Cooldown> {
  const seen = look(state, nowMs);
  return seen.restMs === 0 ? { state: seen, leave: GO } : askAfter(seen, restOf(seen), nowMs);
}

/**
 * A 429 came. It begins a rest, one level up, unless it answers a request that was sent before the present one was over, or before the last
 * one began: that is the same storm. Its hint takes the place of a length that was our own, and makes one that was hinted longer, but never
 * begins another rest. `random` gives 0 to 1.
 */
export function hitCooldown(state: Cooldown, nowMs: number, hit: Sent & { readonly hintMs?: number }, random: () => number): Cooldown {
  const seen = look(state, nowMs);
  const hintMs = isWithin(hit.hintMs, 0, Number.MAX_VALUE) ? Math.min(Math.ceil(hit.hintMs), DAY_MS) : undefined;
  if (isSameStorm(seen, hit, nowMs)) return hintMs === undefined || seen.restMs === 0 ? seen : hinted(seen, nowMs, hintMs);
  const probes = holdsLease(seen.probes, hit, nowMs) ? withoutLease(seen.probes) : seen.probes;
  const level = Math.min(levelNow(seen, nowMs) + 1, MOST_LEVEL);
  const jittered = random() * Math.min(CAP_MS, BASE_MS * 2 ** (level - 1));
  const restMs = Math.max(1, hintMs ?? Math.max(SHORTEST_MS, Math.ceil(jittered)));
  return { level, hitMs: nowMs, restMs, isHinted: hintMs !== undefined, probes };
}

/** The vendor took a request. That of the probe, or of any that was sent after the rest, ends it; the level decays by time alone. */
export function succeedCooldown(state: Cooldown, nowMs: number, sent: Sent): Cooldown {
  const seen = look(state, nowMs);
  const isAfter = Math.min(sent.sentMs, nowMs) >= seen.hitMs + seen.restMs;
  if (seen.restMs === 0 || !(isAfter || holdsLease(seen.probes, sent, nowMs))) return seen;
  return { ...seen, restMs: 0, isHinted: false, probes: withoutLease(seen.probes) };
}

/** The probe ended and said nothing: the next who asks is the probe. */
export function releaseCooldown(state: Cooldown, nowMs: number, sent: Sent): Cooldown {
  const seen = look(state, nowMs);
  return holdsLease(seen.probes, sent, nowMs) ? { ...seen, probes: withoutLease(seen.probes) } : seen;
}

/** The longest a refused client is told to wait beyond the end. */
const SPREAD_MS = 5_000;
/** Some clients give up on a Retry-After above this. */
const PATIENCE_MS = 60_000;

/** What a refused client is told, in ms: never earlier than the end, and not the same to all, so that they do not come back at once. */
export function spreadMs(remainingMs: number, random: () => number): number {
  const spread = Math.min(SPREAD_MS, Math.max(1_000, remainingMs / 4));
  const room = remainingMs < PATIENCE_MS ? Math.min(spread, PATIENCE_MS - remainingMs) : spread;
  return Math.ceil(remainingMs + random() * room);
}

/** How it stands. `untilMs` is the end of the rest, or of the probe's lease; 0 when there is none. */
export function viewCooldown(state: Cooldown, nowMs: number): { state: 'ok' | 'cooling' | 'probing'; untilMs: number; level: number } {
  const seen = look(state, nowMs);
  const level = levelNow(seen, nowMs);
  if (seen.restMs === 0) return { state: 'ok', untilMs: 0, level };
  const left = leftMs(restOf(seen), nowMs);
  if (left > 0) return { state: 'cooling', untilMs: nowMs + left, level };
  return { state: 'probing', untilMs: leaseEndMs(seen.probes, nowMs), level };
}

/** Whether a rest began, grew or ended. */
export function worthKeeping(before: Cooldown, after: Cooldown): boolean {
  return before.restMs !== after.restMs || before.hitMs !== after.hitMs;
}

/** The kept state; undefined for what is none. */
export function reviveCooldown(value: unknown, nowMs: number): Cooldown | undefined {
  const kept = objectOf(value);
  if (!kept) return undefined;
  const { level, restMs } = kept;
  const hitMs = reviveStamp(kept.hitMs, nowMs);
  if (hitMs === undefined || !isWithin(level, 0, MOST_LEVEL) || !isWithin(restMs, 0, DAY_MS)) return undefined;
  return {
    level: Math.floor(level),
    hitMs,
    restMs,
    isHinted: kept.isHinted === true,
    probes: reviveProbes(kept.probes, nowMs),
  };
}

const restOf = (state: Cooldown): Span => ({ sinceMs: state.hitMs, forMs: state.restMs });

/** The same rest, as long as its vendor says now. */
function hinted(seen: Cooldown, nowMs: number, hintMs: number): Cooldown {
  const said = Math.max(1, Math.min(nowMs - seen.hitMs + hintMs, DAY_MS));
  const restMs = seen.isHinted ? Math.max(said, seen.restMs) : said;
  return seen.isHinted && restMs === seen.restMs ? seen : { ...seen, restMs, isHinted: true };
}

function levelNow(state: Cooldown, nowMs: number): number {
  return Math.max(0, state.level - Math.floor((nowMs - state.hitMs) / DECAY_MS));
}

/** While a rest is on, whatever was sent before its end; afterwards, whatever was sent before it began. */
function isSameStorm(seen: Cooldown, hit: Sent, nowMs: number): boolean {
  if (holdsLease(seen.probes, hit, nowMs)) return false;
  return Math.min(hit.sentMs, nowMs) < seen.hitMs + seen.restMs;
}

/** The state as the clock stands: what would begin in the future begins now. */
function look(state: Cooldown, nowMs: number): Cooldown {
  const hitMs = Math.min(state.hitMs, nowMs);
  const probes = seenProbes(state.probes, nowMs);
  return hitMs === state.hitMs && probes === state.probes ? state : { ...state, hitMs, probes };
}
