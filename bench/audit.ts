// The audit log with a million rows in it: what a row costs, how long the store takes to open, how long a list and a search take.
// Prints one line of JSON, µs each. Must not open a socket.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExchangeRecord } from '../src/exchange-record.ts';
import { openChain } from '../src/store/audit/chain.ts';
import { exchangeEntry } from '../src/store/audit/entry.ts';
import { type AuditQuery, newestRows } from '../src/store/audit/search.ts';
import { verifyAudit } from '../src/store/audit/verify.ts';
import { openAuditWriter } from '../src/store/audit/writer.ts';
import { openHome } from '../src/store/home.ts';
import { openKeyring } from '../src/store/keyring.ts';
import { openStore } from '../src/store/open.ts';
import { exchange } from '../test/support/exchange-record.ts';

const ROWS = 1_000_000;
const BATCH = 5000;
const HOUR_MS = 3_600_000;
const CLIENTS = ['claude-cli', 'codex_exec', 'GeminiCLI', 'copilot'];
const HOSTS = ['api.anthropic.com', 'api.openai.com', 'generativelanguage.googleapis.com', 'api.githubcopilot.com'];
const VERDICTS = ['pass', 'edit', 'pass', 'pass', 'deny'] as const;

const home = mkdtempSync(join(tmpdir(), 'sallyport-audit-'));
const us: Record<string, number> = {};

/** The middle of several measurements. */
function take(name: string, step: () => unknown, times = 9): void {
  const all = Array.from({ length: times }, () => {
    const from = performance.now();
    step();
    return (performance.now() - from) * 1000;
  });
  us[name] = all.sort((a, b) => a - b)[times >> 1]!;
}

const now = Date.now();
const row = (n: number): ExchangeRecord =>
  exchange(n, {
    id: `x-0badcafe-${n.toString(36)}`,
    startedAtMs: now - (ROWS - n) * 100,
    client: CLIENTS[n % 4]!,
    host: HOSTS[n % 4]!,
    tokensIn: 12_000 + (n % 1000),
    verdict: VERDICTS[n % 5]!,
    edits: n % 5 === 1 ? { email: 2, secrets: 1 } : {},
    restored: 0,
    requestBytes: 100_000,
    replyBytes: 5000,
    addedMs: 1.25,
    durationMs: 900,
    equality: 'exact',
  });

openHome(home);
const path = join(home, 'sallyport.db');
const store = openStore({ path });
const keyring = await openKeyring({ store, home, environment: {}, now: Date.now });
const chain = openChain(store, keyring);
for (let n = 0; n < ROWS; n += BATCH) chain.append(Array.from({ length: BATCH }, (_, i) => exchangeEntry(row(n + i))));

// A hundred thousand an hour are six in each 200 ms.
const writer = openAuditWriter(store, keyring, {
  maxQueued: 10_000,
  schedule: () => () => {},
  onTrouble: ({ cause }) => {
    throw cause;
  },
});
let written = ROWS;
const before = process.cpuUsage();
for (let batch = 0; batch < 2000; batch++) {
  for (let i = 0; i < 6; i++) writer.write(row(written++));
  writer.flush();
}
const { user, system } = process.cpuUsage(before);
us['audit row, in batches of 6'] = (user + system) / (written - ROWS);
writer.close();

take('open a store of a million rows', () => openStore({ path }).close());
take('list 20 of a million rows', () => newestRows(store, { kinds: ['exchange'] }, 20));
const searches: readonly AuditQuery[] = [
  { client: 'codex', verdict: 'deny' },
  { client: 'codex', host: 'anthropic' },
  { sinceMs: now - HOUR_MS, host: 'openai' },
  { sinceMs: 0, verdict: 'deny' },
];
searches.forEach((query, i) => {
  take(`search ${i}`, () => newestRows(store, query, 20));
});
const times = searches.map((_, i) => us[`search ${i}`]!);
for (const i of searches.keys()) delete us[`search ${i}`];
us['search a million rows, slowest'] = Math.max(...times);
take('verify a million rows', () => verifyAudit(store, keyring), 1);

store.close();
rmSync(home, { recursive: true, force: true });
console.log(JSON.stringify(us));
