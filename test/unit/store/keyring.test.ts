// The keyring: what is sealed opens where it was sealed and nowhere else, and a missing key locks instead of being replaced.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Keyring, LockedError, openKeyring } from '../../../src/store/keyring.ts';
import { openStore, type Store } from '../../../src/store/open.ts';
import { SealError } from '../../../src/store/seal.ts';
import { scratchFolder } from '../../support/folder.ts';

const PLACE = { table: 'credentials', row: 'openai', column: 'value' };
let stores: Store[] = [];

afterEach(() => {
  for (const store of stores) store.close();
  stores = [];
});

async function ring(home: string): Promise<{ readonly store: Store; readonly keyring: Keyring }> {
  const store = openStore({ path: join(home, 'sallyport.db') });
  stores.push(store);
  return { store, keyring: await openKeyring({ store, home, environment: {}, now: () => 1 }) };
}

describe('a keyring', () => {
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
});
