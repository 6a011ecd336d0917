// Whether the audit log is what was written: every row is looked at, and what was edited, dropped, moved, put in or cut off is named by its
// number. A store that was put back as a whole to how it once was cannot be told from that one. Must not change a row.
import { timingSafeEqual } from 'node:crypto';
import type { Keyring } from '../keyring.ts';
import type { Store } from '../open.ts';
import { openKey, readAnchor, readHead, rowMac } from './chain.ts';
import type { AuditRow } from './entry.ts';
import { ROWS } from './search.ts';

/** Something that is not as it was written. */
export interface Flaw {
  /** The row, or the first of those that are missing. */
  readonly seq: number;
  /** What the row says of its time, ms; of one that is missing, that of the row before or behind. */
  readonly atMs: number | undefined;
  readonly what: string;
}

/** What came out. */
export interface Verified {
  readonly rows: number;
  /** Rows before this one were let go by retention. */
  readonly first: number;
  /** The first of them, in order. */
  readonly flaws: readonly Flaw[];
  /** How many there are. */
  readonly flawed: number;
}

const MAX_FLAWS = 100;
const PROGRESS_ROWS = 10_000;

/** Reads the whole chain in one state of the store. Throws LockedError. `onProgress` hears how many rows of all were looked at. */
export function verifyAudit(store: Store, keyring: Keyring, onProgress: (done: number, all: number) => void = () => {}): Verified {
  const key = openKey(store, keyring);
  return store.db.transaction(() => walk(store, key, onProgress))();
}

function walk(store: Store, key: Buffer, onProgress: (done: number, all: number) => void): Verified {
  const anchor = readAnchor(store);
  const head = readHead(store, key);
  const all = store.db.prepare('SELECT count(*) FROM audit').pluck().get() as number;
  const flaws: Flaw[] = [];
  let flawed = 0;
  const blame = (seq: number, atMs: number | undefined, what: string): void => {
    flawed++;
    if (flaws.length < MAX_FLAWS) flaws.push({ seq, atMs, what });
  };
  let { seq, mac }: { seq: number; mac: Buffer | undefined } = anchor;
  let atMs: number | undefined;
  let rows = 0;
  for (const row of store.db.prepare(`${ROWS} ORDER BY seq`).iterate() as IterableIterator<AuditRow>) {
    if (++rows % PROGRESS_ROWS === 0) onProgress(rows, all);
    if (row.seq <= seq) {
      blame(row.seq, row.atMs, 'it was put in, or is back after it was let go');
      continue;
    }
    if (row.seq > seq + 1) {
      blame(seq + 1, atMs ?? row.atMs, missing(seq + 1, row.seq - 1));
      // What the row behind a gap was chained to is gone.
      mac = undefined;
    }
    if (mac && !same(row.mac, rowMac(key, mac, row))) blame(row.seq, row.atMs, 'it was changed, moved or put in');
    else if (row.kind === 'break') blame(row.seq, row.atMs, 'the end of the log was cut off or changed before it was written');
    ({ seq, mac, atMs } = row);
  }
  onProgress(rows, all);
  if (!head) blame(seq, atMs, 'the head of the log was changed or is missing, so rows behind it may be missing too');
  else if (seq < head.seq) blame(seq + 1, atMs, missing(seq + 1, head.seq));
  else if (seq > head.seq || !(mac ?? head.mac).equals(head.mac)) blame(seq, atMs, 'the log does not end as it was left');
  return { rows, first: anchor.seq + 1, flaws, flawed };
}

function missing(from: number, to: number): string {
  return from === to ? 'it is missing' : `rows ${from} to ${to} are missing`;
}

function same(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
