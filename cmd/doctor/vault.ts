// A check of the vault: whether its key is there and opens it.
// Must not change it, make a key or ask for a passphrase.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { countKeys, countSeals, REKEY_AFTER } from '../../src/store/data-keys.ts';
import { openKeyring } from '../../src/store/keyring.ts';
import { openToRead } from '../../src/store/open.ts';
import { explain } from '../failure.ts';
import { type Finding, found } from './finding.ts';

/** None where there is no store yet. A store that is not sound, or of an older schema, is told of by `db check` and the next start. */
export async function checkVault(home: string, environment: Readonly<Record<string, string | undefined>>): Promise<readonly Finding[]> {
  const path = join(home, 'sallyport.db');
  if (!existsSync(path)) return [];
  try {
    const store = openToRead(path);
    try {
      const { locked, source } = await openKeyring({ store, home, environment, now: Date.now, mayMake: false });
      if (countKeys(store) === 0) return [];
      // The daemon may have been told a passphrase that this shell does not know.
      if (locked?.includes('passphrase is missing')) return [found.info('vault', locked)];
      if (locked !== undefined) return [found.fail('vault', locked, 'until then no credential is used')];
      if (countSeals(store) >= REKEY_AFTER || countKeys(store) > 1)
        return [found.warn('vault', `opens with ${source}; a new data key is due`, 'sallyport vault rekey')];
      return [found.ok('vault', `opens with ${source}`)];
    } finally {
      store.close();
    }
  } catch (thrown) {
    return [found.warn('vault', explain(thrown).line, 'sallyport db check')];
  }
}
