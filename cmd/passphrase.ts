// A vault behind a passphrase, and a daemon that cannot ask for it: whoever starts one asks first and hands it on.
// Must not write it anywhere: it goes the way of the environment, through the channel between the two processes.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../src/store/open.ts';
import { askHidden, canAsk } from './ask.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { homeOf, type Invocation } from './settings.ts';

/** The same, with the passphrase where the vault wants one and nobody has given it. An empty answer starts without: the vault stays locked. */
export async function withPassphrase(invocation: Invocation): Promise<Invocation> {
  const { SALLYPORT_PASSPHRASE: value, SALLYPORT_PASSPHRASE_FILE: file } = invocation.environment;
  const path = join(homeOf(invocation), 'sallyport.db');
  if (value || file || !canAsk() || !existsSync(path)) return invocation;
  // Loaded when somebody is there to be asked.
  const { openToRead } = await import('../src/store/open.ts');
  const store = openToRead(path);
  try {
    return (await sourceOf(store)) === 'passphrase' ? await asked(invocation, store) : invocation;
  } finally {
    store.close();
  }
}

async function asked(invocation: Invocation, store: Store): Promise<Invocation> {
  const { openKeyring } = await import('../src/store/keyring.ts');
  const passphrase = await askHidden('Passphrase of the vault (empty: start without it): ');
  if (passphrase === '') return invocation;
  const environment = { ...invocation.environment, SALLYPORT_PASSPHRASE: passphrase };
  const { locked } = await openKeyring({ store, home: homeOf(invocation), environment, now: Date.now, mayMake: false });
  if (locked !== undefined) throw new CommandFailure(EXIT.failed, locked);
  return { ...invocation, environment };
}

/** A store of an older schema says nothing of sources. */
async function sourceOf(store: Store): Promise<string | undefined> {
  const { sourceInUse } = await import('../src/store/data-keys.ts');
  try {
    return sourceInUse(store)?.name;
  } catch {
    return undefined;
  }
}
