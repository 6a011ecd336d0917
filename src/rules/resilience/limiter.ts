// The rate limiter: requests and input tokens, within what the vendor's replies taught and what the user set. It reserves before a request goes and
// corrects itself when usage is known. Must not know queues, priorities or timers: it says when there will be enough.
import type { RawHeaders } from '../../headers.ts';
import { objectOf } from '../loose-json.ts';
import { fullGauge, type Gauge, levelOf, msUntilEnough, reviveGauge, seenGauge, taken } from './gauge.ts';
import { type Asked, GO, waitFor } from './leave.ts';
import { type LimitWindow, limitWindows, type WindowName } from './limit-headers.ts';

/** The gauges by what they count: three learned from the vendor, two of the user's own. */
export type GaugeName = WindowName | 'ownRequests' | 'ownTokens';

/** What is kept: the gauges there are. */
export type Limiter = { readonly [name in GaugeName]?: Gauge };

/** The user's own limits. What is absent, or no positive number, is no limit. */
export interface OwnLimits {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
}

/** Nothing learned yet. */
export const UNLIMITED: Limiter = Object.freeze({});

const NAMES: readonly GaugeName[] = ['requests', 'tokens', 'inputTokens', 'ownRequests', 'ownTokens'];
const LEARNED: readonly WindowName[] = ['requests', 'tokens', 'inputTokens'];
const MINUTE_MS = 60_000;
/** Resets are often given in whole seconds: one that is nearer says nothing of the rate. */
const COARSE_MS = 2_000;

/** What a reply's headers say of the vendor's windows. */
export function learnLimits(state: Limiter, nowMs: number, headers: RawHeaders): Limiter {
  const windows = limitWindows(headers, nowMs);
  if (!windows) return state;
  let next = state;
  for (const name of LEARNED) {
    const window = windows[name];
    if (window) next = { ...next, [name]: learned(state[name], window, nowMs) };
  }
  return next;
}

/** Reserves one request and `need.tokens` input tokens, or says when there will be enough of both. */
export function askLimiter(state: Limiter, nowMs: number, need: { readonly tokens: number }, own: OwnLimits): Asked<Limiter> {
  const seen = mapped(withOwn(state, nowMs, own), (gauge) => seenGauge(gauge, nowMs));
  const tokens = Math.max(need.tokens, 0) || 0;
  let ms = 0;
  for (const name of NAMES) {
    const gauge = seen[name];
    if (gauge) ms = Math.max(ms, msUntilEnough(gauge, isOfRequests(name) ? 1 : tokens, nowMs));
  }
  if (ms > 0) return { state: seen, leave: waitFor(ms) };
  return { state: mapped(seen, (gauge, name) => taken(gauge, isOfRequests(name) ? 1 : tokens, nowMs)), leave: GO };
}

/** Corrects what was reserved for a request, in tokens, by what it used. */
export function settleLimiter(state: Limiter, nowMs: number, usage: { readonly reserved: number; readonly used: number }): Limiter {
  const more = usage.used - usage.reserved;
  if (!Number.isFinite(more) || more === 0) return state;
  return mapped(state, (gauge, name) => (isOfRequests(name) ? gauge : taken(gauge, more, nowMs)));
}

/** How each gauge stands: what is left of what, and in how many ms it is full. */
export function viewLimiter(state: Limiter, nowMs: number): { name: GaugeName; limit: number; left: number; fullInMs: number }[] {
  return NAMES.flatMap((name) => {
    const gauge = state[name];
    if (!gauge) return [];
    return [{ name, limit: gauge.limit, left: Math.floor(levelOf(gauge, nowMs)), fullInMs: msUntilEnough(gauge, gauge.limit, nowMs) }];
  });
}

/** Whether a limit appeared, went or changed. */
export function worthKeeping(before: Limiter, after: Limiter): boolean {
  return NAMES.some((name) => before[name]?.limit !== after[name]?.limit);
}

/** The kept state; undefined for what is none. */
export function reviveLimiter(value: unknown, nowMs: number): Limiter | undefined {
  const kept = objectOf(value);
  if (!kept) return undefined;
  const gauges = NAMES.map((name) => [name, reviveGauge(kept[name], nowMs)] as const);
  return Object.fromEntries(gauges.filter(([, gauge]) => gauge !== undefined));
}

const isOfRequests = (name: GaugeName) => name === 'requests' || name === 'ownRequests';

/** The state with each gauge changed; the same where none is. */
function mapped(state: Limiter, change: (gauge: Gauge, name: GaugeName) => Gauge): Limiter {
  let next = state;
  for (const name of NAMES) {
    const gauge = state[name];
    const changed = gauge && change(gauge, name);
    if (changed !== gauge) next = { ...next, [name]: changed };
  }
  return next;
}

/**
 * The vendor's word, less what it cannot know of yet: requests under way that reserved. It refills to the limit at the reset; where that is too
 * near to give a rate, a minute is what vendors measure by.
 */
function learned(known: Gauge | undefined, { limit, remaining, resetMs }: LimitWindow, nowMs: number): Gauge {
  if (resetMs === 0) return fullGauge(limit, MINUTE_MS, nowMs);
  const isCoarse = resetMs < COARSE_MS && remaining > 0;
  const fullMs = remaining === limit || isCoarse ? MINUTE_MS : (resetMs * limit) / (limit - remaining);
  const left = known?.limit === limit ? Math.min(remaining, levelOf(known, nowMs)) : remaining;
  return { ...fullGauge(limit, fullMs, nowMs), left };
}

/** The state with the user's own gauges as they are set now. */
function withOwn(state: Limiter, nowMs: number, own: OwnLimits): Limiter {
  const requests = ownGauge(state.ownRequests, own.requestsPerMinute, nowMs);
  const tokens = ownGauge(state.ownTokens, own.tokensPerMinute, nowMs);
  if (requests === state.ownRequests && tokens === state.ownTokens) return state;
  const { ownRequests: _, ownTokens: __, ...vendor } = state;
  return { ...vendor, ...(requests && { ownRequests: requests }), ...(tokens && { ownTokens: tokens }) };
}

function ownGauge(known: Gauge | undefined, limit: number | undefined, nowMs: number): Gauge | undefined {
  if (limit === undefined || !(limit > 0 && limit < Number.POSITIVE_INFINITY)) return undefined;
  if (known?.limit === limit) return known;
  const full = fullGauge(limit, MINUTE_MS, nowMs);
  return known ? { ...full, left: Math.min(limit, levelOf(known, nowMs)) } : full;
}
