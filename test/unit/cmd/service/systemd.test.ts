// The units in the repository, judged by systemd itself: sound, and closed as far as a proxy can be.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchFolder } from '../../../support/folder.ts';

const folder = join(import.meta.dirname, '../../../../systemd');

function analyze(...words: readonly string[]) {
  const home = scratchFolder();
  mkdirSync(join(home, 'run'));
  const env = { PATH: process.env.PATH ?? '', HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), SYSTEMD_COLORS: '0', LC_ALL: 'C' };
  const { status, stdout, stderr } = spawnSync('systemd-analyze', words, { encoding: 'utf8', env });
  return { status, output: stdout + stderr };
}

test.each([
  ['the machine', '--system', ''],
  ['a user', '--user', 'user'],
])('the units of %s are sound', (_, manager, place) => {
  const units = ['sallyport.service', 'sallyport.socket'].map((unit) => join(folder, place, unit));
  expect(analyze(manager, 'verify', '--man=no', ...units)).toEqual({ status: 0, output: '' });
});

test('the unit of the machine exposes less than 1.5', () => {
  const { output } = analyze('security', '--offline=true', join(folder, 'sallyport.service'));
  const exposure = /Overall exposure level for sallyport\.service: (\d+\.\d)/.exec(output)?.[1];
  expect(Number(exposure)).toBeLessThan(1.5);
});
