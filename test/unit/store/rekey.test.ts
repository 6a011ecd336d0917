// A new data key: whenever the process dies, every value opens and the next call ends what was begun; nothing is left under the old key.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { countKeys, countSeals } from '../../../src/store/data-keys.ts';
import { changeSource } from '../../../src/store/key-change.ts';
import { passphrase } from '../../../src/store/key-sources/passphrase.ts';
import { type KeyringOptions, openKeyring } from '../../../src/store/keyring.ts';
import { openStore } from '../../../src/store/open.ts';
import { type RekeyOptions, rekey } from '../../../src/store/rekey.ts';
import { SealError, sealedBy } from '../../../src/store/seal.ts';
import { SEALED_COLUMNS } from '../../../src/store/sealed-columns.ts';
import { scratchFolder } from '../../support/folder.ts';

/** A table of two sealed columns, one of them often empty, whose rows are named by two of its columns. */
const COLUMNS = [
  ...SEALED_COLUMNS,
  { table: 'things', row: "kind || '/' || id", column: 'value' },
  { table: 'things', row: "kind || '/' || id", column: 'note' },
];
const ROWS = 7;

function at(home: string, environment: Readonly<Record<string, string>> = {}): KeyringOptions {
  const store = openStore({ path: join(home, 'sallyport.db') });
  onTestFinished(() => store.close());
  return { store, home, environment, now: () => 5 };
}

const placeOf = (i: number, column: string) => ({ table: 'things', row: `k/${i}`, column });

async function filled(home: string, batch = 2): Promise<RekeyOptions> {
  const options = at(home);
  const keyring = await openKeyring(options);
  options.store.db.exec('CREATE TABLE things (kind TEXT, id INTEGER, value TEXT, note TEXT)');
  const add = options.store.db.prepare("INSERT INTO things VALUES ('k', ?, ?, ?)");
  for (let i = 0; i < ROWS; i++)
    add.run(i, keyring.seal(placeOf(i, 'value'), `value ${i}`), i % 3 === 0 ? keyring.seal(placeOf(i, 'note'), `note ${i}`) : null);
  keyring.ownKey('audit');
  return { ...options, columns: COLUMNS, batch };
}

interface Row {
  readonly id: number;
  readonly value: string;
  readonly note: string | null;
}

/** What the values say, read by a process that comes anew. */
async function readBack(home: string): Promise<string[]> {
  const options = at(home);
  const keyring = await openKeyring(options);
  const rows = options.store.db.prepare('SELECT * FROM things ORDER BY id').all() as Row[];
  return rows.flatMap(({ id, value, note }) => [
    keyring.open(placeOf(id, 'value'), value).toString(),
    ...(note === null ? [] : [keyring.open(placeOf(id, 'note'), note).toString()]),
  ]);
}

const ALL = Array.from({ length: ROWS }, (_, i) => (i % 3 === 0 ? [`value ${i}`, `note ${i}`] : [`value ${i}`])).flat();

