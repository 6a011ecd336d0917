import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { checkHome, checkPrivate, openHome, readOrMake } from '../../../src/store/home.ts';
import { placeholderKey } from '../../../src/store/placeholder-key.ts';
import { StoreError } from '../../../src/store/store-error.ts';
import { scratchFolder } from '../../support/folder.ts';

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('the home is made 0700 whatever the umask, its parents too, and nothing is left in it', () => {
  const before = process.umask(0);
  try {
    const home = join(scratchFolder(), 'a/b');
    openHome(home);
    expect(mode(home)).toBe('700');
    expect(readdirSync(home)).toEqual([]);
    openHome(home);
  } finally {
    process.umask(before);
  }
});

test('a loose home is refused with the exact command', () => {
  const home = join(scratchFolder(), "it's");
  mkdirSync(home);
  writeFileSync(join(home, 'ca.key'), '');
  chmodSync(home, 0o750);
  expect(() => openHome(home)).toThrow(`${home} can be read by others: chmod 700 '${home.replace("'", "'\\''")}'`);
  chmodSync(home, 0o700);
  openHome(home);
});

test('a folder made for us a moment ago is closed, whatever configuration lies in it', () => {
  const home = scratchFolder();
  writeFileSync(join(home, 'sallyport.yaml'), '');
  chmodSync(home, 0o755);
  openHome(home);
  expect(mode(home)).toBe('700');
});

// An empty home that its owner had made read-only was opened again without a word, and filled.
test.each(['500', '0', '555'])('a home of mode %s keeps it', (was) => {
  const home = join(scratchFolder(), 'home');
  mkdirSync(home);
  chmodSync(home, Number.parseInt(was, 8));
  try {
    openHome(home);
  } catch {
    // What root may do is not asked here.
  }
  expect(mode(home)).toBe(was);
  chmodSync(home, 0o700);
});

test('a file in the way, on the path or as the home', () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'file'), '', { mode: 0o600 });
  expect(() => openHome(join(folder, 'file'))).toThrow(/cannot be made: a part of the path is not a folder$/);
  expect(() => openHome(join(folder, 'file/x'))).toThrow(/cannot be made: a part of the path is not a folder/);
  expect(() => openHome('/proc/nope')).toThrow(/cannot be made: no such file or folder/);
  expect(() => openHome(join(folder, 'x'.repeat(300)))).toThrow(/cannot be made: ENAMETOOLONG/);
  expect(() => checkHome(join(folder, 'gone'))).toThrow(/cannot be written: no such file or folder/);
  // A folder that is closed to others and takes no files.
  expect(() => openHome('/proc/self/fd')).toThrow(/cannot be written: /);
});

test('a home through a link is the folder it leads to; a dangling link is an error', () => {
  const folder = scratchFolder();
  mkdirSync(join(folder, 'real'), { mode: 0o700 });
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  openHome(join(folder, 'link'));
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
  expect(() => openHome(join(folder, 'dangling'))).toThrow(StoreError);
  expect(() => checkPrivate(join(folder, 'dangling'))).toThrow(/cannot be looked at/);
});

test('a loose secret file is refused with the exact command, a missing one is nobody’s fault', () => {
  const path = join(scratchFolder(), 'secret');
  checkPrivate(path);
  writeFileSync(path, 'x');
  chmodSync(path, 0o640);
  expect(() => checkPrivate(path)).toThrow(`${path} can be read by others: chmod 600 '${path}'`);
});

test('readOrMake: made once, 0600, and the first one in wins', () => {
  const path = join(scratchFolder(), 'key');
  const first = readOrMake(path, () => {
    // Another process gets in between looking and making.
    writeFileSync(path, 'theirs', { mode: 0o600 });
    return Buffer.from('ours');
  });
  expect(Buffer.from(first).toString()).toBe('theirs');
  expect(mode(path)).toBe('600');
  expect(readdirSync(join(path, '..'))).toEqual(['key']);
});

test('readOrMake: a folder in the way and a folder that is gone are errors', () => {
  const folder = scratchFolder();
  mkdirSync(join(folder, 'key'), { mode: 0o700 });
  expect(() => readOrMake(join(folder, 'key'), () => Buffer.alloc(1))).toThrow(/cannot be read: it is a folder/);
  expect(() => readOrMake(join(folder, 'no/key'), () => Buffer.alloc(1))).toThrow(/cannot be written: no such file or folder/);
});

test('the placeholder key: 32 random bytes, kept, 0600; a cut file is refused', () => {
  const home = scratchFolder();
  const key = placeholderKey(home);
  expect(key).toHaveLength(32);
  expect(Buffer.from(placeholderKey(home))).toEqual(Buffer.from(key));
  expect(readFileSync(join(home, 'placeholder.key'))).toEqual(Buffer.from(key));
  expect(mode(join(home, 'placeholder.key'))).toBe('600');
  expect(Buffer.from(placeholderKey(scratchFolder()))).not.toEqual(Buffer.from(key));
  writeFileSync(join(home, 'placeholder.key'), 'short');
  expect(() => placeholderKey(home)).toThrow(/holds 5 bytes instead of 32/);
});

test('what belongs to another user is refused, except for root; where there are no users, nothing is asked', () => {
  const folder = scratchFolder();
  const path = join(folder, 'secret');
  writeFileSync(path, 'x', { mode: 0o644 });
  const getuid = vi.spyOn(process, 'getuid' as never) as unknown as { mockReturnValue: (uid: number | undefined) => void };
  onTestFinished(() => void vi.restoreAllMocks());
  const owner = statSync(path).uid;
  getuid.mockReturnValue(owner + 77);
  expect(() => checkPrivate(path)).toThrow(`${path} belongs to user ${owner}, not to you (user ${owner + 77})`);
  chmodSync(folder, 0o755);
  expect(() => openHome(folder)).toThrow(`${folder} belongs to user ${owner}`);
  expect(mode(folder)).toBe('755');
  getuid.mockReturnValue(0);
  expect(() => checkPrivate(path)).toThrow(/can be read by others/);
  getuid.mockReturnValue(undefined);
  checkPrivate(path);
});
