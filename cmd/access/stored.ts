// The tokens and profiles that the store of a home holds, for whoever only looks at them.
// Must not make a home, nor a store in it, nor ask for a key.
import { DEFAULT_PROFILE, type Profile } from '../../src/rules/profile.ts';
import { openProfiles } from '../../src/store/profiles.ts';
import { listTokens, type TokenRow } from '../../src/store/tokens.ts';
import { lookAt } from '../look-at.ts';
import type { Invocation } from '../settings.ts';

/** Newest first. Throws StoreError. */
export function storedTokens(invocation: Invocation): readonly TokenRow[] {
  return lookAt(invocation, listTokens) ?? [];
}

/** `default` first. Throws StoreError. */
export function storedProfiles(invocation: Invocation): readonly Profile[] {
  return lookAt(invocation, (store) => openProfiles(store).list()) ?? [DEFAULT_PROFILE];
}
