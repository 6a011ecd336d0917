// Whatever is done to one row of the audit log, verify finds it: an edit of any column, a drop, a swap, a row put in, an end cut off.
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { exchangeEntry, plainEntry } from '../../../../src/store/audit/entry.ts';
import { releaseOld } from '../../../../src/store/audit/retention.ts';
import { verifyAudit } from '../../../../src/store/audit/verify.ts';
import { type AuditStore, auditStore } from '../../../support/audit-store.ts';
import { exchange, START_MS } from '../../../support/exchange-record.ts';

const FIRST = 11;
const LAST = 41;
let own: AuditStore;

/** Exchanges of several facets, a change, and a checkpoint for what was let go. */
beforeEach(async () => {
  own = await auditStore(20);
  releaseOld(own.store, own.keyring, { keepMs: 10_000, maxBytes: Number.MAX_SAFE_INTEGER }, START_MS + 21_000);
  const more = Array.from({ length: 19 }, (_, i) =>
    exchangeEntry(exchange(i + 30, { client: `cli-${i % 3}`, verdict: i % 2 ? 'pass' : 'deny' })),
  );
  own.chain.append([...more, plainEntry('change', START_MS, { who: 1, what: 'reload' })]);
});

/** Runs `spoil`, verifies, and takes it back. False where nothing changed. */
function seen(spoil: (db: AuditStore['store']['db']) => unknown): {
  readonly flawed: number;
  readonly isSame: boolean;
  readonly seqs: number[];
} {
  const { db } = own.store;
  const all = () => JSON.stringify(['audit', 'audit_facets', 'audit_head'].map((table) => db.prepare(`SELECT * FROM ${table}`).all()));
  db.pragma('foreign_keys = OFF');
  const before = all();
  db.exec('SAVEPOINT whole');
  spoil(db);
  const isSame = all() === before;
  const { flawed, flaws } = verifyAudit(own.store, own.keyring);
  db.exec('ROLLBACK TO whole; RELEASE whole');
  return { flawed, isSame, seqs: flaws.map(({ seq }) => seq) };
}

const row = fc.integer({ min: FIRST, max: LAST });

test('the log is whole to begin with', () => {
  expect(verifyAudit(own.store, own.keyring)).toEqual({ rows: LAST - FIRST + 1, first: FIRST, flaws: [], flawed: 0 });
});

test('an edit of any column of any row', () => {
  const value = fc.oneof(
    fc.string(),
    fc.integer({ min: -5, max: 50 }),
    fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b)),
  );
  const column = fc.constantFrom('seq', 'at_ms', 'facet', 'content', 'mac');
  fc.assert(
    fc.property(row, column, value, (seq, name, given) => {
      const out = seen((db) => {
        try {
          db.prepare(`UPDATE audit SET ${name} = ? WHERE seq = ?`).run(given, seq);
        } catch {
          // The table refuses other types and a number that is taken.
        }
      });
      expect(out.flawed > 0).toBe(!out.isSame);
      if (!out.isSame && name !== 'seq') expect(out.seqs).toContain(seq);
    }),
    { numRuns: 400 },
  );
});

test('an edit of one character of a content, and of a byte of a MAC', () => {
  fc.assert(
    fc.property(row, fc.nat(), fc.integer({ min: 1, max: 255 }), (seq, place, turn) => {
      const { content, mac } = own.store.db.prepare('SELECT content, mac FROM audit WHERE seq = ?').get(seq) as {
        content: string;
        mac: Buffer;
      };
      const at = place % content.length;
      const text = `${content.slice(0, at)}${String.fromCharCode(content.charCodeAt(at) ^ turn)}${content.slice(at + 1)}`;
      const bytes = Buffer.from(mac);
      bytes[place % 32]! ^= turn;
      expect(seen((db) => db.prepare('UPDATE audit SET content = ? WHERE seq = ?').run(text, seq)).seqs).toContain(seq);
      expect(seen((db) => db.prepare('UPDATE audit SET mac = ? WHERE seq = ?').run(bytes, seq)).seqs).toContain(seq);
    }),
  );
});

test('an edit of what rows share, of the head, and of the key', () => {
  for (const column of ['kind', 'client', 'host', 'verdict'])
    expect(seen((db) => db.exec(`UPDATE audit_facets SET ${column} = ${column} || 'x' WHERE id = 1`)).flawed).toBeGreaterThan(0);
  for (const change of ['seq = seq + 1', 'seq = seq - 1', 'mac = zeroblob(32)', 'bytes = 0', 'seal = zeroblob(32)'])
    expect(seen((db) => db.exec(`UPDATE audit_head SET ${change}`)).flawed).toBeGreaterThan(0);
  expect(seen((db) => db.exec("DELETE FROM own_keys WHERE name = 'audit'")).flawed).toBeGreaterThan(0);
});

test('a drop of any run of rows, the last and the first among them', () => {
  fc.assert(
    fc.property(row, fc.integer({ min: 0, max: 5 }), (seq, more) => {
      const out = seen((db) => db.prepare('DELETE FROM audit WHERE seq BETWEEN ? AND ?').run(seq, seq + more));
      expect(out.seqs).toContain(seq);
    }),
  );
});

test('a swap of any two rows', () => {
  fc.assert(
    fc.property(row, row, (a, b) => {
      const out = seen((db) => {
        const move = db.prepare('UPDATE audit SET seq = ? WHERE seq = ?');
        move.run(-1, a);
        move.run(a, b);
        move.run(b, -1);
      });
      expect(out.flawed > 0).toBe(a !== b);
      if (a !== b) expect(out.seqs).toEqual(expect.arrayContaining([a, b]));
    }),
  );
});

test('a row put in before, behind and in the place of another, and the rest moved up for it', () => {
  fc.assert(
    fc.property(row, fc.integer({ min: -3, max: LAST + 9 }), (from, to) => {
      const out = seen((db) => {
        db.exec(`UPDATE audit SET seq = -1000 - seq WHERE seq >= ${to}; UPDATE audit SET seq = -999 - seq WHERE seq <= -1000`);
        db.exec(
          `INSERT OR IGNORE INTO audit SELECT ${to}, at_ms, facet, content, mac FROM audit WHERE seq = ${from >= to ? from + 1 : from}`,
        );
      });
      expect(out.flawed).toBeGreaterThan(0);
    }),
  );
});

test('an end cut off anywhere, with whatever head', () => {
  fc.assert(
    fc.property(row, fc.boolean(), (seq, hasHead) => {
      const out = seen((db) => {
        db.prepare('DELETE FROM audit WHERE seq >= ?').run(seq);
        if (hasHead) db.exec(`UPDATE audit_head SET seq = ${seq - 1}, mac = coalesce((SELECT mac FROM audit WHERE seq = ${seq - 1}), mac)`);
        else db.exec('DELETE FROM audit_head');
      });
      expect(out.flawed).toBeGreaterThan(0);
    }),
  );
});
