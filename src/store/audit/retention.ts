// Lets old rows of the audit log go, by age and by bytes, a few at a time so that nobody waits for it. The file of the store keeps its size:
// what is free in it is used again. Must not know what a row says.
import type { Keyring } from '../keyring.ts';
import type { Store } from '../open.ts';
import { releaseCaptures } from './captures.ts';
import { openChain } from './chain.ts';
import { firstSince } from './search.ts';

/** What is kept. */
export interface RetentionLimits {
  readonly keepMs: number;
  readonly maxBytes: number;
}

/** When to look. */
export interface RetentionOptions {
  /** Asked anew each time. */
  readonly limits: () => RetentionLimits;
  /** Wall clock, ms. */
  readonly now: () => number;
  /** Runs `task` once, `delayMs` from now, without keeping the process alive; returns a way to call it off. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  readonly onTrouble: (cause: unknown) => void;
}

const FIRST_MS = 30_000;
const EVERY_MS = 3_600_000;
const NEXT_MS = 100;
/** Rows that go in one transaction: a few milliseconds. */
const STEP = 500;

/** Keeps to the limits until `close()`. */
export function startRetention(store: Store, keyring: Keyring, { limits, now, schedule, onTrouble }: RetentionOptions): { close(): void } {
  let cancel = schedule(look, FIRST_MS);
  // A round takes as many steps as there is to let go of; bodies go at its beginning, in one.
  let begins = true;
  function look(): void {
    const goesOn = released() > 0;
    begins = !goesOn;
    cancel = schedule(look, goesOn ? NEXT_MS : EVERY_MS);
  }
  function released(): number {
    try {
      if (begins) releaseCaptures(store, limits().keepMs, now());
      return releaseOld(store, keyring, limits(), now());
    } catch (thrown) {
      onTrouble(thrown);
      return 0;
    }
  }
  return { close: () => cancel() };
}

/** Lets go of up to 500 rows that are too old or too many. How many went; 0: none has to. Throws LockedError and what SQLite throws. */
export function releaseOld(store: Store, keyring: Keyring, { keepMs, maxBytes }: RetentionLimits, nowMs: number): number {
  const { db } = store;
  const one = (sql: string, value: number) => db.prepare(sql).pluck().get(value) as number | null;
  const chain = openChain(store, keyring);
  const first = one('SELECT min(seq) FROM audit WHERE seq > ?', -1);
  const last = one('SELECT max(seq) FROM audit WHERE seq > ?', -1);
  if (first === null || last === null) return 0;
  const { bytes } = chain.head() ?? { bytes: 0 };
  const tooOld = (firstSince(store, nowMs - keepMs) ?? last) - first;
  const tooMany = bytes > maxBytes ? Math.ceil((last - first + 1) * (1 - maxBytes / bytes)) : 0;
  const upTo = first + Math.min(Math.max(tooOld, tooMany), STEP, last - first) - 1;
  // Of rows that somebody has dropped none is let go: the gap is to be seen.
  const end = one('SELECT max(seq) FROM audit WHERE seq <= ?', upTo);
  return end === null ? 0 : chain.release(end, nowMs);
}
