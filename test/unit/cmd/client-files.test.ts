import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { refreshBundle, writeAddition, writeBundle, writeCaCopy, writePac } from '../../../cmd/client-files.ts';
import { systemRoots } from '../../../src/proxy/control/system-roots.ts';
import { makeTestAuthority } from '../../support/certificates.ts';
import { scratchFolder } from '../../support/folder.ts';

const count = (file: string) => readFileSync(file, 'utf8').match(/BEGIN CERTIFICATE/g)?.length ?? 0;

function setUp() {
  const home = scratchFolder();
  const own = makeTestAuthority().pem;
  const caPath = join(home, 'ca.pem');
  writeFileSync(caPath, own);
  const corporate = join(home, 'corporate.pem');
  writeFileSync(corporate, `some words\n${makeTestAuthority().pem}`);
  return { home, own, caPath, corporate };
}

test('a bundle is the system’s roots and ours, each once', () => {
  const { home, own, caPath } = setUp();
  const path = writeBundle(home, own, [caPath, join(home, 'missing.pem')]);
  expect(path).toBe(join(home, 'ca-bundle.pem'));
  expect(count(path)).toBe(new Set(systemRoots()).size + 1);
  expect(readFileSync(path, 'utf8')).toContain(own.trim());
  expect(statSync(path).mode & 0o777).toBe(0o600);
  // A bundle of ours that was inherited adds nothing, so nested runs stay with one file.
  expect(writeBundle(home, own, [path])).toBe(path);
});

test('what the user had is kept, in a file of its own that is the same every time', () => {
  const { home, own, corporate } = setUp();
  const path = writeBundle(home, own, [corporate]);
  expect(path).toMatch(/ca-bundle-[0-9a-f]{8}\.pem$/);
  expect(count(path)).toBe(new Set(systemRoots()).size + 2);
  expect(writeBundle(home, own, [path, corporate])).toBe(path);
});

test('an addition: our own file where there is nothing else, else both', () => {
  const { home, own, caPath, corporate } = setUp();
  expect(writeAddition(home, caPath, own, [])).toBe(caPath);
  expect(writeAddition(home, caPath, own, [caPath, '/nonexistent'])).toBe(caPath);
  const path = writeAddition(home, caPath, own, [corporate]);
  expect(count(path)).toBe(2);
  expect(writeAddition(home, caPath, own, [path])).toBe(path);
});

test('the bundle is brought up to date only where one was handed out; nothing half-written stays', () => {
  const { home, own } = setUp();
  refreshBundle(home, own);
  expect(readdirSync(home)).not.toContain('ca-bundle.pem');
  const path = writeBundle(home, own, []);
  const next = makeTestAuthority().pem;
  refreshBundle(home, next);
  expect(readFileSync(path, 'utf8')).toContain(next.trim());
  expect(readFileSync(path, 'utf8')).not.toContain(own.trim());
  expect(readdirSync(home).filter((name) => name.endsWith('.new'))).toEqual([]);
});

test('the PAC file names what is intercepted', () => {
  const { home } = setUp();
  const path = writePac(home, '127.0.0.1:1', ['api.example.com']);
  expect(readFileSync(path, 'utf8')).toContain('api.example.com');
  mkdirSync(join(home, 'sub'));
  expect(() => writePac(join(home, 'none'), '127.0.0.1:1', [])).toThrow('ENOENT');
});

test('the copy of the certificate is for everybody, whatever the umask, and is written only where it changes', () => {
  const { home, own } = setUp();
  const path = join(home, 'copy.pem');
  const before = process.umask(0o077);
  onTestFinished(() => void process.umask(before));
  writeCaCopy(path, own);
  const { ino, mode } = statSync(path);
  expect([readFileSync(path, 'utf8'), mode & 0o777]).toEqual([own, 0o644]);
  writeCaCopy(path, own);
  expect(statSync(path).ino).toBe(ino);
  const next = makeTestAuthority().pem;
  writeCaCopy(path, next);
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([next, 0o644]);
  const nowhere = join(home, 'no/copy.pem');
  expect(() => writeCaCopy(nowhere, own)).toThrow(`ca_file: ${nowhere} cannot be written: no such file or folder`);
  expect(() => writeCaCopy(home, own)).toThrow(`ca_file: ${home} cannot be written: it is a folder`);
  expect(readdirSync(home).filter((name) => name.endsWith('.new'))).toEqual([]);
});
