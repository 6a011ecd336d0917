// Backups: whole or not there, closed to others, free of keys; and what a restore refuses leaves the store as it was.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { backUpStore, restoreStore } from '../../../src/store/backup.ts';
import { openKeyring } from '../../../src/store/keyring.ts';
import { MIGRATIONS } from '../../../src/store/migrations.ts';
import { checkStore, openStore, openToRead, type Store } from '../../../src/store/open.ts';
import { StoreError } from '../../../src/store/store-error.ts';
import { scratchFolder } from '../../support/folder.ts';

const fine = async () => {};

function open(path: string): Store {
  const store = openStore({ path });
  onTestFinished(() => store.close());
  return store;
}

/** A store with one key in it, of its own `name`. */
async function stored(home: string, name = 'first'): Promise<string> {
  const path = join(home, 'sallyport.db');
  const store = openStore({ path });
  const keyring = await openKeyring({ store, home, environment: {}, now: () => 1 });
  keyring.ownKey(name);
  store.close();
  return path;
}

function backedUp(path: string, file: string): string {
  const store = openToRead(path);
  backUpStore(store, file, false);
  store.close();
  return file;
}

const names = (path: string) => openAndRead(path, 'SELECT name FROM own_keys ORDER BY name');

function openAndRead(path: string, sql: string): unknown[] {
  const store = openToRead(path);
  try {
    return store.db.prepare(sql).pluck().all();
  } finally {
    store.close();
  }
}

