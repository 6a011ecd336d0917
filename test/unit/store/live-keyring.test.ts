// A keyring that lives as long as the daemon: it follows its vault to another key, takes one that is handed over, and never loses what it has.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { changeSource, sourceNamed } from '../../../src/store/key-change.ts';
import { type KeyringOptions, openKeyring, openKeys } from '../../../src/store/keyring.ts';
import { openLiveKeyring } from '../../../src/store/live-keyring.ts';
import { openStore } from '../../../src/store/open.ts';
import { rekey } from '../../../src/store/rekey.ts';
import { lockVault, unlockVault } from '../../../src/store/vault-lock.ts';
import { scratchFolder } from '../../support/folder.ts';

const PASSPHRASE = { SALLYPORT_PASSPHRASE: 'tulip harbour 9 sofa' };
const PLACE = { table: 'own_keys', row: 'x', column: 'sealed' };

function at(home: string, environment: Readonly<Record<string, string>> = {}): KeyringOptions {
  const store = openStore({ path: join(home, 'sallyport.db') });
  onTestFinished(() => store.close());
  return { store, home, environment, now: () => 1_700_000_000_000 };
}

async function usePassphrase(home: string): Promise<Buffer> {
  const { opened } = await changeSource(at(home), sourceNamed('passphrase')!, at(home, PASSPHRASE));
  return opened.wrapping;
}

test('another data key is seen at once, another source when it is looked for', async () => {
  const home = scratchFolder();
  const live = await openLiveKeyring(at(home, PASSPHRASE));
  // The first source of a home with a passphrase.
  expect(live.source).toBe('passphrase');
  const sealed = live.seal(PLACE, 'kept');
  expect(await live.renew()).toBe(undefined);
  await changeSource(at(home, PASSPHRASE), sourceNamed('key-file')!, at(home));
  expect(await live.renew()).toBe(undefined);
  expect(live.source).toBe('key-file');
  await rekey({ ...at(home), columns: [] });
  const other = (await openKeyring(at(home))).seal(PLACE, 'next');
  expect(live.open(PLACE, other).toString()).toBe('next');
  expect(live.open(PLACE, live.seal(PLACE, 'own')).toString()).toBe('own');
  expect(live.open(PLACE, sealed).toString()).toBe('kept');
  expect(live.ownKey('a')).toEqual((await openKeyring(at(home))).ownKey('a'));
});

test('a key that is not at hand leaves open what is open, and is said once; handed over it is taken', async () => {
  const home = scratchFolder();
  const live = await openLiveKeyring(at(home));
  const sealed = live.seal(PLACE, 'kept');
  const wrapping = await usePassphrase(home);
  expect(await live.renew()).toMatch(/the vault is locked: its passphrase is missing/);
  expect(await live.renew()).toBe(undefined);
  expect([live.locked, live.open(PLACE, sealed).toString()]).toEqual([undefined, 'kept']);
  await expect(live.renew(Buffer.alloc(32))).rejects.toThrow('the key that was handed over does not open it');
  expect(live.open(PLACE, sealed).toString()).toBe('kept');
  expect(await live.renew(wrapping)).toBe(undefined);
  expect(live.source).toBe('passphrase');
});

test('one that is locked opens when its key is there, and one that panic has locked is closed', async () => {
  const home = scratchFolder();
  const live = await openLiveKeyring({ ...at(home), mayMake: false });
  expect(live.locked).toBe('nothing was sealed yet, so there is no key');
  expect(await live.renew()).toBe('nothing was sealed yet, so there is no key');
  await expect(live.renew(Buffer.alloc(32))).rejects.toThrow('the vault is locked, or was never opened');
  const { wrapping } = await openKeys(at(home));
  expect(await live.renew()).toBe(undefined);
  lockVault(home);
  expect(await live.renew()).toMatch(/locked by panic/);
  expect(() => live.seal(PLACE, 'x')).toThrow(/locked by panic/);
  await expect(live.renew(wrapping)).rejects.toThrow('the vault is locked');
  unlockVault(home);
  expect(await live.renew()).toBe(undefined);
  expect(live.open(PLACE, live.seal(PLACE, 'x')).toString()).toBe('x');
});
