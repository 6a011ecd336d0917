// `sallyport db`: what it says of a store, and that nothing is lost by a backup or a restore that is refused.
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { FREE, json, newUser, type User } from '../support/sallyport.ts';

/** A home whose daemon has run, so that it has a store and a key. */
async function ran(): Promise<User> {
  const user = newUser();
  expect((await user.run(['start', ...FREE])).code).toBe(0);
  expect((await user.run(['stop'])).code).toBe(0);
  return user;
}

const line = (text: string) => expect.stringMatching(new RegExp(`^sallyport: [^\\n]*${text}[^\\n]*\\n$`));

test('check, backup while the daemon runs, restore after it', { timeout: 90_000 }, async () => {
  const user = newUser();
  expect(await user.run(['db', 'check'])).toMatchObject({ code: 1, stderr: line('there is no store in') });
  expect(existsSync(user.home)).toBe(false);
  expect((await user.run(['start', ...FREE])).code).toBe(0);
  const sound = await user.run(['db', 'check', '--json']);
  expect(sound).toMatchObject({ code: 0, stderr: '' });
  expect(json(sound.stdout)).toMatchObject({ ok: true, keys: 1, source: 'key-file' });
  const file = join(user.folder, 'b');
  const made = await user.run(['db', 'backup', 'b']);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('no key is in it') });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file).includes(readFileSync(join(user.home, 'sallyport.key')))).toBe(false);
  expect(await user.run(['db', 'backup', file])).toMatchObject({ code: 1, stderr: line('is there already') });
  expect((await user.run(['db', 'backup', file, '--force'])).code).toBe(0);
  expect(await user.run(['db', 'restore', file])).toMatchObject({ code: 1, stderr: line('a daemon runs for') });
  await user.run(['stop']);
  const restored = await user.run(['db', 'restore', file, '--json']);
  expect(restored.code).toBe(0);
  expect(existsSync(json<{ replaced: string }>(restored.stdout).replaced)).toBe(true);
  expect(await user.run(['db', 'check'])).toMatchObject({ code: 0, stdout: expect.stringContaining('is sound: schema') });
});

test('a lost key, another key, a damaged file, loose modes, a newer schema: one line, and nothing is replaced', {
  timeout: 90_000,
}, async () => {
  const user = await ran();
  const path = join(user.home, 'sallyport.db');
  const key = join(user.home, 'sallyport.key');
  const file = join(user.folder, 'b');
  await user.run(['db', 'backup', file]);
  const bytes = readFileSync(key);
  rmSync(key);
  expect(await user.run(['db', 'check'])).toMatchObject({ code: 1, stdout: '', stderr: line('its key is missing; put it back') });
  expect(await user.run(['db', 'restore', file])).toMatchObject({
    code: 1,
    stderr: line('is not restored, what is sealed in it would not open'),
  });
  expect(existsSync(key)).toBe(false);
  writeFileSync(key, Buffer.alloc(32, 7), { mode: 0o600 });
  expect(await user.run(['db', 'check'])).toMatchObject({ code: 1, stderr: line('is not the key that it was sealed with') });
  writeFileSync(key, bytes);
  chmodSync(key, 0o644);
  expect(await user.run(['db', 'check'])).toMatchObject({ code: 1, stderr: line(`chmod 600 '${key}'`) });
  chmodSync(key, 0o600);
  const store = openStore({ path });
  store.db.pragma('user_version = 99');
  store.close();
  expect(await user.run(['db', 'check'])).toMatchObject({ code: 1, stderr: line('was written by a newer Sallyport') });
  writeFileSync(path, 'no database any more '.repeat(999));
  const damaged = await user.run(['db', 'check', '--json']);
  expect(damaged).toMatchObject({ code: 1, stderr: '' });
  expect(json(damaged.stdout)).toMatchObject({ ok: false, trouble: expect.stringContaining('not a database') });
  expect(await user.run(['start', ...FREE])).toMatchObject({ code: 1, stderr: line('file is not a database') });
  expect((await user.run(['db', 'restore', file])).code).toBe(0);
  expect((await user.run(['db', 'check'])).code).toBe(0);
});

test.each([
  [['db'], 2, 'db takes check, backup or restore'],
  [['db', 'chekc'], 2, 'did you mean'],
  [['db', 'backup'], 2, 'db backup takes a file'],
  [['db', 'restore', '/nonexistent/b'], 1, '/nonexistent/b is not there'],
] as const)('%j', async (words, code, text) => {
  expect(await newUser().run(words)).toMatchObject({ code, stdout: '', stderr: line(text) });
});

test('a backup from before the CA, whose key would not open with it, is put back only where there is no such CA', {
  timeout: 90_000,
}, async () => {
  const user = await ran();
  const file = join(user.folder, 'b');
  await user.run(['db', 'backup', file]);
  const store = openStore({ path: file });
  store.db.exec("DELETE FROM own_keys WHERE name = 'ca'");
  store.close();
  const ca = await user.run(['ca', 'show']);
  expect(await user.run(['db', 'restore', file])).toMatchObject({
    code: 1,
    stderr: line('ca.key does not open: it belongs to another store'),
  });
  expect((await user.run(['start', ...FREE])).code).toBe(0);
  await user.run(['stop']);
  expect((await user.run(['ca', 'show'])).stdout).toBe(ca.stdout);
  for (const name of ['ca.key', 'ca.pem']) rmSync(join(user.home, name));
  expect((await user.run(['db', 'restore', file])).code).toBe(0);
  expect((await user.run(['start', ...FREE])).code).toBe(0);
});
