// The rules that the store of a home holds, for whoever only looks at them.
// Must not make a home, nor a store in it: where there is none there are no rules.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openRules, type StoredRule } from '../../src/store/rules.ts';
import { openMigrated } from '../home-store.ts';
import { homeOf, type Invocation, RULE_GRAMMAR } from '../settings.ts';

/** In the order in which they decide. Throws StoreError. */
export function storedRules(home: string): readonly StoredRule[] {
  if (!existsSync(join(home, 'sallyport.db'))) return [];
  const store = openMigrated(home);
  try {
    return openRules(store, RULE_GRAMMAR, Date.now).all();
  } finally {
    store.close();
  }
}

/** Their ids, to complete words by. */
export async function storedIds(invocation: Invocation): Promise<readonly string[]> {
  return storedRules(homeOf(invocation)).map(({ id }) => id);
}
