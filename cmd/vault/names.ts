// Names of credentials, for a shell to complete, and of the variables that hold some.
// Must not open the vault: names are in the clear.
import { join } from 'node:path';
import { envVariable } from '../../src/rules/template.ts';
import { listCredentials, referencesIn } from '../../src/store/credentials.ts';
import { openToRead } from '../../src/store/open.ts';
import { lookAt } from '../look-at.ts';
import type { Invocation } from '../settings.ts';

/** Their names; none where there is no home yet. */
export function entryNames(invocation: Invocation): readonly string[] {
  return (lookAt(invocation, listCredentials) ?? []).map(({ name }) => name);
}

/** The variables that `env:` references of the vault name; none where the store does not open, which whoever starts it is told. */
export function variablesInVault(home: string): readonly string[] {
  try {
    const store = openToRead(join(home, 'sallyport.db'));
    try {
      return referencesIn(store).flatMap((reference) => envVariable(reference) ?? []);
    } finally {
      store.close();
    }
  } catch {
    return [];
  }
}
