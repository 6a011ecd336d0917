// The set-up script (scripts/with-setup.mjs): when it installs, and how it runs a command. What it installs, CI proves from a fresh clone.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isInstalled } from '../../scripts/with-setup.mjs';
import { root } from './sources.ts';

const script = join(root, 'scripts/with-setup.mjs');
const run = (...argv: string[]) => spawnSync(process.execPath, [script, ...argv], { encoding: 'utf8', cwd: root });

describe('an installation is fresh', () => {
  const lock = {
    packages: {
      '': { optionalDependencies: { own: '1.0.0', 'own-mac': '1.0.0' } },
      'node_modules/a': { version: '1.0.0', integrity: 'x' },
      'node_modules/own': { version: '1.0.0', integrity: 'y', optional: true, os: ['linux'] },
      'node_modules/own-mac': { version: '1.0.0', optional: true, os: ['darwin'] },
      'node_modules/a-musl': { version: '1.0.0', optional: true },
    },
  };
  const a = lock.packages['node_modules/a'];
  const own = lock.packages['node_modules/own'];

  test('when all is there but builds for other platforms', () => {
    expect(isInstalled(lock, { packages: { 'node_modules/a': a, 'node_modules/own': own } }, 'linux')).toBe(true);
  });

  test.each([
    ['a package is missing', { 'node_modules/own': own }],
    ['a version differs', { 'node_modules/a': { ...a, version: '1.0.1' }, 'node_modules/own': own }],
    ['the content differs', { 'node_modules/a': { ...a, integrity: 'z' }, 'node_modules/own': own }],
    ['an old Node left our own optional package out', { 'node_modules/a': a }],
  ])('not when %s', (_, packages) => {
    expect(isInstalled(lock, { packages }, 'linux')).toBe(false);
  });
});

describe('a command', () => {
  test('runs on the pinned Node', () => {
    const used = run('node', '-p', 'process.version').stdout.trim();
    expect(used).toBe(`v${run('node', '-p', 'require("./package.json").devDependencies.node').stdout.trim()}`);
  });

  test('gives its exit code', () => {
    expect(run('node', '-e', 'process.exit(7)').status).toBe(7);
    expect(run('sh', '-c', 'kill -KILL $$').status).toBe(137);
    expect(run('no-such-command-here').status).toBe(127);
  });

  test('gets the signal that the script gets', async () => {
    const program = "process.on('SIGTERM', () => process.exit(9)); setInterval(() => {}, 1000); console.log('ready')";
    const child = spawn(process.execPath, [script, 'node', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(9);
  });
});
