// The windows a vendor says it measures: `anthropic-ratelimit-<window>-*` (RFC 3339 resets) and `x-ratelimit-*-<window>` (durations or seconds).
// A window that does not add up (no number, negative, huge, more left than there may be) is not there. Must not know what is done about them.
import { firstValue, type RawHeaders } from '../../headers.ts';
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

const FIELDS: readonly (readonly [WindowName, string])[] = [
  ['requests', 'anthropic-ratelimit-requests-*'],
  ['tokens', 'anthropic-ratelimit-tokens-*'],
  ['inputTokens', 'anthropic-ratelimit-input-tokens-*'],
  ['requests', 'x-ratelimit-*-requests'],
  ['tokens', 'x-ratelimit-*-tokens'],
];

/** The windows of a reply by name, those that add up. */
export function limitWindows(headers: RawHeaders, nowMs: number): Partial<Record<WindowName, LimitWindow>> {
  if (!hasLimits(headers)) return {};
  const baseMs = vendorNow(headers, nowMs);
  const windows: Partial<Record<WindowName, LimitWindow>> = {};
  for (const [name, pattern] of FIELDS) {
    const limit = countOf(headers, pattern.replace('*', 'limit'));
    const remaining = countOf(headers, pattern.replace('*', 'remaining'));
    const resetMs = msUntil(firstValue(headers, pattern.replace('*', 'reset')), baseMs);
    if (limit === undefined || remaining === undefined || resetMs === undefined) continue;
    if (limit > 0 && remaining <= limit) windows[name] ??= { limit, remaining, resetMs };
  }
  return windows;
}

const EXHAUSTIBLE = [
  'anthropic-ratelimit-requests-*',
  'anthropic-ratelimit-tokens-*',
  'anthropic-ratelimit-input-tokens-*',
  'anthropic-ratelimit-output-tokens-*',
  'x-ratelimit-*-requests',
  'x-ratelimit-*-tokens',
  'x-ratelimit-*',
];

/** In how many ms the last of the windows that have nothing left is back; undefined when none says it is exhausted. */
export function exhaustedMs(headers: RawHeaders, nowMs: number): number | undefined {
  if (!hasLimits(headers)) return undefined;
  const baseMs = vendorNow(headers, nowMs);
  const resets = EXHAUSTIBLE.filter((pattern) => countOf(headers, pattern.replace('*', 'remaining')) === 0).map((pattern) =>
    pattern.replace('*', 'reset'),
  );
  if (firstValue(headers, 'anthropic-ratelimit-unified-status') === 'rejected') resets.push('anthropic-ratelimit-unified-reset');
  const times = resets.map((name) => msUntil(firstValue(headers, name), baseMs)).filter((ms) => ms !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

function hasLimits(headers: RawHeaders): boolean {
  for (let i = 0; i < headers.length; i += 2) if (/^(?:x|anthropic)-ratelimit-/i.test(headers[i]!)) return true;
  return false;
}

function countOf(headers: RawHeaders, name: string): number | undefined {
  const text = firstValue(headers, name);
  if (text === undefined || !COUNT.test(text)) return undefined;
  const count = Number(text);
  return count <= MOST ? count : undefined;
}
