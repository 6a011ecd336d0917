// Local days: which one an instant belongs to, and when it ends. A day is what the clock on the wall says, so days of 23 and 25 hours, and a
// clock that is set back, need no care anywhere else. It must not know the machine's zone: that is passed in.

/** Minutes that local time is ahead of UTC at an instant. */
export type Zone = (atMs: number) => number;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** No day is longer, whatever its zone does. */
const LONGEST_MS = 4 * DAY_MS;

/** The local day as `2026-11-25`. */
export function dayOf(atMs: number, zone: Zone): string {
  return localTime(atMs, zone).slice(0, 10);
}

/** The first millisecond that belongs to another local day: midnight, or what comes in its place where the clocks change then. */
export function dayEnd(atMs: number, zone: Zone): number {
  const today = dayOf(atMs, zone);
  let inside = atMs;
  let outside = atMs + LONGEST_MS;
  while (outside - inside > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (dayOf(middle, zone) === today) inside = middle;
    else outside = middle;
  }
  return outside;
}

/** The day that lies `days` before another, by the calendar. */
export function daysBefore(day: string, days: number): string {
  return new Date(Date.parse(day) - days * DAY_MS).toISOString().slice(0, 10);
}

/** `2026-11-25 14:05`. */
export function localTime(atMs: number, zone: Zone): string {
  return new Date(atMs + zone(atMs) * MINUTE_MS).toISOString().slice(0, 16).replace('T', ' ');
}
