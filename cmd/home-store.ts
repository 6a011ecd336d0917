// Opens the store of a home and its keyring for a command. The daemon may be running: it sees what is written here by itself.
// Must not start one, nor print.
import { join } from 'node:path';
import { openHome } from '../src/store/home.ts';
import type { KeySurroundings } from '../src/store/key-source.ts';
import { type Keyring, openKeyring } from '../src/store/keyring.ts';
import { takeLock } from '../src/store/lock.ts';
import { OutdatedStore, openStore, type Store } from '../src/store/open.ts';
import { askHidden, canAsk } from './ask.ts';
import { homeOf, type Invocation } from './settings.ts';

/** What a command works on; it closes it. */
export interface HomeStore {
  readonly home: string;
  readonly store: Store;
  readonly keyring: Keyring;
  close(): void;
}

/** Makes the home where there is none, and the first key of a store unless `mayMake` is false. Throws StoreError. */
export async function openHomeStore(invocation: Invocation, mayMake = true): Promise<HomeStore> {
  const { home, store } = openStoreOf(invocation);
  try {
    const keyring = await openKeyring({ ...keySurroundings(invocation), store, now: Date.now, mayMake });
    return { home, store, keyring, close: () => store.close() };
  } catch (thrown) {
    store.close();
    throw thrown;
  }
}

/** The store alone, as it is where no key is wanted. Throws StoreError. */
export function openStoreOf(invocation: Invocation): { readonly home: string; readonly store: Store } {
  const home = homeOf(invocation);
  openHome(home);
  return { home, store: openMigrated(home) };
}

/** What the sources of keys look at in a command, which may ask. */
export function keySurroundings(invocation: Invocation): KeySurroundings {
  return { home: homeOf(invocation), environment: invocation.environment, ask: canAsk() ? askHidden : undefined };
}

/** The store alone; whoever opened it closes it. Who migrates holds the lock, and only for that: a daemon that starts meanwhile would take us for another one. */
export function openMigrated(home: string): Store {
  const path = join(home, 'sallyport.db');
  try {
    return openStore({ path, mayMigrate: false });
  } catch (thrown) {
    if (!(thrown instanceof OutdatedStore)) throw thrown;
    const lock = takeLock(join(home, 'daemon.lock'));
    if (!lock) throw thrown;
    try {
      return openStore({ path });
    } finally {
      lock.close();
    }
  }
}
