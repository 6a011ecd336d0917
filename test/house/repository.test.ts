// The repository as a stranger clones it: nothing of one machine in it, nothing left open, a lock file that installs anywhere.

import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missingOptional, platformEntry } from '../../scripts/complete-lock.mjs';
import { listFiles, productFiles, readText, root } from './sources.ts';

const TEXT = [
  '.ts',
  '.mjs',
  '.cjs',
  '.json',
  '.md',
  '.yaml',
  '.yml',
  '.svg',
  '.service',
  '.socket',
  'Containerfile',
  '.plist',
  '.npmrc',
  'run',
  'sallyport',
  'LICENSE',
];

function linesWith(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    readText(file)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}`] : [])),
  );
}

describe('files in the repository', () => {
  const all = listFiles('.', ...TEXT);

  test('name no path of this machine and no registry host', () => {
    const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const own = [root, homedir()].filter((path) => path.length > 1).map((path) => `${literal(path)}(?![\\w-])`);
    expect(linesWith(all, new RegExp([...own, ':/{2}registry\\.'].join('|')))).toEqual([]);
  });

  test('leave nothing open in src and cmd', () => {
    expect(linesWith(productFiles(), /\b(TO[D]O|FIX[M]E|XX[X]|HAC[K])\b|not implemented/i)).toEqual([]);
  });

  test('hold no test that is switched off', () => {
    const tests = listFiles('test', '.ts');
    expect(linesWith(tests, /\b(describe|test|it|suite)\.(only|skip|todo|fails)\b|\b(xit|xdescribe|fit|fdescribe)\(/)).toEqual([]);
  });

  test('that are started directly have their run bit', () => {
    for (const file of ['.ci/run', 'cmd/sallyport']) expect(() => accessSync(join(root, file), constants.X_OK), file).not.toThrow();
  });
});

describe('package-lock.json', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));

  test('records no download addresses', () => {
    expect(linesWith(['package-lock.json'], /"resolved":/)).toEqual([]);
  });

  test('holds every optional package it names, so that `npm ci` accepts it on every platform', () => {
    expect(missingOptional(lock)).toEqual([]);
  });

  test('agrees with package.json', () => {
    const manifest = JSON.parse(readText('package.json'));
    for (const part of ['dependencies', 'devDependencies', 'optionalDependencies', 'engines'])
      expect(lock.packages[''][part]).toEqual(manifest[part]);
    for (const part of ['dependencies', 'devDependencies', 'optionalDependencies']) {
      for (const version of Object.values<string>(manifest[part])) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });

  test('is completed with what a platform build says in its name', () => {
    const holed = {
      packages: {
        '': { optionalDependencies: { own: '1.0.0' } },
        'node_modules/own': {},
        'node_modules/@a/b': { optionalDependencies: { '@a/b-linux-x64-musl': '1.2.3', nested: '1.0.0', gone: '1.0.0' } },
        'node_modules/@a/b/node_modules/nested': {},
      },
    };
    expect(missingOptional(holed).map(({ name }: { name: string }) => name)).toEqual(['@a/b-linux-x64-musl', 'gone']);
    expect(platformEntry('@a/b-linux-x64-musl', '1.2.3', true)).toEqual({
      version: '1.2.3',
      cpu: ['x64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    });
    expect(platformEntry('@a/b-darwin-arm64', '1.2.3', false)).toEqual({
      version: '1.2.3',
      cpu: ['arm64'],
      optional: true,
      os: ['darwin'],
    });
    expect(() => platformEntry('gone', '1.0.0', false)).toThrow(/not an exact platform build/);
    expect(() => platformEntry('b-linux-x64', '^1.0.0', false)).toThrow(/not an exact platform build/);
  });
});
