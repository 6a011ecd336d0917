// The writer of the audit log: batches, a bounded queue, and what a full disk or a locked keyring costs.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { exchangeOf } from '../../../../src/store/audit/entry.ts';
import { newestRows } from '../../../../src/store/audit/search.ts';
import { verifyAudit } from '../../../../src/store/audit/verify.ts';
import { type AuditWriterOptions, openAuditWriter } from '../../../../src/store/audit/writer.ts';
import { LockedError, openKeyring } from '../../../../src/store/keyring.ts';
import { auditStore } from '../../../support/audit-store.ts';
import { exchange } from '../../../support/exchange-record.ts';

interface Trouble {
  readonly failing: boolean;
  readonly dropped: number;
  readonly cause: unknown;
}

async function setUp(over: Partial<AuditWriterOptions> = {}) {
  const { store, home, keyring } = await auditStore();
  const timers: { task: () => void; delayMs: number }[] = [];
  const troubles: Trouble[] = [];
  const options: AuditWriterOptions = {
    maxQueued: 100,
    schedule: (task, delayMs) => {
      const timer = { task, delayMs };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
    },
    onTrouble: (trouble) => troubles.push(trouble),
    ...over,
  };
  const writer = openAuditWriter(store, keyring, options);
  const pages = (n: number) => store.db.pragma(`max_page_count = ${n}`, { simple: true }) as number;
  const fill = () => pages(store.db.pragma('page_count', { simple: true }) as number);
  const recent = (count: number) => newestRows(store, {}, count).map(exchangeOf);
  return { store, home, keyring, writer, options, timers, troubles, pages, fill, recent };
}

const LONG = 'p'.repeat(4000);

test('what goes in comes out, newest first, and verifies', async () => {
  const { writer, recent, store, keyring } = await setUp();
  const second = exchange(2, { fault: 'upstream-cut', edits: {}, status: 0 });
  writer.write(exchange(1));
  writer.write(second);
  expect(recent(9)).toEqual([]);
  expect(writer.flush()).toBe(true);
  expect(recent(9)).toEqual([second, exchange(1)]);
  expect(recent(1)).toHaveLength(1);
  expect(verifyAudit(store, keyring)).toMatchObject({ rows: 2, flawed: 0 });
});

test('one timer for many rows; nothing queued, nothing done', async () => {
  const { writer, timers, recent } = await setUp();
  expect(timers).toHaveLength(0);
  for (let i = 0; i < 50; i++) writer.write(exchange(i));
  expect(timers).toHaveLength(1);
  timers[0]!.task();
  expect(recent(100)).toHaveLength(50);
  expect(timers).toHaveLength(0);
  expect(writer.flush()).toBe(true);
});

test('close writes what is queued', async () => {
  const { writer, timers, recent } = await setUp();
  writer.write(exchange(1));
  writer.close();
  expect(recent(9)).toHaveLength(1);
  expect(timers).toHaveLength(0);
});

test('a full disk is said once, costs rows over the bound, and ends when there is room', async () => {
  const { writer, timers, troubles, pages, fill, store, recent, keyring } = await setUp();
  store.db.pragma('wal_checkpoint(TRUNCATE)');
  fill();
  for (let i = 0; i < 100; i++) writer.write(exchange(i, { path: LONG }));
  expect(writer.failing).toBe(false);
  expect(writer.flush()).toBe(false);
  expect(writer.flush()).toBe(false);
  expect(writer.failing).toBe(true);
  expect([writer.written, writer.queued]).toEqual([0, 100]);
  expect(troubles).toMatchObject([{ failing: true, dropped: 0, cause: { code: 'SQLITE_FULL' } }]);
  expect(timers).toHaveLength(1);
  for (let i = 100; i < 107; i++) writer.write(exchange(i));
  expect(writer.dropped).toBe(7);
  pages(100_000);
  timers[0]!.task();
  expect(writer.failing).toBe(false);
  expect(troubles).toMatchObject([{ failing: true }, { failing: false, dropped: 7 }]);
  expect([writer.written, writer.queued]).toEqual([100, 0]);
  expect(recent(1000)).toHaveLength(100);
  expect(verifyAudit(store, keyring)).toMatchObject({ rows: 100, flawed: 0 });
});

test('closing on a full disk counts what is lost', async () => {
  const { writer, fill, timers } = await setUp();
  fill();
  for (let i = 0; i < 100; i++) writer.write(exchange(i, { path: LONG }));
  writer.close();
  expect(writer.dropped).toBe(100);
  expect(timers).toHaveLength(0);
});

// A command that wrote for seconds held every exchange up for as long.
test('a store that a command is writing to is tried again soon, and is trouble only when that goes on', async () => {
  const { writer, timers, troubles, recent, store } = await setUp();
  const other = new Database(store.db.name);
  other.exec('BEGIN IMMEDIATE');
  writer.write(exchange(1));
  for (let i = 0; i < 24; i++) {
    timers.at(-1)!.task();
    expect(timers.map(({ delayMs }) => delayMs)).toEqual([200]);
  }
  expect([writer.failing, troubles]).toEqual([false, []]);
  timers.at(-1)!.task();
  expect(writer.failing).toBe(true);
  expect(troubles).toMatchObject([{ failing: true, cause: { code: 'SQLITE_BUSY' } }]);
  other.close();
  timers.at(-1)!.task();
  expect(writer.failing).toBe(false);
  expect(recent(9)).toEqual([exchange(1)]);
  expect(store.db.pragma('busy_timeout', { simple: true })).toBe(5000);
});

test('a row that cannot be stored does not hold up the others', async () => {
  const { writer, troubles, recent } = await setUp();
  writer.write(exchange(1));
  writer.write(exchange(2, { host: undefined as unknown as string }));
  writer.write(exchange(3));
  expect(writer.flush()).toBe(true);
  expect(recent(9).map((r) => r.id)).toEqual(['x-3', 'x-1']);
  expect(writer.dropped).toBe(1);
  expect(troubles).toEqual([]);
});

test('a locked keyring is trouble from the start, and rows wait for it to be unlocked', async () => {
  const { store, home, options, troubles, timers } = await setUp();
  rmSync(join(home, 'sallyport.key'));
  const locked = await openKeyring({ store, home, environment: {}, now: () => 1 });
  const writer = openAuditWriter(store, locked, options);
  expect(writer.failing).toBe(true);
  expect(troubles).toHaveLength(1);
  expect(troubles[0]!.cause).toBeInstanceOf(LockedError);
  writer.write(exchange(1));
  timers.at(-1)!.task();
  expect(troubles).toHaveLength(1);
  expect(newestRows(store, {}, 9)).toEqual([]);
  writer.close();
  expect(writer.dropped).toBe(1);
});
