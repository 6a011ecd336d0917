// The journal on disk: private, whole, in order, and only of its owner's hand.
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Change } from '../../../../cmd/changes/change.ts';
import { openJournal } from '../../../../cmd/changes/journal.ts';
import { scratchFolder } from '../../../support/folder.ts';

const change = (key: string, by: Change['by'] = 'ca'): Change => ({
  version: 1,
  by,
  key,
  what: `change ${key}`,
  digest: '',
  isDone: true,
  undo: [{ how: 'run', argv: ['true'], root: true }],
});
const homeOf = () => join(scratchFolder(), 'home');

describe('the journal', () => {
  test('holds what was planned, newest first, in private files', () => {
    const home = homeOf();
    const journal = openJournal(home);
    for (const [key, by] of [
      ['a', 'ca'],
      ['b', 'system'],
      ['c', 'ca'],
    ] as const)
      journal.plan(change(key, by));
    expect(
      openJournal(home)
        .inForce()
        .map(({ id, key }) => [id, key]),
    ).toEqual([
      ['000003', 'c'],
      ['000002', 'b'],
      ['000001', 'a'],
    ]);
    expect(journal.inForce('ca').map(({ key }) => key)).toEqual(['c', 'a']);
    expect(statSync(join(home, 'changes')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(home, 'changes')).sort()).toEqual(['000001.json', '000002.json', '000003.json']);
    expect(statSync(join(home, 'changes/000001.json')).mode & 0o777).toBe(0o600);
  });

  test('forgets, twice if need be, and revises in place', () => {
    const journal = openJournal(homeOf());
    const [a, b] = [journal.plan(change('a')), journal.plan(change('b'))];
    journal.revise({ ...a, isDone: false });
    journal.forget(b.id);
    journal.forget(b.id);
    expect(journal.inForce()).toEqual([{ ...a, isDone: false }]);
  });

  test('numbers past what another process has written meanwhile', () => {
    const home = homeOf();
    const [one, two] = [openJournal(home), openJournal(home)];
    expect([one.plan(change('a')).id, two.plan(change('b')).id, one.plan(change('c')).id]).toEqual(['000001', '000002', '000003']);
  });

  test('is empty, and makes nothing, where there is no home', () => {
    const home = homeOf();
    expect(openJournal(home).inForce()).toEqual([]);
    expect(statSync(home, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('passes over what a killed writer left', () => {
    const home = homeOf();
    const journal = openJournal(home);
    journal.plan(change('a'));
    writeFileSync(join(home, 'changes/4711.new'), '{"ver');
    expect(journal.inForce()).toHaveLength(1);
  });

  test.each([
    ['{"version":1', /changed by hand/],
    ['{"version":2}', /this version does not know/],
    [JSON.stringify({ ...change('a'), undo: [{ how: 'explode' }] }), /this version does not know/],
  ])('names a file that it cannot follow: %s', (text, line) => {
    const home = homeOf();
    const journal = openJournal(home);
    journal.plan(change('a'));
    writeFileSync(join(home, 'changes/000001.json'), text);
    expect(() => journal.inForce()).toThrow(line);
    expect(readFileSync(join(home, 'changes/000001.json'), 'utf8')).toBe(text);
  });

  // What it says is carried out with our rights.
  test('is not followed where others may write it', () => {
    const home = homeOf();
    mkdirSync(home, { mode: 0o700 });
    const journal = openJournal(home);
    journal.plan(change('a'));
    chmodSync(join(home, 'changes/000001.json'), 0o666);
    expect(() => journal.inForce()).toThrow(/can be written by others/);
  });
});
