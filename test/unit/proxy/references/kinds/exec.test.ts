// A program that prints the value: called without a shell, without our own secrets, and ended with all it started when it takes too long.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../../support/eventually.ts';
import { scratchFolder } from '../../../../support/folder.ts';
import { recorder, testResolver, writeIn } from '../../../../support/references.ts';
import { isAlive } from '../../../../support/sallyport.ts';

const VALUE = 'sk-value-0123456789';
const prints = `process.stdout.write(${JSON.stringify(`${VALUE}\n`)});`;

test('what it prints, with the words as they were quoted', async () => {
  const pass = recorder('pass', prints);
  const resolver = testResolver({ environment: { PATH: pass.folder } });
  expect(await resolver.resolve(`exec:pass show "my key" '$HOME' a\\ b * >x`)).toBe(VALUE);
  expect(pass.calls().map(({ argv }) => argv)).toEqual([['show', 'my key', '$HOME', 'a b', '*', '>x']]);
});

test('by its path, also below the user’s home', async () => {
  const pass = recorder('pass', prints);
  const resolver = testResolver({ userHome: pass.folder });
  expect(await resolver.resolve(`exec:${pass.folder}/pass`)).toBe(VALUE);
  expect(await resolver.resolve('exec:~/pass')).toBe(VALUE);
});

test('it gets neither our settings nor the keys that are put in', async () => {
  const pass = recorder('pass', prints);
  const environment = { PATH: pass.folder, SALLYPORT_PROXY_AUTH: 'user:word', MY_KEY: 'sk-other', HOME: '/h' };
  const resolver = testResolver({ environment, withheld: () => ['MY_KEY'] });
  await resolver.resolve('exec:pass');
  const { env } = pass.calls()[0]!;
  expect(env).toMatchObject({ HOME: '/h', PATH: pass.folder });
  expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['SALLYPORT_PROXY_AUTH']));
  expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['MY_KEY']));
});

test('a failure names the program and its exit code, and nothing that it said or was told', async () => {
  const fails = recorder('pass', `console.log('${VALUE}'); console.error('${VALUE}'); process.exitCode = 3;`);
  const trouble = await testResolver({ environment: { PATH: fails.folder } }).trouble(`exec:pass --token ${VALUE}`);
  expect(trouble).toBe('exec:pass …: pass ended with exit code 3; run it in a terminal to see why');
});

test.each([
  ['prints nothing', '', 'exec:pass: it is empty'],
  ['prints lines', `console.log('a\\nb');`, 'exec:pass: it holds a line end or another character that no header may hold'],
  ['prints too much', `process.stdout.write('x'.repeat(1e6)); setInterval(() => {}, 1e6);`, 'exec:pass: pass printed more than 64 KiB'],
  [
    'ends itself',
    `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1e6);`,
    'exec:pass: pass ended with SIGTERM; run it in a terminal to see why',
  ],
])('one that %s', async (_, does, why) => {
  const program = recorder('pass', does);
  expect(await testResolver({ environment: { PATH: program.folder } }).trouble('exec:pass')).toBe(why);
});

test('one that is not there, or cannot be run', async () => {
  const folder = scratchFolder();
  const path = writeIn(folder, 'plain', '#!/bin/sh\n', 0o600);
  const resolver = testResolver({ environment: { PATH: folder } });
  expect(await resolver.trouble('exec:no-such-program')).toBe('exec:no-such-program: the program no-such-program was not found');
  expect(await resolver.trouble(`exec:${path}`)).toBe(`exec:${path}: the program ${path} cannot be run (EACCES)`);
});

test('one that takes more than ten seconds ends, with what it has started', async () => {
  const folder = scratchFolder();
  const pids = join(folder, 'pids');
  const slow = recorder(
    'slow',
    `const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit' });
     require('node:fs').writeFileSync(${JSON.stringify(pids)}, process.pid + ' ' + child.pid);
     setInterval(() => {}, 1e6);`,
  );
  const resolver = testResolver({ environment: { PATH: slow.folder } });
  const trouble = resolver.trouble('exec:slow');
  const started = await eventually(() => {
    const found = readFileSync(pids, 'utf8').split(' ').map(Number);
    expect(found).toHaveLength(2);
    return found;
  });
  expect(started.map(isAlive)).toEqual([true, true]);
  resolver.clock.advance(10_000);
  expect(await trouble).toBe('exec:slow: there was no answer within 10 s');
  await eventually(() => expect(started.map(isAlive)).toEqual([false, false]));
});

test('what has left the group of a program that ended so is not listened to', async () => {
  const pids = join(scratchFolder(), 'pids');
  const slow = recorder(
    'slow',
    `const left = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit', detached: true });
     require('node:fs').writeFileSync(${JSON.stringify(pids)}, String(left.pid));
     setInterval(() => {}, 1e6);`,
  );
  const pipes = () => process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap').length;
  const resolver = testResolver({ environment: { PATH: slow.folder } });
  const trouble = resolver.trouble('exec:slow');
  const left = await eventually(() => {
    const pid = Number(readFileSync(pids, 'utf8'));
    expect(pid).toBeGreaterThan(0);
    return pid;
  });
  onTestFinished(() => void process.kill(left, 'SIGKILL'));
  const during = pipes();
  resolver.clock.advance(10_000);
  await trouble;
  await eventually(() => expect(pipes()).toBe(during - 1));
  expect(isAlive(left)).toBe(true);
});

test.each(['exec:', 'exec: ', 'exec:"open', 'exec:./here', 'exec:a/b', 'exec:~', 'exec:~user/x', 'exec:""', 'exec:-x'])(
  '%j is none',
  (reference) => {
    expect(() => testResolver().check(reference)).toThrow('exec:PROGRAM ARGUMENTS');
  },
);
