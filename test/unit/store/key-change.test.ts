// Another source of the key: the data stays readable through it, whenever the process dies, and the old key opens nothing afterwards.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sourceInUse, unwrapKeys } from '../../../src/store/data-keys.ts';
import { changeSource, sourceNamed } from '../../../src/store/key-change.ts';
import { type KeySource, KeyTrouble } from '../../../src/store/key-source.ts';
import { keyFile } from '../../../src/store/key-sources/key-file.ts';
import { passphrase } from '../../../src/store/key-sources/passphrase.ts';
import { systemd } from '../../../src/store/key-sources/systemd.ts';
import { type KeyringOptions, LockedError, openKeyring, openRing } from '../../../src/store/keyring.ts';
import { openStore } from '../../../src/store/open.ts';
import { rekey } from '../../../src/store/rekey.ts';
import { scratchFolder } from '../../support/folder.ts';

const PLACE = { table: 'credentials', row: 'openai', column: 'value' };
const BY_PASSPHRASE = { SALLYPORT_PASSPHRASE: 'tulip harbour 9 sofa' };

function at(home: string, environment: Readonly<Record<string, string>> = {}): KeyringOptions {
  const store = openStore({ path: join(home, 'sallyport.db') });
  onTestFinished(() => store.close());
  return { store, home, environment, now: () => 5 };
}

/** A source that keeps its key in memory, and cannot forget it until it is allowed to. */
function inMemory(name: string) {
  let key: Buffer | undefined;
  const self = { mayForget: false, source: undefined as unknown as KeySource };
  self.source = {
    name,
    isSetUp: () => true,
    begin: async () => {
      key = Buffer.alloc(32, name);
      return { key, facts: 'of no use' };
    },
    find: async () => {
      if (key) return key;
      throw new KeyTrouble('it is gone');
    },
    wrong: () => 'another one',
    forget: async (_, facts) => {
      if (!self.mayForget || facts !== 'of no use') throw new Error('not now');
      key = undefined;
    },
  };
  return self;
}

