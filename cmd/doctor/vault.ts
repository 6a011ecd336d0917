// A check of the vault: whether its key is there and opens it.
// Must not change it, make a key or ask for a passphrase.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { countKeys, countSeals, REKEY_AFTER } from '../../src/store/data-keys.ts';
import { type Keyring, openKeyring } from '../../src/store/keyring.ts';
import { openToRead, type Store } from '../../src/store/open.ts';
import { explain } from '../failure.ts';
import { type Finding, found } from './finding.ts';

/** A vault that is looked at. */
export interface SeenVault {
  readonly findings: readonly Finding[];
  /** Undefined where there is no store, or none that can be read. */
  readonly keyring: Keyring | undefined;
  close(): void;
}

/** Opens it to look at it. A store that is not sound, or of an older schema, is told of by `db check` and the next start. */
export async function seeVault(home: string, environment: Readonly<Record<string, string | undefined>>): Promise<SeenVault> {
  const path = join(home, 'sallyport.db');
  if (!existsSync(path)) return { findings: [found.info('vault', 'there is no store yet')], keyring: undefined, close: () => {} };
  let store: Store | undefined;
  try {
    store = openToRead(path);
    const keyring = await openKeyring({ store, home, environment, now: Date.now, mayMake: false });
    return { findings: findingsOf(store, keyring), keyring, close: store.close };
  } catch (thrown) {
    store?.close();
    return { findings: [found.warn('vault', explain(thrown).line, 'sallyport db check')], keyring: undefined, close: () => {} };
  }
}

function findingsOf(store: Store, { locked, source }: Keyring): readonly Finding[] {
  const keys = countKeys(store);
  if (keys === 0) return [found.info('vault', 'nothing is sealed yet')];
  // The daemon may have been told a passphrase that this shell does not know.
  if (locked?.includes('passphrase is missing')) return [found.info('vault', locked)];
  if (locked !== undefined) return [found.fail('vault', locked, 'until then nothing that is sealed can be used')];
  if (countSeals(store) >= REKEY_AFTER || keys > 1)
    return [found.warn('vault', `opens with ${source}; a new data key is due`, 'sallyport vault rekey')];
  return [found.ok('vault', `sealed with AES-256-GCM, opens with ${source}`)];
}
