// The audit log as the daemon writes it: in batches off the hot path, through a bounded queue. A full disk or a locked keyring costs rows,
// which are counted and said once, never an exchange: whether those go on is for others to decide. Must not know what a row is for.
import type { ExchangeRecord } from '../../exchange-record.ts';
import { briefly, isBusy, sqliteCode } from '../busy.ts';
import type { Keyring } from '../keyring.ts';
import type { Store } from '../open.ts';
import { type Chain, openChain } from './chain.ts';
import { exchangeEntry } from './entry.ts';

/** `close()` writes what is queued and does not close the store. */
export interface AuditWriter {
  /** Queues a row; over `maxQueued` the row is dropped and counted. Never throws, never waits. */
  write(record: ExchangeRecord): void;
  /** Writes what is queued now. False where that failed; the rows stay queued. */
  flush(): boolean;
  /** Whether rows cannot be written at present. */
  readonly failing: boolean;
  /** Rows that were written since the start, and those that wait. */
  readonly written: number;
  readonly queued: number;
  /** Rows that never reached the disk since the start. */
  readonly dropped: number;
  close(): void;
}

/** Bounds of the queue, and who is told of trouble. */
export interface AuditWriterOptions {
  /** Rows that may wait. */
  readonly maxQueued: number;
  /** Runs `task` once, `delayMs` from now, without keeping the process alive; returns a way to call it off. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  /** Told once when writing starts to fail and once when it works again. */
  readonly onTrouble: (trouble: { readonly failing: boolean; readonly dropped: number; readonly cause: unknown }) => void;
}

const FLUSH_MS = 200;
const RETRY_MS = 5000;
/** Flushes in a row that find the store busy; from then on it is trouble. */
const MAX_BUSY = 25;

/** Opens the log of a store for writing. What stands in the way is trouble, not an error. */
export function openAuditWriter(store: Store, keyring: Keyring, options: AuditWriterOptions): AuditWriter {
  let chain: Chain | undefined;
  let queue: ExchangeRecord[] = [];
  let cancel: (() => void) | undefined;
  let dropped = 0;
  let written = 0;
  let failing = false;
  let busy = 0;

  /** Whether all of them are stored. Throws where the disk is at fault, and not a row. */
  const append = (own: Chain, records: readonly ExchangeRecord[]): boolean => {
    try {
      own.append(records.map(exchangeEntry));
      written += records.length;
      return true;
    } catch (thrown) {
      if (isDiskTrouble(thrown)) throw thrown;
      return false;
    }
  };

  const appendQueue = (isLast: boolean): void => {
    const write = () => {
      chain ??= openChain(store, keyring);
      if (queue.length === 0 || append(chain, queue)) queue = [];
      // A row that cannot be stored must not hold up the others for ever.
      for (; queue.length > 0; queue = queue.slice(1)) if (!append(chain, queue.slice(0, 1))) dropped++;
    };
    if (isLast) write();
    else briefly(store, write);
  };

  const write = (isLast: boolean): boolean => {
    cancel?.();
    cancel = undefined;
    try {
      appendQueue(isLast);
      busy = 0;
      if (failing) options.onTrouble({ failing: false, dropped, cause: undefined });
      failing = false;
      return true;
    } catch (cause) {
      if (isBusy(cause) && ++busy < MAX_BUSY) {
        cancel = options.schedule(flush, FLUSH_MS);
        return false;
      }
      if (!failing) options.onTrouble({ failing: true, dropped, cause });
      failing = true;
      cancel = options.schedule(flush, RETRY_MS);
      return false;
    }
  };
  const flush = () => write(false);
  flush();

  return {
    write: (record) => {
      if (queue.length >= options.maxQueued) {
        dropped++;
        return;
      }
      queue.push(record);
      cancel ??= options.schedule(flush, FLUSH_MS);
    },
    flush,
    get failing() {
      return failing;
    },
    get written() {
      return written;
    },
    get queued() {
      return queue.length;
    },
    get dropped() {
      return dropped;
    },
    close: () => {
      if (!write(true)) dropped += queue.length;
      queue = [];
      cancel?.();
      cancel = undefined;
    },
  };
}

function isDiskTrouble(thrown: unknown): boolean {
  return /^SQLITE_(FULL|IOERR|BUSY|LOCKED|CANTOPEN|READONLY|CORRUPT|NOTADB|NOMEM)/.test(sqliteCode(thrown));
}
