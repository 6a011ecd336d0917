// One file in src/cert/trust is one trust store, and TRUST_STORES lists them all: a new one is a file and a line.
import { expect, test } from 'vitest';
import { TRUST_STORES } from '../../src/cert/trust-stores.ts';
import { listFiles, readText, stem } from './sources.ts';

const files = listFiles('src/cert/trust', '.ts');

test('src/cert/trust has one store a file, of the same name, and TRUST_STORES lists them all', () => {
  expect(TRUST_STORES.map(({ name }) => name).sort()).toEqual(files.map(stem));
});

test('docs/trust.md has a row for each', () => {
  const rows = [...readText('docs/trust.md').matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name);
  expect(rows.sort()).toEqual(files.map(stem));
});

test('stores tell and do nothing: none of them starts a program or writes a file', () => {
  const doing = [...files, 'src/cert/anchor-store.ts', 'src/cert/nss-store.ts', 'src/cert/trust-store.ts'].filter((file) =>
    /node:(fs|child_process|net)|process\./.test(readText(file)),
  );
  expect(doing).toEqual([]);
});
