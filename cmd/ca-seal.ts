// The key of the CA, sealed with a key of the vault that stays the same through every change of data keys.
// Must not know what a certificate is.
import type { KeySeal } from '../src/cert/key-seal.ts';
import type { Keyring } from '../src/store/keyring.ts';
import { openWith, type Place, SealError, sealWith } from '../src/store/seal.ts';

const PLACE: Place = { table: 'files', row: 'ca.key', column: 'key' };

/** While the keyring is locked nothing is sealed, and a key that is sealed does not open. */
export function caSeal(keyring: Keyring): KeySeal {
  const key = () => ({ id: 'ca', key: keyring.ownKey('ca') });
  return {
    get seal() {
      return keyring.locked === undefined ? (pem: string) => sealWith(key(), PLACE, pem) : undefined;
    },
    open: (sealed) => {
      try {
        return openWith(key(), PLACE, sealed).toString();
      } catch (thrown) {
        if (!(thrown instanceof SealError)) throw thrown;
        throw new SealError('it belongs to another store; restore that one, or remove ca.key and ca.pem to have a new CA made', thrown);
      }
    },
  };
}
