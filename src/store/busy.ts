// A store that another process is writing to: how long to wait for it where exchanges wait too, and how to tell that it was so.
// Must not try again: when to is for whoever writes.
import type { Store } from './open.ts';

/** How long a write waits for a command that is writing, ms: exchanges wait with it. */
const BRIEF_MS = 20;

/** Runs `work`, whose statements wait no longer than that for other processes, or than `waitMs`. Throws what it throws. */
export function briefly(store: Pick<Store, 'db'>, work: () => void, waitMs = BRIEF_MS): void {
  const patienceMs = store.db.pragma('busy_timeout', { simple: true }) as number;
  store.db.pragma(`busy_timeout = ${waitMs}`);
  try {
    work();
  } finally {
    store.db.pragma(`busy_timeout = ${patienceMs}`);
  }
}

/** Whether that is what was thrown. */
export function isBusy(thrown: unknown): boolean {
  return sqliteCode(thrown).startsWith('SQLITE_BUSY');
}

/** The code of what SQLite threw, `SQLITE_FULL` for one; other text where it was not SQLite. */
export function sqliteCode(thrown: unknown): string {
  return String((thrown as { code?: unknown }).code);
}
