// One daemon for one home. SQLite's own file lock does it: the kernel drops it with the process, however that ends, and
// no process id can be taken for another's. Must not know who asks, nor what runs under the lock.
import { closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { StoreError } from './store-error.ts';

/** Held until `close()` or the end of the process. */
export interface Lock {
  close(): void;
}

/** The lock, or undefined while another process holds it. Throws StoreError where the file cannot be made. */
export function takeLock(path: string): Lock | undefined {
  let db: Database.Database | undefined;
  try {
    closeSync(openSync(path, 'a', 0o600));
    db = new Database(path, { timeout: 0 });
    db.exec('BEGIN EXCLUSIVE');
  } catch (thrown) {
    db?.close();
    if ((thrown as { code?: string }).code === 'SQLITE_BUSY') return undefined;
    throw new StoreError(`the lock ${path} cannot be taken: ${(thrown as Error).message}`, thrown);
  }
  const held = db;
  return {
    close: () => {
      held.close();
    },
  };
}
