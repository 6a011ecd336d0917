// `vault unlock`: takes back what `panic` has locked, and hands the key to a daemon that runs without it.
// Must not make a home where there is none.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sourceInUse } from '../../src/store/data-keys.ts';
import { openKeys } from '../../src/store/keyring.ts';
import { unlockVault } from '../../src/store/vault-lock.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../failure.ts';
import { keySurroundings, openMigrated } from '../home-store.ts';
import { homeOf } from '../settings.ts';
import { type Aftermath, aftermath } from './aftermath.ts';
import { words } from './entries.ts';

/** The exit code. Rejects with LockedError where the key is not to be had: then it was unlocked all the same. */
export async function unlock(call: Call): Promise<number> {
  const { json, invocation, terminal } = call;
  words(call, 0, 'vault unlock takes no further word');
  const unlocked = unlockVault(homeOf(invocation));
  if (!json) terminal.out(unlocked ? 'the vault is unlocked; tokens that were revoked stay so' : 'the vault was not locked');
  const { isTaken, troubles } = await opened(call, unlocked);
  if (json) terminal.out(JSON.stringify({ unlocked, daemon: isTaken }));
  else if (isTaken) terminal.out('the daemon that runs has its key');
  for (const line of troubles) terminal.err(line);
  return EXIT.ok;
}

async function opened({ invocation }: Call, isChange: boolean): Promise<Aftermath> {
  const home = homeOf(invocation);
  if (!existsSync(join(home, 'sallyport.db'))) return { isTaken: false, troubles: [] };
  const store = openMigrated(home);
  try {
    // Nothing was sealed yet.
    if (!sourceInUse(store)) return { isTaken: false, troubles: [] };
    const keys = await openKeys({ ...keySurroundings(invocation), store, now: Date.now, mayMake: false });
    return await aftermath({ home, store, opened: keys, change: isChange ? { what: 'vault unlock' } : undefined });
  } finally {
    store.close();
  }
}
