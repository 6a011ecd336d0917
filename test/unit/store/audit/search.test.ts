// Finding rows of the audit log: by what they are about, newest first, or all of them in order.
import { describe, expect, test } from 'vitest';
import { recordChange } from '../../../../src/store/audit/changes.ts';
import { changeOf, exchangeEntry, exchangeOf } from '../../../../src/store/audit/entry.ts';
import { releaseOld } from '../../../../src/store/audit/retention.ts';
import { type AuditQuery, eachRow, newestRows, newestSeq } from '../../../../src/store/audit/search.ts';
import { verifyAudit } from '../../../../src/store/audit/verify.ts';
import { auditStore } from '../../../support/audit-store.ts';
import { exchange, START_MS } from '../../../support/exchange-record.ts';

const CLIENTS = ['claude-cli', 'codex_exec', 'GeminiCLI'];

/** 30 exchanges of three clients with two hosts and three verdicts, and a change behind them. */
async function filled() {
  const own = await auditStore();
  const verdicts = ['pass', 'edit', 'deny'] as const;
  const entries = Array.from({ length: 30 }, (_, i) =>
    exchangeEntry(
      exchange(i + 1, { client: CLIENTS[i % 3]!, host: i % 2 ? 'api.openai.com' : 'api.anthropic.com', verdict: verdicts[i % 3]! }),
    ),
  );
  own.chain.append(entries);
  recordChange(own.store, own.keyring, { who: 1000, what: 'reload', before: { a: 1 }, after: { a: 2, token: 'x' } }, START_MS + 31_000);
  return own;
}

describe('both ways find the same', () => {
  test.each([
    [{}, Array.from({ length: 31 }, (_, i) => i + 1)],
    [{ kinds: ['change'] }, [31]],
    [{ client: 'codex_exec' }, [2, 5, 8, 11, 14, 17, 20, 23, 26, 29]],
    [{ client: 'gemini', host: 'OPENAI' }, [6, 12, 18, 24, 30]],
    [{ verdict: 'deny', after: 20 }, [21, 24, 27, 30]],
    [{ verdict: 'den' }, []],
    [{ client: 'claude', verdict: 'deny' }, []],
    [{ sinceMs: START_MS + 28_000, kinds: ['exchange'] }, [28, 29, 30]],
    [{ sinceMs: START_MS + 28_000, after: 29 }, [30, 31]],
    [{ sinceMs: START_MS + 90_000 }, []],
  ] as readonly (readonly [AuditQuery, readonly number[]])[])('%j', async (query, seqs) => {
    const { store } = await filled();
    expect([...eachRow(store, query)].map(({ seq }) => seq)).toEqual(seqs);
    expect(newestRows(store, query, 100).map(({ seq }) => seq)).toEqual(seqs.toReversed());
    expect(newestRows(store, query, 2).map(({ seq }) => seq)).toEqual(seqs.toReversed().slice(0, 2));
  });
});

test('what a row says is what was recorded; what looks like a secret is taken out of changes', async () => {
  const { store } = await filled();
  const [change, last] = newestRows(store, {}, 2);
  expect(changeOf(change!)).toEqual({ who: 1000, what: 'reload', before: { a: 1 }, after: { a: 2, token: 'x' } });
  expect(exchangeOf(last!)).toEqual(exchange(30, { client: 'GeminiCLI', host: 'api.openai.com', verdict: 'deny' }));
  const own = await auditStore();
  recordChange(own.store, own.keyring, { who: 0, what: 'set', after: { password: 'hunter2', note: `Bearer ${'x'.repeat(20)}` } });
  expect(changeOf(newestRows(own.store, {}, 1)[0]!)).toEqual({
    who: 0,
    what: 'set',
    after: { password: '[redacted]', note: '[redacted]' },
  });
  expect(verifyAudit(own.store, own.keyring).flawed).toBe(0);
});

test('members that are blank take no room', async () => {
  const { content } = exchangeEntry(
    exchange(1, { edits: {}, protocol: 'http/1.1', restored: 0, equality: 'exact', path: '', provider: '', endpoint: '' }),
  );
  expect(Object.keys(JSON.parse(content))).toEqual([
    'id',
    'startedAtMs',
    'clientVersion',
    'model',
    'tokensIn',
    'tokensOut',
    'requestBytes',
    'replyBytes',
    'addedMs',
    'durationMs',
  ]);
});

test('the log is read page by page to its end', async () => {
  const own = await auditStore(2500);
  expect([...eachRow(own.store, {})].map(({ seq }) => seq)).toEqual(Array.from({ length: 2500 }, (_, i) => i + 1));
  expect(newestSeq(own.store)).toBe(2500);
  // Retention takes rows away between two pages: what is left comes all the same.
  const rows = eachRow(own.store, {});
  rows.next();
  releaseOld(own.store, own.keyring, { keepMs: 0, maxBytes: 1e9 }, START_MS + 2_000_000);
  expect([...rows].at(-1)!.kind).toBe('checkpoint');
});

test('an empty log has no newest row', async () => {
  const { store } = await auditStore();
  expect(newestSeq(store)).toBe(0);
  expect(newestRows(store, {}, 5)).toEqual([]);
});

test('a row whose facet is gone is shown, and nobody’s', async () => {
  const { store } = await filled();
  store.db.pragma('foreign_keys = OFF');
  store.db.exec("DELETE FROM audit_facets WHERE client = 'codex_exec'");
  expect([...eachRow(store, {})]).toHaveLength(31);
  expect([...eachRow(store, { client: 'codex' })]).toEqual([]);
});
