// The keyring of a process that lives long: it takes up another key when a command has put the vault under one, or when somebody hands it
// over. What it has opened it keeps until then. Must not know who asks.
import { sourceInUse, unwrapKeys } from './data-keys.ts';
import { type Keyring, type KeyringOptions, LockedError, openKeyring, openRing } from './keyring.ts';
import { SealError } from './seal.ts';
import { isVaultLocked } from './vault-lock.ts';

/** A keyring that can be opened again. */
export interface LiveKeyring extends Keyring {
  /**
   * Looks whether the vault is under another key than before, locked or unlocked, and takes that up. With `wrapping`, the key that the data
   * keys are wrapped by now, nothing is looked for. Resolves to why it could not, in one line; then what was open stays open.
   */
  renew(wrapping?: Buffer): Promise<string | undefined>;
}

/** Opens it as `openKeyring` does. */
export async function openLiveKeyring(options: KeyringOptions): Promise<LiveKeyring> {
  const { store, home } = options;
  /** Differs when the vault was put under another key, or locked. */
  const stand = () => JSON.stringify([sourceInUse(store), isVaultLocked(home)]);
  let ring = await openKeyring(options);
  let seen = stand();

  const handed = (wrapping: Buffer): Keyring => {
    const source = sourceInUse(store);
    if (isVaultLocked(home) || !source) throw new LockedError('the vault is locked, or was never opened');
    try {
      return openRing(store, { source, wrapping, keys: unwrapKeys(store, wrapping) });
    } catch (thrown) {
      throw thrown instanceof SealError ? new LockedError('the vault is locked: the key that was handed over does not open it') : thrown;
    }
  };

  return {
    get locked() {
      return ring.locked;
    },
    get source() {
      return ring.source;
    },
    seal: (place, plain) => ring.seal(place, plain),
    open: (place, sealed) => ring.open(place, sealed),
    ownKey: (name) => ring.ownKey(name),
    async renew(wrapping) {
      const now = stand();
      if (wrapping) {
        ring = handed(wrapping);
      } else {
        if (now === seen && ring.locked === undefined) return undefined;
        const next = await openKeyring({ ...options, mayMake: false });
        const isNews = next.locked === undefined || isVaultLocked(home) || (ring.locked !== undefined && sourceInUse(store) !== undefined);
        if (isNews) ring = next;
        if (ring.locked === undefined && next.locked !== undefined) {
          seen = now;
          return next.locked;
        }
      }
      seen = now;
      return ring.locked;
    },
  };
}
