// The table of what was used: written a second after it was counted, added to and never doubled, and let go of by the day.
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import type { UsageRow } from '../../../src/rules/budget/tally.ts';
import { openStore } from '../../../src/store/open.ts';
import { openUsage, usageSince } from '../../../src/store/usage.ts';
import { scratchFolder } from '../../support/folder.ts';
import { manualClock } from '../../support/manual-clock.ts';

const ROW: UsageRow = {
  day: '2026-11-25',
  profile: 'ci',
  provider: 'anthropic',
  model: 'm',
  requests: 1,
  tokensIn: 10,
  cachedIn: 4,
  cacheWriteIn: 2,
  tokensOut: 5,
};
const TWICE = { ...ROW, requests: 2, tokensIn: 20, cachedIn: 8, cacheWriteIn: 4, tokensOut: 10 };

function setUp(home = scratchFolder()) {
  const path = join(home, 's.db');
  const store = openStore({ path });
  onTestFinished(() => store.close());
  const clock = manualClock();
  const told: boolean[] = [];
  const usage = openUsage(store, { schedule: clock.schedule, onTrouble: ({ failing }) => told.push(failing) });
  const count = (row = ROW) => {
    usage.tally.add(row);
    usage.changed();
  };
  return { home, path, store, clock, told, usage, count, rows: (day = '') => usageSince(store, day) };
}

test('it is written within a second, in one go', () => {
  const { clock, count, rows } = setUp();
  count();
  count();
  expect(clock.pending()).toBe(1);
  clock.advance(999);
  expect(rows()).toEqual([]);
  clock.advance(1);
  expect(rows()).toEqual([TWICE]);
  expect(clock.pending()).toBe(0);
  clock.advance(10_000);
  expect(rows()).toEqual([TWICE]);
});

test('closing writes what is left, and a restart goes on from there', () => {
  const first = setUp();
  first.count();
  first.usage.close();
  first.usage.close();
  expect(first.clock.pending()).toBe(0);
  const second = setUp(first.home);
  expect(second.usage.tally.rows(ROW.day, 'ci')).toEqual([ROW]);
  second.count();
  expect(second.usage.tally.rows(ROW.day, 'ci')).toEqual([TWICE]);
  expect(second.usage.flush()).toBe(true);
  expect(second.rows()).toEqual([TWICE]);
});

test('while another process writes it waits its turn, and is trouble only when that does not end', () => {
  const { path, clock, count, rows, told, usage } = setUp();
  const other = new Database(path);
  onTestFinished(() => void other.close());
  other.exec('BEGIN IMMEDIATE');
  count();
  for (let i = 0; i < 9; i++) clock.advance(1000);
  usage.forget('2026-11-25');
  expect(told).toEqual([]);
  clock.advance(1000);
  expect(told).toEqual([true]);
  expect(usage.flush()).toBe(false);
  count();
  other.exec('ROLLBACK');
  clock.advance(5000);
  expect(told).toEqual([true, false]);
  expect(rows()).toEqual([TWICE]);
});

test('a store that cannot be read or written costs nothing but the writing', () => {
  const { store, count, told, usage } = setUp();
  store.db.exec('ALTER TABLE usage RENAME TO elsewhere');
  count();
  expect(told).toEqual([true]);
  expect(usage.flush()).toBe(false);
  usage.forget('2026-11-26');
  expect(told).toEqual([true]);
  expect(usage.tally.rows(ROW.day, 'ci')).toEqual([ROW]);
  store.db.exec('ALTER TABLE elsewhere RENAME TO usage');
  expect(usage.flush()).toBe(true);
  expect(usageSince(store, '')).toEqual([ROW]);
  expect(told).toEqual([true, false]);
});

test('old days go', () => {
  const { count, rows, usage } = setUp();
  count();
  count({ ...ROW, day: '2026-11-24' });
  count({ ...ROW, day: '2025-12-31' });
  usage.flush();
  usage.forget('2026-11-24');
  expect(rows().map(({ day }) => day)).toEqual(['2026-11-24', '2026-11-25']);
  expect(rows('2026-11-25')).toEqual([ROW]);
});
