// Whether the clock can be right, by what is at hand: files of the home, the CA's first day, and the dates in replies that passed through.
// Must not ask anybody for the time.
import { X509Certificate } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, found } from './finding.ts';

/** What the clock is held against. */
export interface ClockWitnesses {
  readonly nowMs: number;
  readonly home: string;
  readonly caPem: string | undefined;
  /** How far the upstreams' clocks were ahead of ours, ms, one for each reply that gave its date. */
  readonly aheadMs: readonly number[];
}

/** Certificates and signed requests (SigV4) bear so much. */
const TOLERANCE_MS = 5 * 60_000;
const FIX = 'set the clock: it decides on certificates and signatures (timedatectl set-ntp true, or the settings of the system)';

/** One finding. */
export function checkClock({ nowMs, home, caPem, aheadMs }: ClockWitnesses): Finding {
  if (aheadMs.length > 0) {
    const middle = [...aheadMs].sort((a, b) => a - b)[Math.floor(aheadMs.length / 2)]!;
    if (Math.abs(middle) > TOLERANCE_MS)
      return found.warn('clock', `it is ${span(middle)} ${middle > 0 ? 'behind' : 'ahead of'} the clocks of upstreams`, FIX);
  }
  const first = firstDayOf(caPem);
  if (first !== undefined && first > nowMs) return found.warn('clock', `it stands ${span(first - nowMs)} before the CA was made`, FIX);
  const newest = newestIn(home);
  if (newest !== undefined && newest - nowMs > TOLERANCE_MS)
    return found.warn('clock', `it stands ${span(newest - nowMs)} before a file of the home was written`, FIX);
  const by = aheadMs.length > 0 ? `agrees with the dates in ${aheadMs.length} replies` : 'nothing speaks against it';
  return found.ok('clock', `${new Date(nowMs).toISOString()}: ${by}`);
}

function firstDayOf(caPem: string | undefined): number | undefined {
  try {
    return caPem === undefined ? undefined : new X509Certificate(caPem).validFromDate.getTime();
  } catch {
    return undefined;
  }
}

function newestIn(home: string): number | undefined {
  try {
    const times = readdirSync(home).map((name) => lstatSync(join(home, name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
    return times.length > 0 ? Math.max(...times) : undefined;
  } catch {
    return undefined;
  }
}

function span(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 1440)} days`;
}
