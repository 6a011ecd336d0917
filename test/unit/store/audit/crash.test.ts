// A process that ends in the middle of a write or of retention leaves a log that verifies: either all of the step or nothing of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openChain } from '../../../../src/store/audit/chain.ts';
import { recordChange } from '../../../../src/store/audit/changes.ts';
import { exchangeEntry } from '../../../../src/store/audit/entry.ts';
import { releaseOld } from '../../../../src/store/audit/retention.ts';
import { newestSeq } from '../../../../src/store/audit/search.ts';
import { type Verified, verifyAudit } from '../../../../src/store/audit/verify.ts';
import type { Keyring } from '../../../../src/store/keyring.ts';
import { openStore, type Store } from '../../../../src/store/open.ts';
import { type AuditStore, auditStore } from '../../../support/audit-store.ts';
import { exchange, START_MS } from '../../../support/exchange-record.ts';
import { scratchFolder } from '../../../support/folder.ts';

/** The store, with `point` called before and behind each statement that writes. */
function watched(store: Store, point: () => void): Store {
  const db = new Proxy(store.db, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== 'prepare') return typeof value === 'function' ? value.bind(target) : value;
      return (sql: string) => {
        const statement = target.prepare(sql);
        const { run } = statement;
        statement.run = (...given: unknown[]) => {
          point();
          const result = run.apply(statement, given);
          point();
          return result;
        };
        return statement;
      };
    },
  });
  return { ...store, db };
}

/** What the log would be after a SIGKILL at each point of `step`: what is in the files at that moment. */
async function crashes(rows: number, step: (store: Store, keyring: Keyring) => void): Promise<Verified[]> {
  const own: AuditStore = await auditStore(rows);
  const copies: string[] = [];
  const folder = scratchFolder();
  const copy = () => {
    const home = join(folder, String(copies.length));
    mkdirSync(home, { mode: 0o700 });
    for (const end of ['', '-wal']) if (existsSync(own.path + end)) copyFileSync(own.path + end, join(home, `sallyport.db${end}`));
    copies.push(join(home, 'sallyport.db'));
  };
  // So few pages in memory that what is not committed yet has to go to the file as well.
  own.store.db.pragma('cache_size = 2');
  step(watched(own.store, copy), own.keyring);
  copy();
  return copies.map((path) => {
    const store = openStore({ path });
    try {
      const before = verifyAudit(store, own.keyring);
      openChain(store, own.keyring).append([exchangeEntry(exchange(5000))]);
      expect(verifyAudit(store, own.keyring).flawed).toBe(0);
      return before;
    } finally {
      store.close();
    }
  });
}

test('a batch that is cut short', async () => {
  const out = await crashes(3, (store, keyring) =>
    openChain(store, keyring).append(Array.from({ length: 20 }, (_, i) => exchangeEntry(exchange(4 + i, { path: 'p'.repeat(3000) })))),
  );
  expect(out.length).toBeGreaterThan(40);
  expect(out.map(({ flawed }) => flawed)).toEqual(out.map(() => 0));
  expect([...new Set(out.map(({ rows }) => rows))]).toEqual([3, 23]);
});

test('retention that is cut short', async () => {
  const out = await crashes(
    200,
    (store, keyring) => void releaseOld(store, keyring, { keepMs: 60_000, maxBytes: 1e9 }, START_MS + 200_000),
  );
  expect(out.length).toBeGreaterThan(6);
  expect(out.map(({ flawed }) => flawed)).toEqual(out.map(() => 0));
  expect([...new Set(out.map(({ first, rows }) => `${rows} from ${first}`))]).toEqual(['200 from 1', '62 from 140']);
});

test('a change that is cut short', async () => {
  const out = await crashes(1, (store, keyring) => recordChange(store, keyring, { who: 1, what: 'reload' }, START_MS));
  expect([...new Set(out.map(({ rows, flawed }) => `${rows}, ${flawed}`))]).toEqual(['1, 0', '2, 0']);
});

const WRITER = `
import { openChain } from '${join(import.meta.dirname, '../../../../src/store/audit/chain.ts')}';
import { releaseOld } from '${join(import.meta.dirname, '../../../../src/store/audit/retention.ts')}';
import { openKeyring } from '${join(import.meta.dirname, '../../../../src/store/keyring.ts')}';
import { openStore } from '${join(import.meta.dirname, '../../../../src/store/open.ts')}';
const home = process.argv[1];
const store = openStore({ path: home + '/sallyport.db' });
const keyring = await openKeyring({ store, home, environment: {}, now: () => 1 });
const chain = openChain(store, keyring);
for (let n = 0; ; n++) {
  chain.append(Array.from({ length: 30 }, (_, i) => ({ atMs: n, kind: 'exchange', client: 'c' + (i % 3), host: 'h', verdict: 'pass', content: '{}' })));
  if (n % 3 === 2) releaseOld(store, keyring, { keepMs: 2, maxBytes: 1e9 }, n);
  process.stdout.write('.');
}
`;

test.each([3, 20, 70])('SIGKILL while %d batches are written', async (batches) => {
  const own = await auditStore(2);
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, own.home], { stdio: ['ignore', 'pipe', 'inherit'] });
  let written = 0;
  child.stdout.on('data', (dots: Buffer) => {
    written += dots.length;
    if (written >= batches) child.kill('SIGKILL');
  });
  await once(child, 'close');
  expect(child.signalCode).toBe('SIGKILL');
  expect(verifyAudit(own.store, own.keyring).flawed).toBe(0);
  expect(newestSeq(own.store)).toBeGreaterThanOrEqual(2 + 30 * batches);
});
