// Stores as doctor tells of them, and a change of the system that was begun and not ended.
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openJournal } from '../../../../cmd/changes/journal.ts';
import { checkJournal, checkStores, standingOf } from '../../../../cmd/doctor/trust.ts';
import { scratchFolder } from '../../../support/folder.ts';

test.each([
  [{ state: 'current' }, false, 'ok', undefined],
  [{ state: 'older' }, true, 'warn', 'sallyport ca install'],
  [{ state: 'absent' }, true, 'warn', 'sallyport ca install'],
  [{ state: 'absent' }, false, 'info', undefined],
  [{ state: 'unknown', why: 'certutil is not here' }, false, 'info', undefined],
] as const)('a store that says %j, installed by us: %s', (standing, byUs, state, fix) => {
  const finding = standingOf('trust debian', '/etc/anchors', standing, byUs);
  expect(finding).toMatchObject({ check: 'trust debian', state, text: expect.stringContaining('/etc/anchors') });
  expect(finding.fix).toBe(fix);
});

test('without a CA no store is asked', async () => {
  const home = scratchFolder();
  const invocation = { flags: { home }, environment: {}, cwd: home, userHome: home, configFile: undefined };
  expect(await checkStores(invocation, home)).toMatchObject([{ check: 'trust', state: 'info' }]);
});

test('a half-done change is told of and taken back; a whole one is left', async () => {
  const home = scratchFolder();
  const folder = scratchFolder();
  expect(await checkJournal(home, {})).toEqual([]);
  const journal = openJournal(home);
  const change = (name: string, isDone: boolean) => {
    writeFileSync(join(folder, name), name);
    const wrote = [createHash('sha256').update(name).digest('hex')];
    const undo = [{ how: 'remove-file', path: join(folder, name), wrote }] as const;
    journal.plan({ version: 1, by: 'ca', key: name, what: `the file ${name}`, digest: 'd', isDone, undo });
  };
  await journal.alone(async () => change('whole', true));
  expect(await checkJournal(home, {})).toMatchObject([{ check: 'journal', state: 'ok' }]);
  await journal.alone(async () => change('half', false));
  const [finding] = await checkJournal(home, {});
  expect(finding).toMatchObject({ state: 'fail', text: 'begun and not ended: the file half', fix: 'sallyport doctor --fix takes it back' });
  expect(await finding!.repair!.run()).toBe(true);
  expect([existsSync(join(folder, 'half')), existsSync(join(folder, 'whole'))]).toEqual([false, true]);
  expect(await finding!.repair!.run()).toBe(false);
  expect(await checkJournal(home, {})).toMatchObject([{ state: 'ok' }]);
});