describe('a rekey', { timeout: 60_000 }, () => {
  test('seals everything anew, drops the old key from the file and keeps our own keys', async () => {
    const home = scratchFolder();
    const options = await filled(home);
    const keyring = await openKeyring(options);
    const before = options.store.db.prepare('SELECT value FROM things').pluck().all() as string[];
    const oldKey = options.store.db.prepare('SELECT wrapped FROM data_keys').pluck().get() as string;
    const own = keyring.ownKey('audit');
    const steps: string[] = [];
    const done = await rekey({ ...options, onStep: (n, total) => void steps.push(`${n}/${total}`) });
    expect(done).toEqual({ sealed: ALL.length + 1, unopened: [], dropped: 1, resumed: false });
    expect(steps.at(0)).toBe(`0/${ALL.length + 1}`);
    expect(steps.at(-1)).toBe(`${ALL.length + 1}/${ALL.length + 1}`);
    expect(await readBack(home)).toEqual(ALL);
    expect(countKeys(options.store)).toBe(1);
    expect(countSeals(options.store)).toBe(ALL.length + 1);
    for (const end of ['', '-wal']) {
      const bytes = readFileSync(`${options.store.db.name}${end}`);
      for (const text of [...before, oldKey]) expect(bytes.includes(text)).toBe(false);
    }
    expect((await openKeyring(at(home))).ownKey('audit').equals(own)).toBe(true);
    expect((await rekey(options)).resumed).toBe(false);
  });

  test('that ends after any step is ended by the next call, and every value opens in between', async () => {
    for (let n = 0; ; n++) {
      const home = scratchFolder();
      const options = await filled(home);
      let step = 0;
      const crash = () => {
        if (step++ === n) throw new Error('killed');
      };
      const ended = await rekey({ ...options, onStep: crash }).then(
        () => true,
        () => false,
      );
      if (ended) {
        expect(n).toBeGreaterThan(8);
        break;
      }
      options.store.close();
      expect(await readBack(home)).toEqual(ALL);
      const again = at(home);
      expect(countKeys(again.store)).toBe(2);
      const done = await rekey({ ...options, ...again });
      expect(done).toMatchObject({ unopened: [], dropped: 1, resumed: true });
      expect(await readBack(home)).toEqual(ALL);
      expect(countKeys(again.store)).toBe(1);
    }
  });

  test.each([0, 3, 7])('killed at step %i', async (n) => {
    const home = scratchFolder();
    (await filled(home)).store.close();
    const from = join(import.meta.dirname, '../../../src/store');
    const script = `
      import { openStore } from '${from}/open.ts';
      import { rekey } from '${from}/rekey.ts';
      const store = openStore({ path: '${home}/sallyport.db' });
      let step = 0;
      const onStep = () => step++ === ${n} && process.kill(process.pid, 'SIGKILL');
      await rekey({ store, home: '${home}', environment: {}, now: () => 1, batch: 2, columns: ${JSON.stringify(COLUMNS)}, onStep });`;
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', script]).signal).toBe('SIGKILL');
    expect(await readBack(home)).toEqual(ALL);
    const options = { ...at(home), columns: COLUMNS };
    expect(await rekey(options)).toMatchObject({ dropped: 1, resumed: true });
    expect(await readBack(home)).toEqual(ALL);
  });

  test('leaves a value that was moved where it is, says so, keeps its key, and does not stand in the way of the next one', async () => {
    const home = scratchFolder();
    const options = await filled(home);
    options.store.db.exec('UPDATE things SET value = (SELECT value FROM things WHERE id = 2) WHERE id = 5');
    const moved = options.store.db.prepare('SELECT value FROM things WHERE id = 5').pluck().get() as string;
    const done = await rekey(options);
    expect(done).toMatchObject({ sealed: ALL.length, dropped: 0, resumed: false });
    expect(done.unopened).toEqual([expect.stringContaining('value of «k/5» in things does not open')]);
    expect(options.store.db.prepare('SELECT value FROM things WHERE id = 5').pluck().get()).toBe(moved);
    const current = () => sealedBy(options.store.db.prepare('SELECT value FROM things WHERE id = 2').pluck().get() as string);
    const first = current();
    expect(await rekey(options)).toMatchObject({ sealed: ALL.length, dropped: 1, resumed: false });
    expect(current()).not.toBe(first);
    const keyring = await openKeyring(at(home));
    expect(() => keyring.open(placeOf(5, 'value'), moved)).toThrow(SealError);
    expect(keyring.open(placeOf(2, 'value'), moved).toString()).toBe('value 2');
  });

  test('lists what no key of the store has sealed', async () => {
    const options = await filled(scratchFolder());
    options.store.db.exec("UPDATE things SET value = 'enc:v2:000000000000:AAAA' WHERE id = 1");
    options.store.db.exec("UPDATE things SET value = 'plain' WHERE id = 4");
    expect((await rekey(options)).unopened).toHaveLength(2);
  });

  test('is seen by a keyring that was open before', async () => {
    const home = scratchFolder();
    const options = await filled(home);
    const other = await openKeyring(at(home));
    await rekey(options);
    const row = options.store.db.prepare('SELECT value FROM things WHERE id = 1').pluck().get() as string;
    expect(other.open(placeOf(1, 'value'), row).toString()).toBe('value 1');
    const sealed = other.seal(placeOf(1, 'value'), 'another');
    expect(sealedBy(sealed)).toBe(sealedBy(row));
    expect((await openKeyring(at(home))).open(placeOf(1, 'value'), sealed).toString()).toBe('another');
  });

  test('after another source: a keyring of before goes on with what it has, and seals nothing', async () => {
    const home = scratchFolder();
    const options = await filled(home);
    const other = await openKeyring(at(home));
    const row = options.store.db.prepare('SELECT value FROM things WHERE id = 1').pluck().get() as string;
    const next = { home, environment: { SALLYPORT_PASSPHRASE: 'tulip harbour 9 sofa' } };
    await changeSource(options, passphrase, next);
    expect(other.open(placeOf(1, 'value'), row).toString()).toBe('value 1');
    await rekey({ ...options, ...next });
    expect(() => other.seal(placeOf(1, 'value'), 'x')).toThrow('its key was changed since this process opened it: start it again');
    const anew = options.store.db.prepare('SELECT value FROM things WHERE id = 1').pluck().get() as string;
    expect(() => other.open(placeOf(1, 'value'), anew)).toThrow('a key that this store does not have');
  });

  test('of a vault that is locked, or whose source changes meanwhile, changes nothing', async () => {
    const home = scratchFolder();
    const options = await filled(home);
    const key = readFileSync(join(home, 'sallyport.key'));
    writeFileSync(join(home, 'sallyport.key'), Buffer.alloc(32));
    await expect(rekey(options)).rejects.toThrow('is not the key that it was sealed with');
    writeFileSync(join(home, 'sallyport.key'), key);
    const changing = () => {
      options.store.db.exec("UPDATE key_source SET facts = 'others'");
      return 5;
    };
    await expect(rekey({ ...options, now: changing })).rejects.toThrow('another command has changed the key meanwhile');
    expect(countKeys(options.store)).toBe(1);
  });
});
