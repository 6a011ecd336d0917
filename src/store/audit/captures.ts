// Bodies that were captured, each sealed beside the row of its exchange. Written off the hot path through a bounded queue; what cannot be
// written is lost and counted, for no exchange waits for it. Must not see a body that is not masked: what it is given makes masked ones.
import type { Capture, CapturedBodies } from '../../capture.ts';
import type { Keyring } from '../keyring.ts';
import type { Store } from '../open.ts';
import type { Place } from '../seal.ts';

/** `close()` writes what is queued and does not close the store. */
export interface CaptureWriter {
  /** Queues the bodies of an exchange. Never throws, never waits. */
  write(id: string, atMs: number, capture: Capture): void;
  close(): void;
}

/** Who is told, and of what. */
export interface CaptureWriterOptions {
  /** Runs `task` once, `delayMs` from now, without keeping the process alive; returns a way to call it off. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  /** Told of the first of several failures in a row. */
  readonly onTrouble: (cause: unknown) => void;
}

const FLUSH_MS = 250;
/** Exchanges whose bodies may wait. */
const MAX_QUEUED = 100;
/** What all of them may take in the store; the oldest go first. */
export const MAX_CAPTURE_BYTES = 256 * 1024 * 1024;

/** Opens the table for writing. */
export function openCaptureWriter(store: Store, keyring: Keyring, { schedule, onTrouble }: CaptureWriterOptions): CaptureWriter {
  const insert = store.db.prepare('INSERT OR REPLACE INTO captures (id, at_ms, sealed) VALUES (?, ?, ?)');
  let queue: { readonly id: string; readonly atMs: number; readonly capture: Capture }[] = [];
  let cancel: (() => void) | undefined;
  let failing = false;

  const flush = (): void => {
    cancel = undefined;
    const [next, ...rest] = queue;
    if (!next) return;
    queue = rest;
    try {
      const text = JSON.stringify(next.capture());
      store.db.transaction(() => insert.run(next.id, next.atMs, keyring.seal(placeOf(next.id), text))).immediate();
      failing = false;
    } catch (thrown) {
      if (!failing) onTrouble(thrown);
      failing = true;
    }
    // One at a time: others have their turn between two.
    if (queue.length > 0) cancel = schedule(flush, 1);
  };

  return {
    write(id, atMs, capture) {
      if (queue.length >= MAX_QUEUED) return;
      queue.push({ id, atMs, capture });
      cancel ??= schedule(flush, FLUSH_MS);
    },
    close() {
      cancel?.();
      while (queue.length > 0) {
        flush();
        cancel?.();
      }
    },
  };
}

/** The bodies of an exchange; undefined where none were kept. Throws SealError, LockedError. */
export function capturedBodies({ db }: Store, keyring: Keyring, id: string): CapturedBodies | undefined {
  const sealed = db.prepare('SELECT sealed FROM captures WHERE id = ?').pluck().get(id) as string | undefined;
  return sealed === undefined ? undefined : (JSON.parse(keyring.open(placeOf(id), sealed).toString()) as CapturedBodies);
}

/** Lets go of those that are too old or too many. How many went. */
export function releaseCaptures({ db }: Store, keepMs: number, nowMs: number, maxBytes = MAX_CAPTURE_BYTES): number {
  const old = db.prepare('DELETE FROM captures WHERE at_ms < ?').run(nowMs - keepMs).changes;
  const bytes = db.prepare('SELECT total(octet_length(sealed)) FROM captures').pluck().get() as number;
  if (bytes <= maxBytes) return old;
  const many = db.prepare(
    `DELETE FROM captures WHERE id IN (SELECT id FROM (
       SELECT id, sum(octet_length(sealed)) OVER (ORDER BY at_ms DESC, id) AS upto FROM captures) WHERE upto > ?)`,
  );
  return old + many.run(maxBytes).changes;
}

function placeOf(id: string): Place {
  return { table: 'captures', row: id, column: 'sealed' };
}
