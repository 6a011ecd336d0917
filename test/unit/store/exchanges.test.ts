import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ExchangeRecord } from '../../../src/exchange-record.ts';
import { type ExchangesOptions, openExchanges } from '../../../src/store/exchanges.ts';
import { openStore } from '../../../src/store/open.ts';
import { scratchFolder } from '../../support/folder.ts';

const record = (n: number, over: Partial<ExchangeRecord> = {}): ExchangeRecord => ({
  id: `x-${n}`,
  startedAtMs: 1_700_000_000_000 + n,
  profile: 'work',
  client: 'claude-cli',
  protocol: 'h2',
  host: 'api.example.com',
  port: 443,
  method: 'POST',
  path: '/v1/messages',
  provider: 'anthropic',
  endpoint: 'messages',
  status: 200,
  fault: undefined,
  verdict: 'edit',
  edits: { email: 2 },
  restored: 1,
  requestBytes: 10,
  replyBytes: 20,
  addedMs: 0.5,
  durationMs: 12.25,
  equality: 'ja4',
  ...over,
});

function setUp(over: Partial<ExchangesOptions> = {}) {
  const store = openStore({ path: join(scratchFolder(), 's.db') });
  const timers: { task: () => void; delayMs: number }[] = [];
  const troubles: { failing: boolean; dropped: number }[] = [];
  const exchanges = openExchanges(store, {
    keep: 1000,
    maxQueued: 100,
    schedule: (task, delayMs) => {
      const timer = { task, delayMs };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
    },
    onTrouble: ({ failing, dropped }) => troubles.push({ failing, dropped }),
    ...over,
  });
  onTestFinished(() => store.close());
  const pages = (n: number) => store.db.pragma(`max_page_count = ${n}`, { simple: true }) as number;
  return { store, exchanges, timers, troubles, pages };
}

test('what goes in comes out, newest first', () => {
  const { exchanges } = setUp();
  exchanges.write(record(1));
  exchanges.write(record(2, { fault: 'upstream-cut', edits: {}, status: 0 }));
  expect(exchanges.recent(9)).toEqual([]);
  expect(exchanges.flush()).toBe(true);
  expect(exchanges.recent(9)).toEqual([record(2, { fault: 'upstream-cut', edits: {}, status: 0 }), record(1)]);
  expect(exchanges.recent(1)).toHaveLength(1);
});

test('one timer for many rows; nothing queued, nothing done', () => {
  const { exchanges, timers } = setUp();
  for (let i = 0; i < 50; i++) exchanges.write(record(i));
  expect(timers).toHaveLength(1);
  timers[0]!.task();
  expect(exchanges.recent(100)).toHaveLength(50);
  expect(timers).toHaveLength(0);
  expect(exchanges.flush()).toBe(true);
});

test('close writes what is queued', () => {
  const { exchanges, timers } = setUp();
  exchanges.write(record(1));
  exchanges.close();
  expect(exchanges.recent(9)).toHaveLength(1);
  expect(timers).toHaveLength(0);
});

test('retention by count', () => {
  const { exchanges, store } = setUp({ keep: 40 });
  for (let i = 0; i < 600; i++) {
    exchanges.write(record(i));
    if (i % 50 === 49) exchanges.flush();
  }
  exchanges.flush();
  const count = store.db.prepare('SELECT count(*) FROM exchanges').pluck().get() as number;
  expect(count).toBeLessThanOrEqual(40 + 500);
  expect(exchanges.recent(1)[0]?.id).toBe('x-599');
  expect(store.db.prepare("SELECT count(*) FROM exchanges WHERE id = 'x-0'").pluck().get()).toBe(0);
});

test('a full disk is said once, costs rows over the bound, and ends when there is room', () => {
  const { exchanges, timers, troubles, pages, store } = setUp();
  store.db.pragma('wal_checkpoint(TRUNCATE)');
  pages(store.db.pragma('page_count', { simple: true }) as number);
  const long = 'p'.repeat(4000);
  for (let i = 0; i < 100; i++) exchanges.write(record(i, { path: long }));
  expect(exchanges.flush()).toBe(false);
  expect(exchanges.flush()).toBe(false);
  expect(troubles).toEqual([{ failing: true, dropped: 0 }]);
  expect(timers).toHaveLength(1);
  for (let i = 100; i < 107; i++) exchanges.write(record(i));
  expect(exchanges.dropped).toBe(7);
  pages(100_000);
  timers[0]!.task();
  expect(troubles).toEqual([
    { failing: true, dropped: 0 },
    { failing: false, dropped: 7 },
  ]);
  expect(exchanges.recent(1000)).toHaveLength(100);
});

test('closing on a full disk counts what is lost', () => {
  const { exchanges, pages, store, timers } = setUp();
  pages(store.db.pragma('page_count', { simple: true }) as number);
  for (let i = 0; i < 100; i++) exchanges.write(record(i, { path: 'p'.repeat(4000) }));
  exchanges.close();
  expect(exchanges.dropped).toBe(100);
  expect(timers).toHaveLength(0);
});

test('a row that cannot be stored does not hold up the others', () => {
  const { exchanges, troubles } = setUp();
  exchanges.write(record(1));
  exchanges.write(record(2, { host: undefined as unknown as string }));
  exchanges.write(record(3));
  expect(exchanges.flush()).toBe(true);
  expect(exchanges.recent(9).map((r) => r.id)).toEqual(['x-3', 'x-1']);
  expect(exchanges.dropped).toBe(1);
  expect(troubles).toEqual([]);
});
