// Rows of finished exchanges, written in batches off the hot path through a bounded queue. A full disk costs rows, which
// are counted and said once, never an exchange. Must not know what a row is for.
import type { ExchangeRecord } from '../exchange-record.ts';
import type { Store } from './open.ts';

/** The table of exchanges; `close()` writes what is queued and does not close the store. */
export interface Exchanges {
  /** Queues a row; over `maxQueued` the row is dropped and counted. Never throws, never waits. */
  write(record: ExchangeRecord): void;
  /** Writes what is queued now. False where that failed; the rows stay queued. */
  flush(): boolean;
  /** The last `count` rows, newest first, queued ones not included. */
  recent(count: number): ExchangeRecord[];
  /** Rows that never reached the disk since the start. */
  readonly dropped: number;
  close(): void;
}

/** Bounds of the table and of its queue, and who is told of trouble. */
export interface ExchangesOptions {
  /** Rows kept; older ones go. */
  readonly keep: number;
  /** Rows that may wait. */
  readonly maxQueued: number;
  /** Runs `task` once, `delayMs` from now, without keeping the process alive; returns a way to call it off. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  /** Told once when writing starts to fail and once when it works again. */
  readonly onTrouble: (trouble: { readonly failing: boolean; readonly dropped: number; readonly cause: unknown }) => void;
}

const FLUSH_MS = 200;
const RETRY_MS = 5000;
/** Retention is looked at each time this many rows were added. */
const PRUNE_EVERY = 500;

/** Opens the table of a store. */
export function openExchanges(store: Store, options: ExchangesOptions): Exchanges {
  const insert = store.db.prepare(
    `INSERT INTO exchanges (id, started_at_ms, profile, client, protocol, host, port, method, path, provider, endpoint, status,
       fault, verdict, edits, restored, request_bytes, reply_bytes, added_ms, duration_ms, equality)
     VALUES (@id, @startedAtMs, @profile, @client, @protocol, @host, @port, @method, @path, @provider, @endpoint, @status,
       @fault, @verdict, @edits, @restored, @requestBytes, @replyBytes, @addedMs, @durationMs, @equality) ON CONFLICT (id) DO NOTHING`,
  );
  const prune = store.db.prepare('DELETE FROM exchanges WHERE seq <= (SELECT max(seq) FROM exchanges) - ?');
  const select = store.db.prepare('SELECT * FROM exchanges ORDER BY seq DESC LIMIT ?');
  let queue: ExchangeRecord[] = [];
  let cancel: (() => void) | undefined;
  let dropped = 0;
  let failing = false;
  let sincePruned = PRUNE_EVERY;

  const writeAll = store.db.transaction((rows: readonly ExchangeRecord[]) => {
    for (const row of rows) {
      try {
        insert.run({ ...row, fault: row.fault ?? null, edits: JSON.stringify(row.edits) });
      } catch (thrown) {
        if (isDiskTrouble(thrown)) throw thrown;
        // A row that SQLite cannot take must not hold up the others for ever.
        dropped++;
      }
    }
    sincePruned += rows.length;
    if (sincePruned >= PRUNE_EVERY) {
      prune.run(options.keep);
      sincePruned = 0;
    }
  });

  const flush = (): boolean => {
    cancel?.();
    cancel = undefined;
    if (queue.length === 0) return true;
    try {
      writeAll.immediate(queue);
      queue = [];
      if (failing) options.onTrouble({ failing: false, dropped, cause: undefined });
      failing = false;
      return true;
    } catch (cause) {
      if (!failing) options.onTrouble({ failing: true, dropped, cause });
      failing = true;
      cancel = options.schedule(flush, RETRY_MS);
      return false;
    }
  };

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
    recent: (count) => (select.all(count) as Row[]).map(toRecord),
    get dropped() {
      return dropped;
    },
    close: () => {
      if (!flush()) dropped += queue.length;
      queue = [];
      cancel?.();
      cancel = undefined;
    },
  };
}

function isDiskTrouble(thrown: unknown): boolean {
  return /^SQLITE_(FULL|IOERR|BUSY|LOCKED|CANTOPEN|READONLY|CORRUPT|NOTADB|NOMEM)/.test(String((thrown as { code?: unknown }).code));
}

type Row = Readonly<Record<string, string | number | null>>;

function toRecord(row: Row): ExchangeRecord {
  return {
    id: row.id,
    startedAtMs: row.started_at_ms,
    profile: row.profile,
    client: row.client,
    protocol: row.protocol,
    host: row.host,
    port: row.port,
    method: row.method,
    path: row.path,
    provider: row.provider,
    endpoint: row.endpoint,
    status: row.status,
    fault: row.fault ?? undefined,
    verdict: row.verdict,
    edits: JSON.parse(String(row.edits)),
    restored: row.restored,
    requestBytes: row.request_bytes,
    replyBytes: row.reply_bytes,
    addedMs: row.added_ms,
    durationMs: row.duration_ms,
    equality: row.equality,
  } as ExchangeRecord;
}
