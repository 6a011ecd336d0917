// Retention: what is too old or too much goes, a few rows at a time, and what stays verifies.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exchangeEntry } from '../../../../src/store/audit/entry.ts';
import { releaseOld, startRetention } from '../../../../src/store/audit/retention.ts';
import { verifyAudit } from '../../../../src/store/audit/verify.ts';
import { openKeyring } from '../../../../src/store/keyring.ts';
import { auditStore } from '../../../support/audit-store.ts';
import { exchange, START_MS } from '../../../support/exchange-record.ts';

const MANY = { keepMs: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
const seqs = ({ store }: Awaited<ReturnType<typeof auditStore>>) => store.db.prepare('SELECT seq FROM audit ORDER BY seq').pluck().all();

test('nothing has to go: nothing is written', async () => {
  const empty = await auditStore();
  expect(releaseOld(empty.store, empty.keyring, { keepMs: 0, maxBytes: 0 }, START_MS)).toBe(0);
  const own = await auditStore(5);
  expect(releaseOld(own.store, own.keyring, MANY, START_MS)).toBe(0);
  expect(seqs(own)).toEqual([1, 2, 3, 4, 5]);
});

test('by age: what is left verifies, and says that something went', async () => {
  const own = await auditStore(5);
  own.chain.append([exchangeEntry(exchange(6, { client: 'codex' }))]);
  expect(releaseOld(own.store, own.keyring, { ...MANY, keepMs: 3500 }, START_MS + 7000)).toBe(3);
  expect(seqs(own)).toEqual([4, 5, 6, 7]);
  expect(verifyAudit(own.store, own.keyring)).toEqual({ rows: 4, first: 4, flaws: [], flawed: 0 });
  // All are too old: the last one stays for the next to follow, and a checkpoint is a row like others.
  expect(releaseOld(own.store, own.keyring, { ...MANY, keepMs: 1000 }, START_MS + 90_000)).toBe(3);
  expect(releaseOld(own.store, own.keyring, { ...MANY, keepMs: 1000 }, START_MS + 90_000)).toBe(1);
  expect(releaseOld(own.store, own.keyring, { ...MANY, keepMs: 1000 }, START_MS + 90_000)).toBe(0);
  expect(seqs(own)).toEqual([8, 9]);
  expect(own.store.db.prepare('SELECT kind FROM audit_facets').pluck().all()).toEqual(['checkpoint']);
  own.chain.append([exchangeEntry(exchange(7))]);
  expect(verifyAudit(own.store, own.keyring)).toEqual({ rows: 3, first: 8, flaws: [], flawed: 0 });
});

test('by bytes: the oldest go until the rest fits', async () => {
  const own = await auditStore(1000);
  const { bytes } = own.chain.head()!;
  expect(releaseOld(own.store, own.keyring, { ...MANY, maxBytes: bytes / 2 }, START_MS)).toBe(500);
  expect(own.chain.head()!.bytes).toBeLessThan(bytes / 2 + 500);
  expect(verifyAudit(own.store, own.keyring)).toMatchObject({ rows: 501, first: 501, flawed: 0 });
});

test('rows that are missing are not let go with the old ones', async () => {
  const own = await auditStore(9);
  own.store.db.exec('DELETE FROM audit WHERE seq IN (5, 6)');
  releaseOld(own.store, own.keyring, { ...MANY, keepMs: 3500 }, START_MS + 10_000);
  expect(verifyAudit(own.store, own.keyring).flaws).toMatchObject([{ seq: 5, what: 'rows 5 to 6 are missing' }]);
});

test('a forged end is not vouched for', async () => {
  const own = await auditStore(9);
  own.store.db.exec('DELETE FROM audit_head');
  expect(releaseOld(own.store, own.keyring, { ...MANY, keepMs: 3500 }, START_MS + 10_000)).toBe(6);
  expect(verifyAudit(own.store, own.keyring).flaws).toMatchObject([{ seq: 10 }]);
});

test('a few at a time until all is done, then again in an hour; trouble is told', async () => {
  const { store, keyring, home } = await auditStore(1200);
  const timers: { task: () => void; delayMs: number }[] = [];
  const troubles: unknown[] = [];
  const options = {
    limits: () => ({ ...MANY, keepMs: 0 }),
    now: () => START_MS + 1100 * 1000,
    schedule: (task: () => void, delayMs: number) => {
      timers.push({ task, delayMs });
      return () => void timers.pop();
    },
    onTrouble: (cause: unknown) => troubles.push(cause),
  };
  const retention = startRetention(store, keyring, options);
  for (let i = 0; i < 4; i++) timers.at(-1)!.task();
  expect(timers.map(({ delayMs }) => delayMs)).toEqual([30_000, 100, 100, 100, 3_600_000]);
  expect(verifyAudit(store, keyring)).toMatchObject({ first: 1100, flawed: 0 });
  retention.close();
  expect(timers).toHaveLength(4);
  rmSync(join(home, 'sallyport.key'));
  startRetention(store, await openKeyring({ store, home, environment: {}, now: () => 1 }), options);
  timers.at(-1)!.task();
  expect(troubles).toHaveLength(1);
});
