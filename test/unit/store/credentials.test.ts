// Credentials in the store: sealed, bound to their row, never taken for one another.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Credential } from '../../../src/rules/credential.ts';
import { openCredentials, referencesIn } from '../../../src/store/credentials.ts';
import { openKeyring } from '../../../src/store/keyring.ts';
import { openStore } from '../../../src/store/open.ts';
import { SealError } from '../../../src/store/seal.ts';
import { scratchFolder } from '../../support/folder.ts';

const credential = (name: string, over: Partial<Credential> = {}): Credential => ({
  name,
  hosts: ['a.test'],
  slots: [{ kind: 'header', name: 'authorization' }],
  methods: [],
  paths: [],
  placeholder: `placeholder-${name}`,
  variable: '',
  expiresAtMs: undefined,
  reference: undefined,
  note: '',
  ...over,
});

async function open() {
  const home = scratchFolder();
  const store = openStore({ path: join(home, 'sallyport.db') });
  onTestFinished(() => store.close());
  const keyring = await openKeyring({ store, home, environment: {}, now: () => 1 });
  let nowMs = 10;
  return { store, keyring, table: openCredentials(store, keyring, () => nowMs++) };
}

test('a value is kept sealed, and comes back', async () => {
  const { table, store } = await open();
  table.add({ ...credential('work', { expiresAtMs: 99, note: 'mine' }), value: 'tulip-value' });
  expect(table.find('work')).toEqual({ ...credential('work', { expiresAtMs: 99, note: 'mine' }), createdAtMs: 10, changedAtMs: 11 });
  expect(table.value('work')).toBe('tulip-value');
  expect(JSON.stringify(store.db.prepare('SELECT * FROM credentials').all())).not.toContain('tulip');
});

test('one that is kept elsewhere has no value here', async () => {
  const { table } = await open();
  table.add({ ...credential('work', { reference: 'env:KEY' }), value: undefined });
  expect(table.find('work')?.reference).toBe('env:KEY');
  expect(table.value('work')).toBeUndefined();
  expect(table.value('other')).toBeUndefined();
});

test('rotate, rename, remove', async () => {
  const { table } = await open();
  table.add({ ...credential('work'), value: 'one' });
  expect(table.rotate('work', { value: 'two' })).toBe(true);
  expect(table.value('work')).toBe('two');
  expect(table.rename('work', 'home')).toBe(true);
  expect(table.value('home')).toBe('two');
  expect(table.find('work')).toBeUndefined();
  expect(table.rotate('home', { reference: 'env:KEY' })).toBe(true);
  expect([table.value('home'), table.find('home')?.reference]).toEqual([undefined, 'env:KEY']);
  expect([table.rotate('none', { value: 'x' }), table.rename('none', 'other'), table.remove('none')]).toEqual([false, false, false]);
  expect(table.remove('home')).toBe(true);
  expect(table.list()).toEqual([]);
});

test('a name is taken once', async () => {
  const { table } = await open();
  table.add({ ...credential('a'), value: 'x' });
  table.add({ ...credential('b'), value: 'y' });
  expect(() => table.add({ ...credential('a'), value: 'z' })).toThrow('there is a credential «a» already');
  expect(() => table.rename('b', 'a')).toThrow('there is a credential «a» already');
  expect(table.value('a')).toBe('x');
});

test('a ciphertext that was moved to another row does not open; a row that cannot be read is none', async () => {
  const { table, store } = await open();
  table.add({ ...credential('a'), value: 'x' });
  table.add({ ...credential('b'), value: 'y' });
  store.db.exec("UPDATE credentials SET sealed = (SELECT sealed FROM credentials WHERE name = 'b') WHERE name = 'a'");
  expect(() => table.value('a')).toThrow(SealError);
  store.db.exec(`UPDATE credentials SET facts = '{"hosts":1}' WHERE name = 'a'`);
  expect(table.list().map(({ name }) => name)).toEqual(['b']);
});

test('references are listed once each, without any value', async () => {
  const { table, store } = await open();
  table.add({ ...credential('here'), value: 'tulip-value' });
  for (const name of ['a', 'b']) table.add({ ...credential(name, { reference: 'env:KEY' }), value: undefined });
  table.add({ ...credential('c', { reference: 'file:/k' }), value: undefined });
  expect(referencesIn(store)).toEqual(['env:KEY', 'file:/k']);
});
