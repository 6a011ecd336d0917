// The table of what was used: sums by local day, profile, provider and model. The daemon adds to them in batches off the hot path, each in one
// transaction, so that a restart loses at most what was counted since the last. Must not know prices or budgets.
import { openTally, type Tally, type UsageRow } from '../rules/budget/tally.ts';
import { briefly, isBusy } from './busy.ts';
import type { Store } from './open.ts';

/** The sums of a store, as the daemon keeps them. `close()` writes what is left and does not close the store. */
export interface Usage {
  readonly tally: Tally;
  /** Something was added: it is written within a second. */
  changed(): void;
  /** Writes what was added now. False where that failed; it is tried again. */
  flush(): boolean;
  /** Lets go of the days before this one. */
  forget(before: string): void;
  close(): void;
}

/** When to write, and who is told of trouble. */
export interface UsageOptions {
  /** Runs `task` once, `delayMs` from now, without keeping the process alive; returns a way to call it off. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  /** Told once when reading or writing starts to fail and once when it works again. */
  readonly onTrouble: (trouble: { readonly failing: boolean; readonly cause: unknown }) => void;
}

const FLUSH_MS = 1000;
const RETRY_MS = 5000;
/** Writes in a row that find the store busy; from then on it is trouble. */
const MAX_BUSY = 10;

const COLUMNS = `day, profile, provider, model, requests, tokens_in AS tokensIn, cached_in AS cachedIn,
  cache_write_in AS cacheWriteIn, tokens_out AS tokensOut`;

/** The sums from a day on, by day and then as they were used most. */
export function usageSince(store: Store, day: string): readonly UsageRow[] {
  const sql = `SELECT ${COLUMNS} FROM usage WHERE day >= ? ORDER BY day, profile, tokens_in + tokens_out DESC, provider, model`;
  return store.db.prepare(sql).all(day) as UsageRow[];
}

/** Opens the table. */
export function openUsage(store: Store, { schedule, onTrouble }: UsageOptions): Usage {
  const { db } = store;
  const ofDay = db.prepare(`SELECT ${COLUMNS} FROM usage WHERE day = ?`);
  const add = db.prepare(
    `INSERT INTO usage (day, profile, provider, model, requests, tokens_in, cached_in, cache_write_in, tokens_out)
     VALUES (:day, :profile, :provider, :model, :requests, :tokensIn, :cachedIn, :cacheWriteIn, :tokensOut)
     ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, tokens_in = tokens_in + excluded.tokens_in,
       cached_in = cached_in + excluded.cached_in, cache_write_in = cache_write_in + excluded.cache_write_in,
       tokens_out = tokens_out + excluded.tokens_out`,
  );
  const erase = db.prepare('DELETE FROM usage WHERE day < ?');
  const addAll = db.transaction((rows: readonly UsageRow[]) => {
    for (const row of rows) add.run(row);
  });
  const tally = openTally((day) => {
    try {
      return ofDay.all(day) as UsageRow[];
    } catch (cause) {
      trouble(cause);
      return undefined;
    }
  });
  let cancel: (() => void) | undefined;
  let failing = false;
  let busy = 0;

  function trouble(cause: unknown): void {
    if (!failing) onTrouble({ failing: true, cause });
    failing = true;
  }

  function write(isLast: boolean): boolean {
    cancel?.();
    cancel = undefined;
    const rows = tally.take();
    if (rows.length === 0) return true;
    try {
      const all = () => addAll.immediate(rows);
      if (isLast) all();
      else briefly(store, all);
    } catch (cause) {
      tally.giveBack(rows);
      const waits = isBusy(cause) && ++busy < MAX_BUSY;
      if (!waits) trouble(cause);
      cancel = schedule(() => write(false), waits ? FLUSH_MS : RETRY_MS);
      return false;
    }
    busy = 0;
    if (failing) onTrouble({ failing: false, cause: undefined });
    failing = false;
    return true;
  }

  return {
    tally,
    changed() {
      cancel ??= schedule(() => write(false), FLUSH_MS);
    },
    flush: () => write(false),
    forget(before) {
      try {
        briefly(store, () => void erase.run(before));
      } catch (cause) {
        // It is tried again with the next day.
        if (!isBusy(cause)) trouble(cause);
      }
    },
    close() {
      write(true);
      cancel?.();
      cancel = undefined;
    },
  };
}
