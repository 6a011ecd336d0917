// How vendors write when something is over: seconds, a Go duration, an RFC 3339 or HTTP date, or an epoch. One reader for all of them.
// Whatever it cannot read, and whatever is negative, is nothing; a time beyond a day is a day.
import { firstValue, type RawHeaders } from '../../headers.ts';
import { DAY_MS } from './span.ts';

const LONGEST_TEXT = 64;
const NUMBER = /^\d{1,20}(?:\.\d{1,9})?$/;
const DURATION = /^(?=\d)(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9}(?:\.\d{1,9})?)ms)?$/;
/** RFC 3339, or the IMF-fixdate and its obsolete forms (RFC 9110 5.6.7), none of which begins with a sign. */
const DATE = /^(?:\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? )/;
/** A number from here on is seconds since 1970, and a thousand times as much is ms. */
const EPOCH_S = 1e9;

/** In how many ms from now; 0 when it is past. `baseMs` is what the vendor's own clock said, for a date or an epoch. */
export function msUntil(text: string | undefined, baseMs: number): number | undefined {
  const value = text?.trim() ?? '';
  if (value === '' || value.length > LONGEST_TEXT) return undefined;
  const ms = NUMBER.test(value) ? ofNumber(Number(value), baseMs) : (ofDuration(value) ?? ofDate(value, baseMs));
  return ms === undefined ? undefined : Math.min(Math.max(0, Math.ceil(ms)), DAY_MS);
}

/** What the vendor's clock said when it replied (RFC 9110 6.6.1), or else ours. */
export function vendorNow(headers: RawHeaders, nowMs: number): number {
  const date = firstValue(headers, 'date')?.trim() ?? '';
  const ms = DATE.test(date) ? Date.parse(date) : Number.NaN;
  return Number.isNaN(ms) ? nowMs : ms;
}

function ofNumber(value: number, baseMs: number): number {
  if (value < EPOCH_S) return value * 1_000;
  return (value < EPOCH_S * 1_000 ? value * 1_000 : value) - baseMs;
}

function ofDuration(value: string): number | undefined {
  const parts = DURATION.exec(value);
  if (!parts) return undefined;
  const [d, h, m, s, ms] = parts.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number];
  return (((d * 24 + h) * 60 + m) * 60 + s) * 1_000 + ms;
}

function ofDate(value: string, baseMs: number): number | undefined {
  const ms = DATE.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms - baseMs;
}
