// What verify says of a chain that is whole, and of each way to spoil one.
import { expect, test } from 'vitest';
import { openChain } from '../../../../src/store/audit/chain.ts';
import { exchangeEntry } from '../../../../src/store/audit/entry.ts';
import { type Flaw, verifyAudit } from '../../../../src/store/audit/verify.ts';
import { type AuditStore, auditStore } from '../../../support/audit-store.ts';
import { exchange, START_MS } from '../../../support/exchange-record.ts';

const at = (n: number) => START_MS + n * 1000 + 12;

async function spoiled(rows: number, spoil: (own: AuditStore) => void): Promise<readonly Flaw[]> {
  const own = await auditStore(rows);
  spoil(own);
  return verifyAudit(own.store, own.keyring).flaws;
}

test('nothing is wrong with a log that nobody touched, be it empty', async () => {
  const { store, keyring } = await auditStore();
  expect(verifyAudit(store, keyring)).toEqual({ rows: 0, first: 1, flaws: [], flawed: 0 });
  const full = await auditStore(7);
  const seen: number[][] = [];
  expect(verifyAudit(full.store, full.keyring, (...progress) => seen.push(progress))).toEqual({ rows: 7, first: 1, flaws: [], flawed: 0 });
  expect(seen).toEqual([[7, 7]]);
});

test('an edited row is named with its time', async () => {
  const flaws = await spoiled(
    9,
    ({ store }) => void store.db.exec(`UPDATE audit SET content = replace(content, 'x-4', 'x-5') WHERE seq = 4`),
  );
  expect(flaws).toEqual([{ seq: 4, atMs: at(4), what: 'it was changed, moved or put in' }]);
});

test('rows that are missing, in the middle and at the beginning', async () => {
  expect(await spoiled(9, ({ store }) => void store.db.exec('DELETE FROM audit WHERE seq BETWEEN 4 AND 6'))).toEqual([
    { seq: 4, atMs: at(3), what: 'rows 4 to 6 are missing' },
  ]);
  expect(await spoiled(9, ({ store }) => void store.db.exec('DELETE FROM audit WHERE seq = 1'))).toEqual([
    { seq: 1, atMs: at(2), what: 'it is missing' },
  ]);
});

test('an end that was cut off, with and without the head', async () => {
  expect(await spoiled(9, ({ store }) => void store.db.exec('DELETE FROM audit WHERE seq > 6'))).toEqual([
    { seq: 7, atMs: at(6), what: 'rows 7 to 9 are missing' },
  ]);
  const head = 'the head of the log was changed or is missing, so rows behind it may be missing too';
  expect(await spoiled(9, ({ store }) => void store.db.exec('DELETE FROM audit WHERE seq > 6; DELETE FROM audit_head'))).toEqual([
    { seq: 6, atMs: at(6), what: head },
  ]);
  expect(await spoiled(9, ({ store }) => void store.db.exec('DELETE FROM audit; DELETE FROM audit_head'))).toEqual([
    { seq: 0, atMs: undefined, what: head },
  ]);
});

test('a head of another key or length is none', async () => {
  for (const seal of ["x'00'", 'zeroblob(32)'])
    expect(await spoiled(3, ({ store }) => void store.db.exec(`UPDATE audit_head SET seal = ${seal}`))).toHaveLength(1);
});

test('a row behind the end', async () => {
  const flaws = await spoiled(
    3,
    ({ store }) => void store.db.exec('INSERT INTO audit SELECT 4, at_ms, facet, content, mac FROM audit WHERE seq = 3'),
  );
  expect(flaws.map(({ seq, what }) => [seq, what])).toEqual([
    [4, 'it was changed, moved or put in'],
    [4, 'the log does not end as it was left'],
  ]);
});

// What is written behind a forged end would vouch for it, and what was cut off would be forgotten.
test('an end that was forged stays visible when more is written', async () => {
  const own = await auditStore(9);
  own.store.db.exec('DELETE FROM audit WHERE seq > 6; UPDATE audit_head SET seq = 6, mac = (SELECT mac FROM audit WHERE seq = 6)');
  own.chain.append([exchangeEntry(exchange(10))]);
  expect(verifyAudit(own.store, own.keyring).flaws).toEqual([
    { seq: 7, atMs: at(10), what: 'the end of the log was cut off or changed before it was written' },
  ]);
  own.store.db.exec('DELETE FROM audit; DELETE FROM audit_head');
  openChain(own.store, own.keyring).append([exchangeEntry(exchange(11))]);
  expect(verifyAudit(own.store, own.keyring).flaws.map(({ seq }) => seq)).toEqual([1]);
});

// Numbers are given out anew behind an end that was cut off, and a row that had its number before is as genuine as can be.
test('a row that once stood in the same place does not stand there again', async () => {
  const own = await auditStore(9);
  const old = own.store.db.prepare('SELECT * FROM audit WHERE seq = 8').get();
  own.store.db.exec('DELETE FROM audit WHERE seq > 6; DELETE FROM audit_head');
  own.chain.append([exchangeEntry(exchange(10)), exchangeEntry(exchange(11))]);
  own.store.db.prepare('UPDATE audit SET at_ms = @at_ms, facet = @facet, content = @content, mac = @mac WHERE seq = 8').run(old);
  expect(verifyAudit(own.store, own.keyring).flaws.map(({ seq, what }) => [seq, what])).toEqual([
    [7, 'the end of the log was cut off or changed before it was written'],
    [8, 'it was changed, moved or put in'],
    [9, 'it was changed, moved or put in'],
  ]);
});

test('a row behind the end does not keep others from being written, nor is it written over', async () => {
  const own = await auditStore(3);
  own.store.db.exec('INSERT INTO audit SELECT 4, at_ms, facet, content, mac FROM audit WHERE seq = 3');
  own.chain.append([exchangeEntry(exchange(4))]);
  expect(verifyAudit(own.store, own.keyring)).toMatchObject({ rows: 6, flaws: [{ seq: 4 }, { seq: 5 }] });
});

test('a row that was let go does not come back', async () => {
  const own = await auditStore(9);
  const old = own.store.db.prepare('SELECT * FROM audit WHERE seq = 2').get();
  own.chain.release(5, START_MS);
  own.store.db.prepare('INSERT INTO audit VALUES (@seq, @at_ms, @facet, @content, @mac)').run(old);
  expect(verifyAudit(own.store, own.keyring).flaws).toEqual([
    { seq: 2, atMs: at(2), what: 'it was put in, or is back after it was let go' },
  ]);
});

test('of many flaws the first hundred are named', async () => {
  const own = await auditStore(300);
  own.store.db.exec('UPDATE audit SET at_ms = at_ms + 1');
  const { flaws, flawed } = verifyAudit(own.store, own.keyring);
  expect([flaws.length, flawed]).toEqual([100, 300]);
});