/** Overwrites pages in the middle of a file that SQLite still opens. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096, 4096 * 4);
  writeFileSync(path, bytes);
}

test('a backup of a store that is being written: whole, 0600, no draft left, the key not in it', async () => {
  const home = scratchFolder();
  const path = await stored(home);
  const writer = open(path);
  writer.db.exec("INSERT INTO own_keys VALUES ('late', 'x')");
  const before = process.umask(0);
  const file = backedUp(path, join(home, 'b'));
  process.umask(before);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(names(file)).toEqual(['first', 'late']);
  expect(readFileSync(file).includes(readFileSync(join(home, 'sallyport.key')))).toBe(false);
  expect(readdirSync(home).filter((name) => name.startsWith('b'))).toEqual(['b']);
});

test('no file is overwritten, but a backup when that is asked for', async () => {
  const home = scratchFolder();
  const path = await stored(home);
  const file = backedUp(path, join(home, 'b'));
  const bytes = readFileSync(file);
  const store = openToRead(path);
  onTestFinished(() => store.close());
  expect(() => backUpStore(store, file, false)).toThrow(`${file} is there already: choose another name, or add --force`);
  expect(readFileSync(file).equals(bytes)).toBe(true);
  backUpStore(store, file, true);
  expect(names(file)).toEqual(['first']);
  const key = join(home, 'sallyport.key');
  expect(() => backUpStore(store, key, true)).toThrow(`${key} is there and is no backup of a store`);
  expect(readFileSync(key)).toHaveLength(32);
  expect(() => backUpStore(store, path, true)).toThrow(`${path} is the store itself`);
  expect(() => backUpStore(store, join(home, 'none/b'), false)).toThrow('cannot be written: no such file or folder');
});

test('a restore keeps what it replaces beside, with what its log held', async () => {
  const home = scratchFolder();
  const path = await stored(home);
  const file = backedUp(path, join(home, 'b'));
  await stored(home, 'second');
  const { aside } = await restoreStore(path, file, 7, fine);
  expect(aside).toBe(`${path}.replaced-7.backup`);
  expect(names(path)).toEqual(['first']);
  expect(names(aside!)).toEqual(['first', 'second']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(home).filter((name) => name.includes('restoring'))).toEqual([]);
});

test('a restore into a home that has no store yet', async () => {
  const home = scratchFolder();
  const file = backedUp(await stored(home), join(home, 'b'));
  const path = join(scratchFolder(), 'sallyport.db');
  expect(await restoreStore(path, file, 7, fine)).toEqual({ aside: undefined });
  expect(checkStore(open(path))).toBe('ok');
});

test('a backup of an older schema is brought up to date on the way', async () => {
  const home = scratchFolder();
  const old = join(home, 'old');
  openStore({ path: old, migrations: MIGRATIONS.slice(0, 1) }).close();
  const path = join(home, 'sallyport.db');
  await restoreStore(path, old, 7, fine);
  expect(openAndRead(path, 'PRAGMA user_version')).toEqual([MIGRATIONS.length]);
  expect(readdirSync(home).filter((name) => name.includes('.schema-'))).toEqual([]);
});

test.each([
  ['is of a newer schema', /newer Sallyport/, (file: string) => change(file, 'PRAGMA user_version = 99')],
  ['is damaged', /is damaged|malformed/, damage],
  ['points at rows that are gone', /a row of child points at none of own_keys/, (file: string) => change(file, ORPHAN)],
  ['is empty', /is no store of Sallyport/, (file: string) => writeFileSync(file, '')],
  ['is no database', /file is not a database/, (file: string) => writeFileSync(file, 'a text of some length '.repeat(99))],
])('a backup that %s is refused, and the store stays', async (_, complaint, spoil) => {
  const home = scratchFolder();
  const path = await stored(home);
  const file = backedUp(path, join(home, 'b'));
  spoil(file);
  await expect(restoreStore(path, file, 7, fine)).rejects.toThrow(complaint);
  expect(names(path)).toEqual(['first']);
  expect(readdirSync(home).filter((name) => /restoring|replaced/.test(name))).toEqual([]);
});

const ORPHAN = "CREATE TABLE child (of_key TEXT REFERENCES own_keys (name)); INSERT INTO child VALUES ('none')";

function change(file: string, sql: string): void {
  const store = openStore({ path: file });
  store.db.pragma('foreign_keys = OFF');
  store.db.exec(sql);
  store.close();
}

test('a backup that whoever asks refuses is not put in place', async () => {
  const home = scratchFolder();
  const path = await stored(home);
  const file = backedUp(path, join(home, 'b'));
  await stored(home, 'second');
  const refuse = () => Promise.reject(new StoreError('sealed with another key'));
  await expect(restoreStore(path, file, 7, refuse)).rejects.toThrow('sealed with another key');
  expect(names(path)).toEqual(['first', 'second']);
});

test('a store that another command uses is not taken away below it', async () => {
  const home = scratchFolder();
  const path = await stored(home);
  const file = backedUp(path, join(home, 'b'));
  const other = open(path);
  await expect(restoreStore(path, file, 7, fine)).rejects.toThrow('sallyport.db is in use by another command');
  other.close();
  await restoreStore(path, file, 7, fine);
});

test('a damaged store is kept as it is, its log with it', async () => {
  const home = scratchFolder();
  const path = await stored(home);
  const file = backedUp(path, join(home, 'b'));
  writeFileSync(path, 'no database any more '.repeat(999));
  writeFileSync(`${path}-wal`, 'its log');
  const { aside } = await restoreStore(path, file, 7, fine);
  expect(names(path)).toEqual(['first']);
  expect(readFileSync(`${aside}-wal`, 'utf8')).toBe('its log');
});

test('what a killed restore left is no obstacle', async () => {
  const home = scratchFolder();
  const path = await stored(home);
  const file = backedUp(path, join(home, 'b'));
  writeFileSync(`${path}.restoring`, 'half');
  writeFileSync(`${path}.restoring-wal`, 'half');
  await restoreStore(path, file, 7, fine);
  expect(names(path)).toEqual(['first']);
});

test('a backup that fails half-way leaves neither the name nor a part', async () => {
  const home = scratchFolder();
  const store = openToRead(await stored(home));
  store.close();
  expect(() => backUpStore(store, join(home, 'b'), false)).toThrow(`${join(home, 'b')} cannot be written: `);
  expect(readdirSync(home).filter((name) => name.startsWith('b'))).toEqual([]);
});

/** A file system of `kilobytes` in a mount namespace of its own; undefined where the machine does not allow one. */
function onSmallDisk(kilobytes: number, folder: string, script: string): string | undefined {
  const mount = `mount -t tmpfs -o size=${kilobytes}k,mode=700 tmpfs ${folder}`;
  try {
    execFileSync('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', mount], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return execFileSync('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', `${mount} && ${script}`]).toString();
}

test('a full disk: one line, and neither half a backup nor half a store', async (context) => {
  const home = scratchFolder();
  const path = await stored(home);
  change(path, 'CREATE TABLE big (a); INSERT INTO big VALUES (randomblob(900000))');
  const disk = join(home, 'disk');
  mkdirSync(disk);
  const module = join(import.meta.dirname, '../../../src/store');
  const script = join(home, 'run.mjs');
  writeFileSync(
    script,
    `import { backUpStore, restoreStore } from '${module}/backup.ts';
     import { openToRead } from '${module}/open.ts';
     import { readdirSync } from 'node:fs';
     const store = openToRead('${path}');
     try { backUpStore(store, '${disk}/b', false); } catch (e) { console.log(e.message); }
     console.log(readdirSync('${disk}').join());
     await restoreStore('${disk}/sallyport.db', '${path}', 7, async () => {}).catch((e) => console.log(e.message));
     console.log(readdirSync('${disk}').join());`,
  );
  const said = onSmallDisk(400, disk, `'${process.execPath}' '${script}'`);
  if (said === undefined) return context.skip();
  expect(said).toBe(`${disk}/b cannot be written: the disk is full\n\n${path} cannot be restored: the disk is full\n\n`);
});
