// The one SQLite file: private from its first byte, migrated forward only, backed up before each migration.
// Must not know any table (migrations do). Whoever lets it migrate holds the lock of the home (lock.ts).
import { closeSync, existsSync, openSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { checkPrivate } from './home.ts';
import { MIGRATIONS } from './migrations.ts';
import { StoreError } from './store-error.ts';

/** An open store; whoever opened it closes it. */
export interface Store {
  readonly db: Database.Database;
  /** What there is to tell about opening it: migrations done, backups kept. */
  readonly notices: readonly string[];
  close(): void;
}

/** Which file, and how patient. */
export interface StoreOptions {
  /** In a folder that openHome made. */
  readonly path: string;
  /** Tests may bring their own steps. */
  readonly migrations?: readonly string[];
  /** False where another process holds the lock: a store that would have to be migrated is refused. */
  readonly mayMigrate?: boolean;
  /** False for a file that is a copy itself. */
  readonly backsUp?: boolean;
  /** How long a statement waits for another process, ms. */
  readonly busyTimeoutMs?: number;
}

/** The store has to be migrated, and whoever opens it may not. */
export class OutdatedStore extends StoreError {}

const BACKUPS_KEPT = 3;

/** Throws StoreError: loose modes, a newer schema, a damaged file, a failed migration (the backup is named). */
export function openStore(options: StoreOptions): Store {
  const { path, migrations = MIGRATIONS } = options;
  for (const file of [path, `${path}-wal`, `${path}-shm`]) checkPrivate(file);
  let db: Database.Database | undefined;
  try {
    // SQLite gives -wal and -shm the mode of the main file, so that one has to be right before SQLite sees it.
    closeSync(openSync(path, 'a', 0o600));
    db = new Database(path, { timeout: options.busyTimeoutMs ?? 5000 });
    const version = schemaVersion(db);
    refuseNewer(path, version, migrations.length);
    if (version < migrations.length && options.mayMigrate === false) {
      throw new OutdatedStore('the daemon that runs is of an older version: stop it first, then the store can be brought up to date');
    }
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    db.pragma('trusted_schema = OFF');
    const notices = migrate(db, path, migrations, options.backsUp !== false);
    const open = db;
    return { db, notices, close: () => void open.close() };
  } catch (thrown) {
    db?.close();
    throw notOpened(path, thrown);
  }
}

/** Opens a file to look at it: nothing in it is changed, nor its schema. Throws StoreError: no such file, no store, one of a newer schema. */
export function openToRead(path: string): Store {
  let db: Database.Database | undefined;
  try {
    // Without a log nobody has it open; then SQLite makes one, and only who may write takes it away again.
    db = new Database(path, { readonly: existsSync(`${path}-wal`), fileMustExist: true });
    const version = schemaVersion(db);
    refuseNewer(path, version, MIGRATIONS.length);
    if (version === 0) throw new StoreError(`${path} is no store of Sallyport`);
    const open = db;
    return { db, notices: [], close: () => void open.close() };
  } catch (thrown) {
    db?.close();
    throw notOpened(path, thrown);
  }
}

/** Whether the file is sound, as SQLite sees it, and no row points at one that is missing: 'ok' or the first complaint. */
export function checkStore({ db }: Store): string {
  try {
    const said = String(db.pragma('quick_check(1)', { simple: true }));
    const [lost] = db.pragma('foreign_key_check') as { readonly table: string; readonly parent: string }[];
    return said === 'ok' && lost ? `a row of ${lost.table} points at none of ${lost.parent}` : said;
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

function refuseNewer(path: string, version: number, known: number): void {
  if (version <= known) return;
  throw new StoreError(
    `${path} was written by a newer Sallyport (schema ${version}, this one knows ${known}): update, or choose another home`,
  );
}

function notOpened(path: string, thrown: unknown): StoreError {
  return thrown instanceof StoreError ? thrown : new StoreError(`the store ${path} cannot be opened: ${(thrown as Error).message}`, thrown);
}

/** How many migrations the file has seen. */
export function schemaVersion(db: Database.Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

function migrate(db: Database.Database, path: string, migrations: readonly string[], backsUp: boolean): string[] {
  const notices: string[] = [];
  const keeps = backsUp && schemaVersion(db) > 0;
  for (let from = schemaVersion(db); from < migrations.length; from = schemaVersion(db)) {
    const backup = keeps ? backUp(db, path, from) : undefined;
    const step = db.transaction(() => {
      db.exec(migrations[from]!);
      db.pragma(`user_version = ${from + 1}`);
    });
    try {
      step.immediate();
    } catch (thrown) {
      const kept = backup ? `; the data as it was is in ${backup}` : '';
      throw new StoreError(`the store ${path} could not be brought to schema ${from + 1}: ${(thrown as Error).message}${kept}`, thrown);
    }
    if (backup) notices.push(`store brought from schema ${from} to ${from + 1}, backup in ${backup}`);
  }
  return notices;
}

function backUp(db: Database.Database, path: string, version: number): string {
  const backup = `${path}.schema-${version}.backup`;
  rmSync(backup, { force: true });
  // VACUUM INTO takes an empty file that is there, so its mode is ours to set.
  closeSync(openSync(backup, 'wx', 0o600));
  db.prepare('VACUUM INTO ?').run(backup);
  dropOldBackups(path);
  return backup;
}

function dropOldBackups(path: string): void {
  const prefix = `${basename(path)}.schema-`;
  const numbered = readdirSync(dirname(path)).filter((n) => n.startsWith(prefix) && n.endsWith('.backup'));
  const order = (name: string) => Number.parseInt(name.slice(prefix.length), 10);
  for (const old of numbered.sort((a, b) => order(b) - order(a)).slice(BACKUPS_KEPT)) rmSync(join(dirname(path), old), { force: true });
}
