// Seals and opens with the data keys of a store, which another key wraps that is kept elsewhere. While that one is missing the keyring is
// locked: nothing is sealed, nothing opens, and no new key is made in its place. Must not know what is sealed.
import { hkdfSync, randomBytes } from 'node:crypto';
import {
  addFirstKey,
  countKeys,
  MAX_SEALS,
  noteForgotten,
  type SourceInUse,
  scrub,
  sealCounter,
  sourceInUse,
  unwrapKeys,
} from './data-keys.ts';
import { type KeySource, type KeySurroundings, KeyTrouble } from './key-source.ts';
import { keyFile } from './key-sources/key-file.ts';
import { keychain } from './key-sources/keychain.ts';
import { passphrase } from './key-sources/passphrase.ts';
import { systemd } from './key-sources/systemd.ts';
import type { Store } from './open.ts';
import { type DataKey, openWith, type Place, SealError, sealedBy, sealWith } from './seal.ts';
import { countSealed, SEALED_COLUMNS } from './sealed-columns.ts';
import { StoreError } from './store-error.ts';
import { isVaultLocked } from './vault-lock.ts';

/** Seals and opens. Every method throws LockedError while `locked` says why. */
export interface Keyring {
  /** Why nothing can be sealed or opened, in one line that says what to do; undefined: all is well. */
  readonly locked: string | undefined;
  /** The source of the wrapping key, '' while locked. */
  readonly source: string;
  /** In the transaction that writes the value, so that no key is dropped meanwhile. Columns are listed in sealed-columns.ts. */
  seal(place: Place, plain: Buffer | string): string;
  /** Throws SealError where it does not open. */
  open(place: Place, sealed: string): Buffer;
  /** A key of 32 bytes of our own, made when first asked for and the same from then on, through every change of data keys. */
  ownKey(name: string): Buffer;
}

/** The vault is locked: nothing is stored in plain text in its stead. */
export class LockedError extends StoreError {
  constructor(reason: string) {
    super(reason);
    this.name = 'LockedError';
  }
}

/** What the keyring is opened from. */
export interface KeyringOptions extends KeySurroundings {
  readonly store: Store;
  /** In order of precedence. */
  readonly sources?: readonly KeySource[];
  /** Wall clock, ms. */
  readonly now: () => number;
  /** False: no key is made, nor removed; a store without one stays without, and the keyring is locked. */
  readonly mayMake?: boolean;
}

/** All sources: a home without data takes the first that is set up. */
export const SOURCES: readonly KeySource[] = [systemd, keychain, passphrase, keyFile];

/** The data keys, open. */
export interface OpenKeys {
  readonly source: SourceInUse;
  readonly wrapping: Buffer;
  /** The current one first. */
  readonly keys: readonly DataKey[];
}

/** Opens the keyring of a store, and makes its first key where the store has none. */
export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  try {
    return openRing(options.store, await openKeys(options));
  } catch (thrown) {
    if (thrown instanceof LockedError) return lockedRing(thrown.message);
    throw thrown;
  }
}

/** The same without a ring around them. Throws LockedError. */
export async function openKeys(options: KeyringOptions): Promise<OpenKeys> {
  const { store, home, sources = SOURCES } = options;
  if (isVaultLocked(home)) throw locked('it was locked by panic; sallyport vault unlock opens it again');
  for (;;) {
    const row = sourceInUse(store);
    if (!row) {
      const first = await beginKeys(options);
      if (first) return first;
      continue;
    }
    const source = sources.find(({ name }) => name === row.name);
    if (!source) throw locked(`its key comes from «${row.name}», which this Sallyport does not know`);
    try {
      const wrapping = await source.find(options, row.facts);
      const keys = unwrapKeys(store, wrapping);
      if (options.mayMake !== false) await forgetLeft(options);
      return { source: row, wrapping, keys };
    } catch (thrown) {
      // Another command has changed the source between our two looks.
      if (sourceInUse(store)?.facts !== row.facts || sourceInUse(store)?.name !== row.name) continue;
      if (thrown instanceof KeyTrouble) throw locked(thrown.message);
      if (thrown instanceof SealError) throw locked(source.wrong(options));
      throw thrown;
    }
  }
}

