// How an installation is started by somebody else, and whether the machine may run it.
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkForMachine, ownProgram, type Program } from '../../../../cmd/service/program.ts';
import { scratchFolder } from '../../../support/folder.ts';

function checkout(pinned: boolean) {
  const root = scratchFolder();
  mkdirSync(join(root, 'cmd'));
  writeFileSync(join(root, 'cmd/sallyport'), '');
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
  if (pinned) writeFileSync(join(root, 'node_modules/.bin/node'), '');
  mkdirSync(join(root, 'opt/node-26/bin'), { recursive: true });
  const node = join(root, 'opt/node-26/bin/node');
  writeFileSync(node, '');
  mkdirSync(join(root, 'bin'));
  symlinkSync(node, join(root, 'bin/node'));
  return { root, here: join(root, 'cmd'), node };
}

test('a checkout with its own Node is started by its launcher, whatever PATH is', () => {
  const { root, here, node } = checkout(true);
  expect(ownProgram(here, node, join(root, 'bin'))).toEqual({
    words: ['/bin/sh', join(here, 'sallyport')],
    nodeFolder: undefined,
    files: [join(here, 'sallyport'), join(root, 'node_modules/.bin/node')],
    root,
  });
});

test('without one, the Node in PATH is named by the folder that outlives an upgrade', () => {
  const { root, here, node } = checkout(false);
  expect(ownProgram(here, node, `bin:/nowhere:${join(root, 'bin')}:${join(root, 'opt/node-26/bin')}`).nodeFolder).toBe(join(root, 'bin'));
  expect(ownProgram(here, node, '/nowhere').nodeFolder).toBe(join(root, 'opt/node-26/bin'));
  expect(ownProgram(here, node, undefined).nodeFolder).toBe(join(root, 'opt/node-26/bin'));
});

test('the built package is started by its own bin', () => {
  expect(ownProgram('/opt/lib/sallyport/dist/cmd', '/usr/bin/node', '/usr/bin')).toEqual({
    words: ['/usr/bin/node', '/opt/lib/sallyport/dist/cmd/installed.js'],
    nodeFolder: undefined,
    files: ['/opt/lib/sallyport/dist/cmd/installed.js', '/usr/bin/node'],
    root: '/opt/lib/sallyport',
  });
});

const program = (...files: string[]): Program => ({ words: [], nodeFolder: undefined, files, root: '/' });

test('the machine may run what root alone can change', () => {
  expect(() => checkForMachine(program('/bin/sh', '/usr/bin/env'))).not.toThrow();
});

test('and nothing that it would not see, or that a user could change or make unreadable', () => {
  const folder = scratchFolder();
  const file = join(folder, 'node');
  writeFileSync(file, '');
  // A link to a place of root's is no way round: who can write the link can lead it elsewhere.
  symlinkSync('/bin/sh', join(folder, 'sh'));
  const hint =
    'for --system, install Sallyport where root alone can write and everybody can read, such as /opt or by npm install -g; or use --user';
  for (const path of [file, join(folder, 'sh')])
    expect(() => checkForMachine(program('/bin/sh', path))).toThrow(`a service of the machine does not see /tmp: ${hint}`);
});

test.runIf(process.getuid?.() === 0)('each folder on the way counts', () => {
  const folder = scratchFolder('/opt');
  chmodSync(folder, 0o755);
  const file = join(folder, 'node');
  writeFileSync(file, '', { mode: 0o755 });
  const judge = () => checkForMachine(program(file));
  expect(judge).not.toThrow();
  chmodSync(file, 0o700);
  expect(judge).toThrow(`${file} cannot be read by others than root`);
  chmodSync(file, 0o755);
  chmodSync(folder, 0o775);
  expect(judge).toThrow(`${folder} can be written by others than root`);
  chmodSync(folder, 0o744);
  expect(judge).toThrow(`${folder} cannot be read by others than root`);
  chmodSync(folder, 0o755);
  chownSync(folder, 1234, 0);
  expect(judge).toThrow(`${folder} belongs to user 1234`);
});
