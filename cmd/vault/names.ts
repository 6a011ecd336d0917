// Names of credentials, for a shell to complete.
// Must not open the vault: names are in the clear.
import { openCredentials } from '../../src/store/credentials.ts';
import { openHomeStore } from '../home-store.ts';
import type { Invocation } from '../settings.ts';

/** Their names; none where there is no home yet. */
export async function entryNames(invocation: Invocation): Promise<readonly string[]> {
  const { store, keyring, close } = await openHomeStore(invocation);
  try {
    return openCredentials(store, keyring, Date.now)
      .list()
      .map(({ name }) => name);
  } finally {
    close();
  }
}