/** Removes the key of a source that is no longer used. What fails is tried again at the next opening. */
export async function forgetLeft(options: KeyringOptions): Promise<void> {
  const { store, sources = SOURCES } = options;
  const row = sourceInUse(store);
  if (!row || row.leaving === null) return;
  try {
    scrub(store);
    await sources.find(({ name }) => name === row.leaving)?.forget?.(options, row.leavingFacts ?? '');
    noteForgotten(store);
  } catch {
    // The vault opens all the same.
  }
}

/** Undefined where another process has begun meanwhile. */
async function beginKeys(options: KeyringOptions): Promise<OpenKeys | undefined> {
  const { store, sources = SOURCES, mayMake = true, now } = options;
  if (countKeys(store) > 0 || countSealed(store, SEALED_COLUMNS) > 0)
    throw locked('the store does not say what it was sealed with: restore a backup');
  if (!mayMake) throw new LockedError('nothing was sealed yet, so there is no key');
  // One that was set up and fails is not passed over for a weaker one.
  const source = sources.find((one) => one.isSetUp(options));
  if (!source) throw locked('no source of keys is set up');
  try {
    const begun = await source.begin(options);
    const key = addFirstKey(store, source.name, begun, now());
    return key && { source: sourceInUse(store)!, wrapping: begun.key, keys: [key] };
  } catch (thrown) {
    throw thrown instanceof KeyTrouble ? locked(thrown.message) : thrown;
  }
}

function locked(why: string): LockedError {
  return new LockedError(`the vault is locked: ${why}`);
}

/** A ring of keys that are open. */
export function openRing(store: Store, { source, wrapping, keys }: OpenKeys): Keyring {
  let byId = new Map(keys.map((key) => [key.id, key]));
  /** A rekey of another process has made keys that we have not seen. */
  const keyOf = (id: string): DataKey | undefined => {
    if (!byId.has(id)) byId = new Map([...byId, ...unwrapped(store, wrapping)]);
    return byId.get(id);
  };
  const noteSeals = sealCounter(store);
  const seal = (where: Place, plain: Buffer | string) => {
    const noted = noteSeals(1);
    if (noted && noted.seals > MAX_SEALS)
      throw new LockedError('the key of the vault has sealed as many values as it may: sallyport vault rekey makes another');
    const key = noted && keyOf(noted.id);
    if (!key) throw locked('its key was changed since this process opened it: start it again');
    return sealWith(key, where, plain);
  };
  const open = (where: Place, sealed: string) => {
    const key = keyOf(sealedBy(sealed) ?? '');
    if (!key)
      throw new SealError(`${where.column} of «${where.row}» in ${where.table} was sealed with a key that this store does not have`);
    return openWith(key, where, sealed);
  };
  const own = store.db.prepare('SELECT sealed FROM own_keys WHERE name = ?').pluck();
  const add = store.db.prepare('INSERT INTO own_keys (name, sealed) VALUES (?, ?)');
  return {
    locked: undefined,
    source: source.name,
    seal,
    open,
    ownKey(name) {
      const where = { table: 'own_keys', row: name, column: 'sealed' };
      const make = store.db.transaction(() => {
        if (own.get(name) === undefined) add.run(name, seal(where, randomBytes(32)));
      });
      if (own.get(name) === undefined) durably(store, () => make.immediate());
      return Buffer.from(hkdfSync('sha256', open(where, own.get(name) as string), Buffer.alloc(0), `sallyport ${name}`, 32));
    },
  };
}

/** On the disk when this returns, so that nothing outside the store is sealed with what a power cut takes back. */
function durably({ db }: Store, write: () => void): void {
  // The level stays as it is within a transaction; whoever has one open seals nothing outside.
  const isOurs = !db.inTransaction;
  if (isOurs) db.pragma('synchronous = FULL');
  try {
    write();
  } finally {
    if (isOurs) db.pragma('synchronous = NORMAL');
  }
}

/** None where the wrapping key was changed as well: then only a new start has it. */
function unwrapped(store: Store, wrapping: Buffer): (readonly [string, DataKey])[] {
  try {
    return unwrapKeys(store, wrapping).map((key) => [key.id, key]);
  } catch (thrown) {
    if (thrown instanceof SealError) return [];
    throw thrown;
  }
}

function lockedRing(reason: string): Keyring {
  const refuse = (): never => {
    throw new LockedError(reason);
  };
  return { locked: reason, source: '', seal: refuse, open: refuse, ownKey: refuse };
}
