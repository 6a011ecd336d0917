// The audit log of a home, for the commands that read it; a daemon may be writing it. Must not make a home where there is none.
// Must not know what is read.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkHome } from '../../src/store/home.ts';
import type { Store } from '../../src/store/open.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { openMigrated } from '../home-store.ts';
import { homeOf, type Invocation } from '../settings.ts';

/** Gives the store to `read` and closes it. Throws CommandFailure where there is no log, and StoreError. */
export async function readingLog<T>(invocation: Invocation, read: (store: Store) => Promise<T>): Promise<T> {
  checkLog(invocation);
  const home = homeOf(invocation);
  checkHome(home);
  const store = openMigrated(home);
  try {
    return await read(store);
  } finally {
    store.close();
  }
}

/** Throws CommandFailure where there is no log. */
export function checkLog(invocation: Invocation): void {
  const home = homeOf(invocation);
  if (!existsSync(join(home, 'sallyport.db')))
    throw new CommandFailure(EXIT.failed, `there is no audit log in ${home} yet: sallyport start begins it`);
}

/** `2026-11-25 10:04:02`, in the time of this machine. */
export function clock(atMs: number): string {
  const date = new Date(atMs);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** The time that `--since` names, ms: `90s`, `15m`, `1h`, `7d`, `2w` ago, or a date. Throws CommandFailure. */
export function parseSince(text: unknown, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(String(text)) ?? [];
  if (unit !== undefined) return nowMs - Number(count) * UNITS[unit]!;
  const date = /^\d{4}-\d\d-\d\d/.test(String(text)) ? Date.parse(String(text)) : Number.NaN;
  if (!Number.isNaN(date)) return date;
  throw new CommandFailure(EXIT.usage, '--since takes a time ago such as 90s, 15m, 1h, 7d or 2w, or a date such as 2026-01-31');
}

/** The number that `--limit` names. Throws CommandFailure. */
export function parseLimit(text: unknown): number {
  const limit = /^\d{1,7}$/.test(String(text)) ? Number(text) : 0;
  if (limit < 1) throw new CommandFailure(EXIT.usage, '--limit takes a whole number, 1 or more');
  return limit;
}
