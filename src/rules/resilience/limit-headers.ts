// The windows a vendor says it measures: `anthropic-ratelimit-<window>-*` (RFC 3339 resets) and `x-ratelimit-*-<window>` (durations or seconds).
// A window that does not add up (no number, negative, huge, more left than there may be) is not there. Must not know what is done about them.
import type { RawHeaders } from '../../headers.ts';
import { msUntil, vendorNow } from './moment.ts';

/** What a vendor counts that a request can be held back for. */
export type WindowName = 'requests' | 'tokens' | 'inputTokens';

/** One window: how much there may be, how much is left, and in how many ms all of it is back. */
export interface LimitWindow {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}

const MOST = 1e12;
const COUNT = /^\s*\d{1,13}\s*$/;
const OF_LIMITS = /^(?:x|anthropic)-ratelimit-/i;

/** The three fields of a window: `*` stands for what they say of it. */
const named = (pattern: string) => ({
  limit: pattern.replace('*', 'limit'),
  remaining: pattern.replace('*', 'remaining'),
  reset: pattern.replace('*', 'reset'),
});

const WINDOWS = [
  { name: 'requests', ...named('anthropic-ratelimit-requests-*') },
  { name: 'tokens', ...named('anthropic-ratelimit-tokens-*') },
  { name: 'inputTokens', ...named('anthropic-ratelimit-input-tokens-*') },
  { name: 'requests', ...named('x-ratelimit-*-requests') },
  { name: 'tokens', ...named('x-ratelimit-*-tokens') },
] as const;

/** Those that say when they are back, although no request is held back for them. */
const EXHAUSTIBLE = [...WINDOWS, named('anthropic-ratelimit-output-tokens-*'), named('x-ratelimit-*')];

/** The windows of a reply by name, those that add up; undefined where there is none. */
export function limitWindows(headers: RawHeaders, nowMs: number): Partial<Record<WindowName, LimitWindow>> | undefined {
  const fields = limitFields(headers);
  if (!fields) return undefined;
  const baseMs = vendorNow(headers, nowMs);
  const windows: Partial<Record<WindowName, LimitWindow>> = {};
  for (const of of WINDOWS) {
    const limit = countOf(fields.get(of.limit));
    const remaining = countOf(fields.get(of.remaining));
    const resetMs = msUntil(fields.get(of.reset), baseMs);
    if (limit === undefined || remaining === undefined || resetMs === undefined) continue;
    if (limit > 0 && remaining <= limit) windows[of.name] ??= { limit, remaining, resetMs };
  }
  return windows;
}

/** In how many ms the last of the windows that have nothing left is back; undefined when none says it is exhausted. */
export function exhaustedMs(headers: RawHeaders, nowMs: number): number | undefined {
  const fields = limitFields(headers);
  if (!fields) return undefined;
  const baseMs = vendorNow(headers, nowMs);
  const resets = EXHAUSTIBLE.filter(({ remaining }) => countOf(fields.get(remaining)) === 0).map(({ reset }) => reset);
  if (fields.get('anthropic-ratelimit-unified-status') === 'rejected') resets.push('anthropic-ratelimit-unified-reset');
  const times = resets.map((name) => msUntil(fields.get(name), baseMs)).filter((ms) => ms !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** The fields that speak of limits by their names in lower case, the first of each; undefined where there is none. One pass: every reply comes by. */
function limitFields(headers: RawHeaders): ReadonlyMap<string, string> | undefined {
  let fields: Map<string, string> | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (!OF_LIMITS.test(headers[i]!)) continue;
    const name = headers[i]!.toLowerCase();
    fields ??= new Map();
    if (!fields.has(name)) fields.set(name, headers[i + 1]!);
  }
  return fields;
}

function countOf(text: string | undefined): number | undefined {
  if (text === undefined || !COUNT.test(text)) return undefined;
  const count = Number(text);
  return count <= MOST ? count : undefined;
}
