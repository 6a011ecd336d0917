// Programs of somebody else's: their words reach them as they are, and no one of them is waited for longer than was said.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runBounded } from '../../../../cmd/doctor/bounded.ts';
import { found } from '../../../../cmd/doctor/finding.ts';
import { inTime, wasLate } from '../../../../cmd/doctor/in-time.ts';
import { inPath } from '../../../../cmd/in-path.ts';
import { scratchFolder } from '../../../support/folder.ts';
import { isAlive } from '../../../support/sallyport.ts';

const HOSTILE = ['a b', `it's "quoted"`, '$(touch owned) `touch owned`', 'two\nlines', 'ünï→\u202e', '--', '', '*'];

test('arguments and variables arrive as they are, in a folder that is called anything', async () => {
  const folder = join(scratchFolder(), `$(x) 'y' "z"\n→`);
  mkdirSync(folder);
  const program = 'process.stdout.write(JSON.stringify([process.argv.slice(1), process.env.ODD, process.cwd()]))';
  const ended = await runBounded(process.execPath, ['-e', program, '--', ...HOSTILE], {
    environment: { ODD: HOSTILE.join('|') },
    cwd: folder,
    timeoutMs: 30_000,
  });
  expect(ended).toMatchObject({ exitCode: 0, isLate: false, stderr: '' });
  expect(JSON.parse(ended.stdout)).toEqual([HOSTILE, HOSTILE.join('|'), folder]);
});

test('one that hangs is ended with all it started', async () => {
  const folder = scratchFolder();
  const script = join(folder, 'hangs');
  writeFileSync(script, `#!/bin/sh\nsleep 1000 &\necho $! > ${folder}/child\necho half\nwait\n`, { mode: 0o755 });
  const ended = await runBounded(script, [], { environment: { PATH: process.env.PATH }, cwd: folder, timeoutMs: 700 });
  expect(ended).toEqual({ exitCode: undefined, isLate: true, stdout: 'half\n', stderr: '' });
  const child = Number(readFileSync(join(folder, 'child'), 'utf8'));
  await expect.poll(() => isAlive(child)).toBe(false);
});

test('one that cannot be started, or says too much, is no trouble', async () => {
  const options = { environment: {}, cwd: scratchFolder(), timeoutMs: 30_000 };
  const failed = { exitCode: undefined, isLate: false, stdout: '', stderr: '' };
  expect(await runBounded('/nowhere/at-all', [], options)).toEqual(failed);
  expect(await runBounded('a\0b', [], options)).toEqual(failed);
  expect(await runBounded(process.execPath, ['-e', 'process.exit(3)'], { ...options, input: 'x'.repeat(1e6) })).toMatchObject({
    exitCode: 3,
  });
  const loud = await runBounded(process.execPath, ['-e', 'process.stdout.write("x".repeat(200000))'], options);
  expect(loud.stdout).toHaveLength(65_536);
});

test('PATH is followed as a shell does, but for relative folders', () => {
  const folder = scratchFolder();
  for (const name of ['one', 'two']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'one', 'tool'), '', { mode: 0o644 });
  writeFileSync(join(folder, 'two', 'tool'), '', { mode: 0o755 });
  mkdirSync(join(folder, 'one', 'other'));
  symlinkSync(join(folder, 'two', 'tool'), join(folder, 'one', 'other2'));
  const path = ['.', 'two', '', join(folder, 'one'), join(folder, 'two')].join(':');
  expect(inPath(['tool'], path)).toBe(join(folder, 'two', 'tool'));
  expect(inPath(['other2', 'tool'], path)).toBe(join(folder, 'one', 'other2'));
  expect(inPath(['other'], path)).toBeUndefined();
  expect(inPath(['tool'], undefined)).toBeUndefined();
});

test('a check that hangs or fails is a finding, and only the first is said to be late', async () => {
  const [late] = await inTime('slow', new Promise(() => {}), 5);
  expect(late).toMatchObject({ check: 'slow', state: 'warn', text: expect.stringContaining('not done within') });
  const [failed] = await inTime('broken', Promise.reject(new Error('no such luck')));
  expect(failed).toMatchObject({ check: 'broken', state: 'warn', text: 'the check could not be made: no such luck' });
  const [well] = await inTime('well', Promise.resolve([found.ok('well', 'yes')]));
  expect([late, failed, well].map((finding) => wasLate(finding!))).toEqual([true, false, false]);
});
