// The keyring: what is sealed opens where it was sealed and nowhere else, and a missing key locks instead of being replaced.
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { countKeys, countSeals, MAX_SEALS } from '../../../src/store/data-keys.ts';
import { type KeySource, KeyTrouble } from '../../../src/store/key-source.ts';
import { keyFile } from '../../../src/store/key-sources/key-file.ts';
import { systemd } from '../../../src/store/key-sources/systemd.ts';
import { type Keyring, LockedError, openKeyring } from '../../../src/store/keyring.ts';
import { MIGRATIONS } from '../../../src/store/migrations.ts';
import { openStore, type Store } from '../../../src/store/open.ts';
import { SealError, sealedBy, sealWith } from '../../../src/store/seal.ts';
import { scratchFolder } from '../../support/folder.ts';

const PLACE = { table: 'credentials', row: 'openai', column: 'value' };
let stores: Store[] = [];

afterEach(() => {
  for (const store of stores) store.close();
  stores = [];
});

async function ring(
  home: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly store: Store; readonly keyring: Keyring }> {
  const store = openStore({ path: join(home, 'sallyport.db') });
  stores.push(store);
  return { store, keyring: await openKeyring({ store, home, environment, now: () => 1 }) };
}

describe('a keyring', { timeout: 60_000 }, () => {
  test('opens what it sealed, also after the store was opened anew', async () => {
    const home = scratchFolder();
    const sealed = (await ring(home)).keyring.seal(PLACE, 'a value of some length');
    expect(sealed).toMatch(/^enc:v2:[0-9a-f]{12}:[\w-]+$/);
    const { keyring } = await ring(home);
    expect(keyring.open(PLACE, sealed).toString()).toBe('a value of some length');
    expect(keyring.source).toBe('key-file');
  });

  test('seals one value in ever new ways', async () => {
    const { keyring } = await ring(scratchFolder());
    expect(keyring.seal(PLACE, 'same')).not.toBe(keyring.seal(PLACE, 'same'));
  });

  test.each([
    ['another table', { ...PLACE, table: 'profiles' }],
    ['another row', { ...PLACE, row: 'anthropic' }],
    ['another column', { ...PLACE, column: 'note' }],
  ])('does not open what was moved to %s', async (_, place) => {
    const { keyring } = await ring(scratchFolder());
    const sealed = keyring.seal(PLACE, 'value');
    expect(() => keyring.open(place, sealed)).toThrow(SealError);
  });

  test('does not open what was changed by a bit, cut, or is no sealed value', async () => {
    const { keyring } = await ring(scratchFolder());
    const sealed = keyring.seal(PLACE, 'value');
    const at = sealed.length - 5;
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
    for (const text of [changed, sealed.slice(0, -4), sealed.slice(0, 24), 'value', '']) {
      expect(() => keyring.open(PLACE, text)).toThrow(SealError);
    }
  });

  test('has keys of its own that stay the same', async () => {
    const home = scratchFolder();
    const { keyring } = await ring(home);
    const key = keyring.ownKey('audit');
    expect(key).toHaveLength(32);
    expect(keyring.ownKey('tokens').equals(key)).toBe(false);
    expect((await ring(home)).keyring.ownKey('audit').equals(key)).toBe(true);
  });

  test('is locked without its key, and makes no other one', async () => {
    const home = scratchFolder();
    const file = join(home, 'sallyport.key');
    await ring(home);
    const bytes = readFileSync(file);
    rmSync(file);
    const { keyring } = await ring(home);
    expect(keyring.locked).toBe(`the vault is locked: its key is missing; put it back: ${file}`);
    expect(() => keyring.seal(PLACE, 'value')).toThrow(LockedError);
    expect(() => keyring.ownKey('audit')).toThrow(LockedError);
    expect(() => readFileSync(file)).toThrow('ENOENT');
    writeFileSync(file, bytes, { mode: 0o600 });
    expect((await ring(home)).keyring.locked).toBeUndefined();
  });

  test('is locked with another key, or half of one', async () => {
    const home = scratchFolder();
    const file = join(home, 'sallyport.key');
    await ring(home);
    writeFileSync(file, Buffer.alloc(32), { mode: 0o600 });
    expect((await ring(home)).keyring.locked).toBe(
      `the vault is locked: ${file} is not the key that it was sealed with; put that one back`,
    );
    writeFileSync(file, Buffer.alloc(16), { mode: 0o600 });
    expect((await ring(home)).keyring.locked).toBe(`the vault is locked: ${file} holds 16 bytes instead of 32: restore it from a backup`);
  });

  test('begins with the first source that is set up, and stays with it', async () => {
    const home = scratchFolder();
    const credentials = scratchFolder();
    writeFileSync(join(credentials, 'sallyport-key'), Buffer.alloc(32, 9));
    const both = { CREDENTIALS_DIRECTORY: credentials, SALLYPORT_PASSPHRASE: 'tulip harbour 9 sofa' };
    expect((await ring(home, both)).keyring.source).toBe('systemd');
    const { keyring } = await ring(home, { SALLYPORT_PASSPHRASE: both.SALLYPORT_PASSPHRASE });
    expect(keyring.locked).toContain('its key is the systemd credential sallyport-key, and there is no CREDENTIALS_DIRECTORY');
    expect(existsSync(join(home, 'sallyport.key'))).toBe(false);
  });

  test('behind a passphrase opens with that one, and with no other', async () => {
    const home = scratchFolder();
    const sealed = (await ring(home, { SALLYPORT_PASSPHRASE: 'tulip harbour 9 sofa' })).keyring.seal(PLACE, 'value');
    const { keyring } = await ring(home, { SALLYPORT_PASSPHRASE: 'tulip harbour 9 sofa' });
    expect(keyring.open(PLACE, sealed).toString()).toBe('value');
    const wrong = await ring(home, { SALLYPORT_PASSPHRASE: 'tulip harbour 8 sofa' });
    expect(wrong.keyring.locked).toBe('the vault is locked: the passphrase is not the one that it was sealed with');
    expect((await ring(home)).keyring.locked).toContain('its passphrase is missing: set SALLYPORT_PASSPHRASE_FILE');
  });

  test('does not take a weaker source for one that was set up and fails', async () => {
    const home = scratchFolder();
    const { keyring, store } = await ring(home, { SALLYPORT_PASSPHRASE: 'changeme' });
    expect(keyring.locked).toContain('the vault is locked: the passphrase is one of those that everybody tries');
    expect(existsSync(join(home, 'sallyport.key'))).toBe(false);
    expect(countKeys(store)).toBe(0);
  });

  test.each([
    ['its source', 'DELETE FROM key_source'],
    ['its keys', 'DELETE FROM key_source; DELETE FROM data_keys'],
  ])('makes no new key for a store that has lost %s', async (_, sql) => {
    const home = scratchFolder();
    const { store, keyring } = await ring(home);
    keyring.ownKey('audit');
    store.db.exec(sql);
    const before = countKeys(store);
    expect((await ring(home)).keyring.locked).toBe('the vault is locked: the store does not say what it was sealed with: restore a backup');
    expect(countKeys(store)).toBe(before);
    store.db.exec('DELETE FROM data_keys');
    expect(() => keyring.seal(PLACE, 'value')).toThrow(LockedError);
  });

  test('whose source this version does not know is locked', async () => {
    const home = scratchFolder();
    const { store } = await ring(home);
    store.db.exec("UPDATE key_source SET name = 'abacus'");
    expect((await ring(home)).keyring.locked).toBe('the vault is locked: its key comes from «abacus», which this Sallyport does not know');
    const none = openKeyring({ store: (await ring(scratchFolder())).store, home, environment: {}, now: () => 1, sources: [] });
    expect((await none).locked).toContain('«key-file», which this Sallyport does not know');
  });

  test('counts what a key seals, over restarts, and stops in time', async () => {
    const home = scratchFolder();
    const { store, keyring } = await ring(home);
    keyring.seal(PLACE, 'one');
    (await ring(home)).keyring.seal(PLACE, 'two');
    expect(countSeals(store)).toBe(2);
    store.db.prepare('UPDATE data_keys SET seals = ?').run(MAX_SEALS - 1);
    keyring.seal(PLACE, 'the last');
    expect(() => keyring.seal(PLACE, 'one too many')).toThrow('sallyport vault rekey makes another');
  });

  test('two that begin at once have one key', async () => {
    const home = scratchFolder();
    const [a, b] = await Promise.all([ring(home), ring(home)]);
    expect(b.keyring.open(PLACE, a.keyring.seal(PLACE, 'value')).toString()).toBe('value');
    expect(countKeys(a.store)).toBe(1);
    expect(a.keyring.ownKey('audit').equals(b.keyring.ownKey('audit'))).toBe(true);
  });

  test('of a store of the schema before opens as it did', async () => {
    const home = scratchFolder();
    const path = join(home, 'sallyport.db');
    const wrapping = { id: 'wrapping', key: Buffer.alloc(32, 5) };
    writeFileSync(join(home, 'sallyport.key'), wrapping.key, { mode: 0o600 });
    const old = openStore({ path, migrations: MIGRATIONS.slice(0, 2) });
    const add = old.db.prepare('INSERT INTO data_keys (id, wrapped, source, created_at_ms) VALUES (?, ?, ?, ?)');
    const keys = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'].map((id, i) => ({ id, key: Buffer.alloc(32, i + 1) }));
    for (const [i, { id, key }] of keys.entries())
      add.run(id, sealWith(wrapping, { table: 'data_keys', row: id, column: 'wrapped' }, key), 'key-file', i);
    old.close();
    const { keyring } = await ring(home);
    for (const key of keys) expect(keyring.open(PLACE, sealWith(key, PLACE, 'value')).toString()).toBe('value');
    expect(sealedBy(keyring.seal(PLACE, 'value'))).toBe('bbbbbbbbbbbb');
  });

  test('with a key file that others can read is not opened at all, be it old or new', async () => {
    const home = scratchFolder();
    const file = join(home, 'sallyport.key');
    writeFileSync(file, Buffer.alloc(32, 1));
    chmodSync(file, 0o644);
    await expect(ring(home)).rejects.toThrow(`chmod 600 '${file}'`);
    chmodSync(file, 0o600);
    await ring(home);
    chmodSync(file, 0o644);
    await expect(ring(home)).rejects.toThrow(`chmod 600 '${file}'`);
  });

  test('that may make nothing, or has no source that is set up, stays without a key', async () => {
    const home = scratchFolder();
    const { store } = await ring(scratchFolder());
    store.db.exec('DELETE FROM key_source; DELETE FROM data_keys');
    const options = { store, home, environment: {}, now: () => 1 };
    expect((await openKeyring({ ...options, mayMake: false })).locked).toBe('nothing was sealed yet, so there is no key');
    expect((await openKeyring({ ...options, sources: [systemd] })).locked).toBe('the vault is locked: no source of keys is set up');
    expect([countKeys(store), countSeals(store)]).toEqual([0, 0]);
    expect(existsSync(join(home, 'sallyport.key'))).toBe(false);
  });

  test('looks again where another command changes the source meanwhile', async () => {
    const home = scratchFolder();
    const { store } = await ring(home);
    let isFirst = true;
    const changing: KeySource = {
      ...keyFile,
      find: async (around, facts) => {
        if (!isFirst) return keyFile.find(around, facts);
        isFirst = false;
        store.db.exec("UPDATE key_source SET facts = 'another'");
        throw new KeyTrouble('gone meanwhile');
      },
    };
    const keyring = await openKeyring({ store, home, environment: {}, now: () => 1, sources: [changing] });
    expect(keyring.locked).toBeUndefined();
  });

  test('makes a key of its own within a transaction of somebody else, and takes it back with that', async () => {
    const { store, keyring } = await ring(scratchFolder());
    const broken = store.db.transaction(() => {
      keyring.ownKey('audit');
      throw new Error('taken back');
    });
    expect(broken).toThrow('taken back');
    expect(store.db.prepare('SELECT count(*) FROM own_keys').pluck().get()).toBe(0);
    expect(keyring.ownKey('audit')).toHaveLength(32);
  });

  test('of a store that was closed says so, and nothing else', async () => {
    const { store, keyring } = await ring(scratchFolder());
    store.close();
    expect(() => keyring.open(PLACE, 'enc:v2:000000000000:AAAA')).toThrow('not open');
  });
});
