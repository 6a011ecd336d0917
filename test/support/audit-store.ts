// A store with an audit log in it, for tests that look at rows. Must not change how rows are written.
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ExchangeRecord } from '../../src/exchange-record.ts';
import { type Chain, openChain } from '../../src/store/audit/chain.ts';
import { exchangeEntry } from '../../src/store/audit/entry.ts';
import { type Keyring, openKeyring } from '../../src/store/keyring.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { scratchFolder } from './folder.ts';

export const START_MS = 1_700_000_000_000;

/** An exchange, one second after the one before it. */
export const exchange = (n: number, over: Partial<ExchangeRecord> = {}): ExchangeRecord => ({
  id: `x-${n}`,
  startedAtMs: START_MS + n * 1000,
  client: 'claude-cli',
  clientVersion: '2.1.0',
  profile: '',
  scheme: 'https',
  protocol: 'h2',
  host: 'api.example.com',
  port: 443,
  method: 'POST',
  path: '/v1/messages',
  provider: 'anthropic',
  endpoint: 'messages',
  model: 'claude-opus-4-5',
  tokensIn: 12_000,
  tokensOut: 350,
  status: 200,
  fault: undefined,
  verdict: 'edit',
  edits: { email: 2 },
  rules: {},
  findings: [],
  restored: 1,
  requestBytes: 10,
  replyBytes: 20,
  addedMs: 0.5,
  durationMs: 12.25,
  equality: 'ja4',
  ...over,
});

export interface AuditStore {
  readonly home: string;
  readonly path: string;
  readonly store: Store;
  readonly keyring: Keyring;
  readonly chain: Chain;
}

/** With exchanges 1 to `rows`. Closed and gone with the test. */
export async function auditStore(rows = 0, home = scratchFolder()): Promise<AuditStore> {
  const path = join(home, 'sallyport.db');
  const store = openStore({ path });
  onTestFinished(() => store.close());
  const keyring = await openKeyring({ store, home, environment: {}, now: () => START_MS });
  const chain = openChain(store, keyring);
  chain.append(Array.from({ length: rows }, (_, i) => exchangeEntry(exchange(i + 1))));
  return { home, path, store, keyring, chain };
}
