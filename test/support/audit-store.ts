// A store with an audit log in it, for tests that look at rows. Must not change how rows are written.
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Chain, openChain } from '../../src/store/audit/chain.ts';
import { exchangeEntry } from '../../src/store/audit/entry.ts';
import { type Keyring, openKeyring } from '../../src/store/keyring.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { exchange, START_MS } from './exchange-record.ts';
import { scratchFolder } from './folder.ts';

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
