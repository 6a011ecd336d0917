// The tokens and profiles that the store of a home holds, for whoever only looks at them.
// Must not make a home, nor a store in it, nor ask for a key.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_PROFILE, type Profile } from '../../src/rules/profile.ts';
import type { Store } from '../../src/store/open.ts';
import { openProfiles } from '../../src/store/profiles.ts';
import { listTokens, type TokenRow } from '../../src/store/tokens.ts';
import { openMigrated } from '../home-store.ts';
import { homeOf, type Invocation } from '../settings.ts';

/** Newest first. Throws StoreError. */
export function storedTokens(invocation: Invocation): readonly TokenRow[] {
  return lookAt(invocation, listTokens) ?? [];
}

/** `default` first. Throws StoreError. */
export function storedProfiles(invocation: Invocation): readonly Profile[] {
  return lookAt(invocation, (store) => openProfiles(store).list()) ?? [DEFAULT_PROFILE];
}

/** What `look` finds in the store of the home; undefined where there is none. Throws StoreError. */
export function lookAt<T>(invocation: Invocation, look: (store: Store) => T): T | undefined {
  const home = homeOf(invocation);
  if (!existsSync(join(home, 'sallyport.db'))) return undefined;
  const store = openMigrated(home);
  try {
    return look(store);
  } finally {
    store.close();
  }
}
