// The store of a home, for whoever only looks at it.
// Must not make a home, nor a store in it, nor ask for a key.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkHome } from '../src/store/home.ts';
import type { Store } from '../src/store/open.ts';
import { openMigrated } from './home-store.ts';
import { homeOf, type Invocation } from './settings.ts';

/** What `look` sees in it; undefined where there is none yet. Throws StoreError. */
export function lookAt<T>(invocation: Invocation, look: (store: Store) => T): T | undefined {
  const home = homeOf(invocation);
  if (!existsSync(join(home, 'sallyport.db'))) return undefined;
  checkHome(home);
  const store = openMigrated(home);
  try {
    return look(store);
  } finally {
    store.close();
  }
}
