// A file that holds the value: private, regular, of a bounded size.
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchFolder } from '../../../../support/folder.ts';
import { testResolver, writeIn } from '../../../../support/references.ts';

const VALUE = 'sk-value-0123456789';

test.each([
  ['as it is', VALUE, VALUE],
  ['without its line end', `${VALUE}\n`, VALUE],
  ['without a line end of Windows', `${VALUE}\r\n`, VALUE],
  ['with its blanks', ` ${VALUE} \n`, ` ${VALUE} `],
])('%s', async (_, written, value) => {
  const folder = scratchFolder();
  const path = writeIn(folder, 'a key', written);
  const resolver = testResolver({ userHome: folder });
  expect(await resolver.resolve(`file:${path}`)).toBe(value);
  expect(await resolver.resolve('file:~/a key')).toBe(value);
});

test('of a stricter mode, and by a link to it', async () => {
  const folder = scratchFolder();
  const path = writeIn(folder, 'key', VALUE, 0o400);
  symlinkSync(path, join(folder, 'link'));
  expect(await testResolver().resolve(`file:${join(folder, 'link')}`)).toBe(VALUE);
});

test.each([0o644, 0o640, 0o604, 0o620, 0o660])('mode %o is refused, with the command to type', async (mode) => {
  const path = writeIn(scratchFolder(), "it's", VALUE, mode);
  const trouble = await testResolver().trouble(`file:${path}`);
  expect(trouble).toBe(`file:${path}: ${path} can be read by others: chmod 600 '${path.replace("'", "'\\''")}'`);
});

test('nothing else is read', async () => {
  const folder = scratchFolder();
  const resolver = testResolver();
  mkdirSync(join(folder, 'sub'), { mode: 0o700 });
  execFileSync('mkfifo', ['-m', '600', join(folder, 'pipe')]);
  writeIn(folder, 'large', Buffer.alloc(64 * 1024 + 1, 'k'));
  writeIn(folder, 'full', Buffer.alloc(64 * 1024, 'k'));
  expect(await resolver.trouble(`file:${folder}/none`)).toBe(`file:${folder}/none: ${folder}/none cannot be read: it is not there`);
  expect(await resolver.trouble(`file:${folder}/sub`)).toContain('is not a file');
  expect(await resolver.trouble(`file:${folder}/pipe`)).toContain('is not a file');
  expect(await resolver.trouble(`file:${folder}/large`)).toContain('is larger than 64 KiB');
  expect(await resolver.resolve(`file:${folder}/full`)).toHaveLength(64 * 1024);
  writeIn(folder, 'closed', VALUE, 0o000);
  // The superuser may read everything.
  if (process.getuid?.() !== 0) expect(await resolver.trouble(`file:${folder}/closed`)).toContain('permission denied');
});

test.each(['file:', 'file:key', 'file:./key', 'file:~', 'file:~other/key', 'file:/'])('%j is none', (reference) => {
  expect(() => testResolver().check(reference)).toThrow('file:/PATH or file:~/PATH');
});