describe('another source', { timeout: 60_000 }, () => {
  test('a passphrase in the place of the key file, and back', async () => {
    const home = scratchFolder();
    const options = at(home, BY_PASSPHRASE);
    const sealed = (await openKeyring(at(home))).seal(PLACE, 'value');
    const key = readFileSync(join(home, 'sallyport.key'));
    const wrapped = options.store.db.prepare('SELECT wrapped FROM data_keys').pluck().get() as string;
    const { opened, ...said } = await changeSource(options, passphrase, options);
    expect(said).toEqual({ changed: true, from: 'key-file', isLeft: false });
    // Whoever changed it goes on with what it is now.
    expect(openRing(options.store, opened).open(PLACE, sealed).toString()).toBe('value');
    expect(unwrapKeys(options.store, opened.wrapping)).toEqual(opened.keys);
    expect(sourceInUse(options.store)).toMatchObject({ name: 'passphrase', sinceMs: 5, leaving: null });
    expect(existsSync(join(home, 'sallyport.key'))).toBe(false);
    for (const end of ['', '-wal']) expect(readFileSync(`${options.store.db.name}${end}`).includes(wrapped)).toBe(false);
    const ring = await openKeyring(at(home, BY_PASSPHRASE));
    expect(ring.open(PLACE, sealed).toString()).toBe('value');
    writeFileSync(join(home, 'sallyport.key'), key, { mode: 0o600 });
    expect((await openKeyring(at(home))).locked).toContain('its passphrase is missing');
    await changeSource(at(home, BY_PASSPHRASE), keyFile, options);
    expect((await openKeyring(at(home))).open(PLACE, sealed).toString()).toBe('value');
  });

  test('another passphrase; the one before opens nothing any more', async () => {
    const home = scratchFolder();
    const options = at(home, BY_PASSPHRASE);
    await openKeyring(options);
    const next = { home, environment: { SALLYPORT_PASSPHRASE: 'violet engine 44 mud' } };
    expect(await changeSource(options, passphrase, next)).toMatchObject({ changed: true, from: 'passphrase' });
    expect((await openKeyring(options)).locked).toContain('the passphrase is not the one');
    expect((await openKeyring(at(home, next.environment))).locked).toBeUndefined();
  });

  test('the one in use already changes nothing', async () => {
    const home = scratchFolder();
    await openKeyring(at(home));
    expect(await changeSource(at(home), keyFile, at(home))).toMatchObject({ changed: false, from: 'key-file', isLeft: false });
    expect(existsSync(join(home, 'sallyport.key'))).toBe(true);
  });

  test('for a store that has no key yet', async () => {
    const home = scratchFolder();
    expect(await changeSource(at(home), passphrase, { home, environment: BY_PASSPHRASE })).toMatchObject({
      changed: true,
      from: undefined,
      isLeft: false,
    });
    expect(existsSync(join(home, 'sallyport.key'))).toBe(false);
    expect((await openKeyring(at(home, BY_PASSPHRASE))).source).toBe('passphrase');
  });

  test('that has no key to give, or for a vault that is locked: nothing is changed', async () => {
    const home = scratchFolder();
    await openKeyring(at(home));
    await expect(changeSource(at(home), systemd, at(home))).rejects.toThrow(KeyTrouble);
    await expect(changeSource(at(home), passphrase, { home, environment: { SALLYPORT_PASSPHRASE: 'secret' } })).rejects.toThrow(KeyTrouble);
    expect((await openKeyring(at(home))).locked).toBeUndefined();
    writeFileSync(join(home, 'sallyport.key'), Buffer.alloc(32));
    await expect(changeSource(at(home), passphrase, { home, environment: BY_PASSPHRASE })).rejects.toThrow(LockedError);
    expect(sourceInUse(at(home).store)?.name).toBe('key-file');
  });

  test('that another command changes meanwhile stays as that one left it', async () => {
    const home = scratchFolder();
    const options = at(home, BY_PASSPHRASE);
    await openKeyring(at(home));
    const first = inMemory('first');
    const slow: KeySource = {
      ...first.source,
      begin: async (around) => {
        await changeSource(options, passphrase, options);
        return first.source.begin(around);
      },
    };
    await expect(changeSource(at(home), slow, options)).rejects.toThrow('another command has changed the key meanwhile');
    expect((await openKeyring(at(home, BY_PASSPHRASE))).source).toBe('passphrase');
  });

  test('wraps the data key of a rekey that came in between', async () => {
    const home = scratchFolder();
    const options = at(home);
    await openKeyring(options);
    const next = inMemory('next');
    const slow: KeySource = {
      ...next.source,
      begin: async (around) => {
        await rekey(at(home));
        return next.source.begin(around);
      },
    };
    await changeSource(options, slow, options);
    const ring = await openKeyring({ ...options, sources: [next.source] });
    expect(ring.locked).toBeUndefined();
    expect(ring.open(PLACE, ring.seal(PLACE, 'value')).toString()).toBe('value');
  });

  test('whose old key cannot be removed yet: every opening tries again', async () => {
    const home = scratchFolder();
    const before = inMemory('before');
    const after = inMemory('after');
    const options = { ...at(home), sources: [before.source, after.source] };
    const sealed = (await openKeyring(options)).seal(PLACE, 'value');
    expect(await changeSource(options, after.source, options)).toMatchObject({ isLeft: true });
    expect((await openKeyring(options)).open(PLACE, sealed).toString()).toBe('value');
    before.mayForget = true;
    await openKeyring(options);
    expect(sourceInUse(options.store)?.leaving).toBeNull();
    await expect(before.source.find(options, '')).rejects.toThrow('it is gone');
  });

  test.each(['begun', 'wrapped'])('whoever is killed when it has %s leaves a vault that opens', async (step) => {
    const home = scratchFolder();
    const sealed = (await openKeyring(at(home))).seal(PLACE, 'value');
    const from = join(import.meta.dirname, '../../../src/store');
    const script = `
      import { openStore } from '${from}/open.ts';
      import { changeSource, sourceNamed } from '${from}/key-change.ts';
      const options = { store: openStore({ path: '${home}/sallyport.db' }), home: '${home}', environment: ${JSON.stringify(BY_PASSPHRASE)}, now: () => 1 };
      await changeSource(options, sourceNamed('passphrase'), options, (step) => step === '${step}' && process.kill(process.pid, 'SIGKILL'));`;
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', script]).signal).toBe('SIGKILL');
    const isChanged = step === 'wrapped';
    expect(existsSync(join(home, 'sallyport.key'))).toBe(true);
    const ring = await openKeyring(at(home, isChanged ? BY_PASSPHRASE : {}));
    expect(ring.source).toBe(isChanged ? 'passphrase' : 'key-file');
    expect(ring.open(PLACE, sealed).toString()).toBe('value');
    expect(existsSync(join(home, 'sallyport.key'))).toBe(!isChanged);
  });
});

test('sources are found by their names', () => {
  expect(['systemd', 'keychain', 'passphrase', 'key-file'].map((name) => sourceNamed(name)?.name)).not.toContain(undefined);
  expect(sourceNamed('abacus')).toBeUndefined();
});
