// Names of credentials, for a shell to complete, and of the variables that hold some.
// Must not open the vault: names are in the clear.
import { join } from 'node:path';
import { openCredentials, referencesIn } from '../../src/store/credentials.ts';
import { openToRead } from '../../src/store/open.ts';
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

/** The variables that `env:` references of the vault name; none where the store does not open, which whoever starts it is told. */
export function variablesInVault(home: string): readonly string[] {
  try {
    const store = openToRead(join(home, 'sallyport.db'));
    try {
      return referencesIn(store).flatMap((reference) => /^env:(.+)$/.exec(reference)?.[1] ?? []);
    } finally {
      store.close();
    }
  } catch {
    return [];
  }
}
