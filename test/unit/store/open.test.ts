import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { takeLock } from '../../../src/store/lock.ts';
import { MIGRATIONS } from '../../../src/store/migrations.ts';
import { checkStore, openStore, type Store, type StoreOptions } from '../../../src/store/open.ts';
import { scratchFolder } from '../../support/folder.ts';

function open(path: string, over: Partial<StoreOptions> = {}): Store {
  const store = openStore({ path, busyTimeoutMs: 50, ...over });
  onTestFinished(() => store.close());
  return store;
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('a new store: WAL, private from the first byte whatever the umask, sound', () => {
  const before = process.umask(0);
  try {
    const path = join(scratchFolder(), 's.db');
    const store = open(path);
    expect(store.db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(store.db.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(store.notices).toEqual([]);
    expect(checkStore(store)).toBe('ok');
    expect([path, `${path}-wal`, `${path}-shm`].map(mode)).toEqual(['600', '600', '600']);
  } finally {
    process.umask(before);
  }
});

test('opening again changes nothing; a second process may read along', () => {
  const path = join(scratchFolder(), 's.db');
  open(path);
  expect(open(path).db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
  expect(readdirSync(join(path, '..')).sort()).toEqual(['s.db', 's.db-shm', 's.db-wal']);
});

test('migrations run in order, each after a backup that is private and whole', () => {
  const path = join(scratchFolder(), 's.db');
  const steps = ['CREATE TABLE t (a)', 'ALTER TABLE t ADD b', 'ALTER TABLE t ADD c', 'ALTER TABLE t ADD d', 'ALTER TABLE t ADD e'];
  const one = openStore({ path, migrations: steps.slice(0, 1) });
  one.db.exec("INSERT INTO t VALUES ('kept')");
  one.close();
  const all = open(path, { migrations: steps });
  expect(all.notices).toHaveLength(4);
  expect(all.db.prepare('SELECT * FROM t').all()).toEqual([{ a: 'kept', b: null, c: null, d: null, e: null }]);
  const backups = readdirSync(join(path, '..')).filter((n) => n.endsWith('.backup'));
  // The oldest of the four is gone: three are kept.
  expect(backups.sort()).toEqual(['s.db.schema-2.backup', 's.db.schema-3.backup', 's.db.schema-4.backup']);
  for (const name of backups) expect(mode(join(path, '..', name))).toBe('600');
  expect(
    open(join(path, '..', 's.db.schema-2.backup'), { migrations: steps.slice(0, 2) })
      .db.prepare('SELECT a FROM t')
      .all(),
  ).toEqual([{ a: 'kept' }]);
});

test('a migration that fails leaves everything as it was and names the backup', () => {
  const path = join(scratchFolder(), 's.db');
  openStore({ path, migrations: ['CREATE TABLE t (a)'] }).close();
  expect(() => openStore({ path, migrations: ['CREATE TABLE t (a)', 'CREATE TABLE u (a); NONSENSE'] })).toThrow(
    /could not be brought to schema 2: .*; the data as it was is in .*schema-1\.backup/,
  );
  const after = open(path, { migrations: ['CREATE TABLE t (a)'] });
  expect(after.db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()).toEqual(['t']);
  expect(() => openStore({ path: join(path, '../new.db'), migrations: ['NONSENSE'] })).toThrow(/schema 1: [^;]*$/);
});

test('a newer schema is refused in one line and left alone', () => {
  const path = join(scratchFolder(), 's.db');
  const store = openStore({ path });
  store.db.pragma('user_version = 99');
  store.close();
  expect(() => openStore({ path })).toThrow(
    `${path} was written by a newer Sallyport (schema 99, this one knows ${MIGRATIONS.length}): update, or choose another home`,
  );
});

test('loose modes, files that are no database, folders that are not there', () => {
  const path = join(scratchFolder(), 's.db');
  openStore({ path }).close();
  chmodSync(path, 0o644);
  expect(() => openStore({ path })).toThrow(`chmod 600 '${path}'`);
  const text = join(path, '../text.db');
  writeFileSync(text, 'this is no database, it is a text of some length '.repeat(30), { mode: 0o600 });
  expect(() => openStore({ path: text })).toThrow(/cannot be opened: file is not a database/);
  expect(() => openStore({ path: '/nonexistent/s.db' })).toThrow(/cannot be opened: .*ENOENT/);
});

test('the lock: one holder in this process or another, free after SIGKILL', async () => {
  const path = join(scratchFolder(), 'lock');
  const lock = takeLock(path);
  expect(lock).toBeDefined();
  expect(takeLock(path)).toBeUndefined();
  lock?.close();
  const module = join(import.meta.dirname, '../../../src/store/lock.ts');
  const child = spawn(
    process.execPath,
    [
      '-e',
      `import(${JSON.stringify(module)}).then((m) => { m.takeLock(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000); })`,
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect(takeLock(path)).toBeUndefined();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const again = takeLock(path);
  expect(again).toBeDefined();
  again?.close();
  expect(mode(path)).toBe('600');
  expect(() => takeLock('/nonexistent/lock')).toThrow(/cannot be taken/);
});
