// A backup of the store: one private file, whole or not there, never over another unless that is asked for. No key that opens anything is
// in it, since none is in the store. Must not know where the keys are.
import { closeSync, fsyncSync, linkSync, openSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import Database from 'better-sqlite3';
import { reason, syncFolder } from './home.ts';
import { checkStore, openStore, openToRead, type Store } from './open.ts';
import { StoreError } from './store-error.ts';

/** Writes `file`, 0600. Throws StoreError, and then leaves no part of one: it is there already, cannot be written, the disk is full. */
export function backUpStore(store: Store, file: string, mayReplace: boolean): void {
  const draft = `${file}.${process.pid}.new`;
  const replaces = mayReplace && isThere(file);
  if (replaces) refuseOther(store, file);
  else claim(file);
  try {
    removeStore(draft);
    copyInto(store, draft);
    renameSync(draft, file);
    syncFolder(dirname(file));
  } catch (thrown) {
    removeStore(draft);
    if (!replaces) rmSync(file, { force: true });
    throw failed(`${file} cannot be written`, thrown);
  }
}

/** The name is ours from here on, whoever else wants it. */
function claim(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST')
      throw new StoreError(`${file} is there already: choose another name, or add --force`);
    throw failed(`${file} cannot be written`, thrown);
  }
}

/** Only a backup is replaced by one: a slip of the fingers must not cost a key. */
function refuseOther({ db }: Store, file: string): void {
  if (realpathSync(file) === realpathSync(db.name)) throw new StoreError(`${file} is the store itself: choose another name`);
  try {
    openToRead(file).close();
  } catch (thrown) {
    throw new StoreError(`${file} is there and is no backup of a store: choose another name`, thrown);
  }
}

/** What a restore came to. */
export interface Restored {
  /** Where the store that was there is kept; undefined where there was none. */
  readonly aside: string | undefined;
}

/**
 * Puts the backup in the place of the store at `path`. It is copied, brought up to date and checked first, by `check` too (which throws);
 * whoever is killed meanwhile leaves the old store or the new one. The caller holds the lock of the home.
 * Throws StoreError, and then the store is as it was.
 */
export async function restoreStore(path: string, backup: string, nowMs: number, check: (draft: Store) => Promise<void>): Promise<Restored> {
  const draft = `${path}.restoring`;
  try {
    removeStore(draft);
    copyBackup(backup, draft);
    const store = openStore({ path: draft, backsUp: false });
    try {
      await check(store);
    } finally {
      store.close();
    }
    const aside = isThere(path) ? `${path}.replaced-${nowMs}.backup` : undefined;
    if (aside !== undefined) keepAside(path, aside);
    renameSync(draft, path);
    syncFolder(dirname(path));
    return { aside };
  } catch (thrown) {
    throw failed(`${backup} cannot be restored`, thrown);
  } finally {
    removeStore(draft);
  }
}

function copyBackup(backup: string, draft: string): void {
  const source = openToRead(backup);
  try {
    const complaint = checkStore(source);
    if (complaint !== 'ok') throw new StoreError(`${backup} is damaged (${complaint}): take another backup`);
    copyInto(source, draft);
  } finally {
    source.close();
  }
}

/** A copy with nothing of what was deleted, on the disk when this returns. */
function copyInto({ db }: Store, draft: string): void {
  // VACUUM INTO takes an empty file that is there, so its mode is ours to set.
  const fd = openSync(draft, 'wx', 0o600);
  try {
    db.prepare('VACUUM INTO ?').run(draft);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Leaves the store under a second name, with what its log still holds: a log that stayed would be applied to whatever comes in its place. */
function keepAside(path: string, aside: string): void {
  // SQLite throws the log of a damaged file away when it may write.
  if (isSound(path)) mergeLog(path);
  linkSync(path, aside);
  for (const end of ['-wal', '-shm']) if (isThere(path + end)) renameSync(path + end, aside + end);
}

function isSound(path: string): boolean {
  let store: Store | undefined;
  try {
    store = openToRead(path);
    return checkStore(store) === 'ok';
  } catch {
    return false;
  } finally {
    store?.close();
  }
}

function mergeLog(path: string): void {
  const db = new Database(path, { timeout: 1000 });
  try {
    db.pragma('journal_mode = DELETE');
  } catch (thrown) {
    if ((thrown as { code?: string }).code !== 'SQLITE_BUSY') throw thrown;
    throw new StoreError(`${basename(path)} is in use by another command: try again when that is done`, thrown);
  } finally {
    db.close();
  }
}

function removeStore(path: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(path + end, { force: true });
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function failed(line: string, thrown: unknown): StoreError {
  return thrown instanceof StoreError ? thrown : new StoreError(`${line}: ${reason(thrown)}`, thrown);
}
