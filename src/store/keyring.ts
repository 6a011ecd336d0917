// The data keys of a store, each wrapped by a key that is kept elsewhere. While that one is missing the keyring is locked: nothing is
// sealed, nothing opens, and no new key is made in its place. Must not know what is sealed.
import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { KeySource, KeySurroundings } from './key-source.ts';
import { keyFile } from './key-sources/key-file.ts';
import type { Store } from './open.ts';
import { type DataKey, openWith, type Place, SealError, sealedBy, sealWith } from './seal.ts';
import { StoreError } from './store-error.ts';

/** Seals and opens. Every method throws LockedError while `locked` says why. */
export interface Keyring {
  /** Why nothing can be sealed or opened, in one line that says what to do; undefined: all is well. */
  readonly locked: string | undefined;
  /** The source of the wrapping key, '' while locked. */
  readonly source: string;
  /** How many data keys the store has, opened or not. */
  readonly keys: number;
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
  /** False: a store without a key stays without one, and the keyring is locked. */
  readonly mayMake?: boolean;
}

const SOURCES: readonly KeySource[] = [keyFile];

interface Row {
  readonly id: string;
  readonly wrapped: string;
  readonly source: string;
}

/** Opens the keyring of a store, and makes its first key where the store has none. */
export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const { store, sources = SOURCES } = options;
  const rows = store.db.prepare('SELECT id, wrapped, source FROM data_keys ORDER BY created_at_ms DESC, id').all() as Row[];
  if (rows.length === 0 && options.mayMake === false) return lockedRing('nothing was sealed yet, so there is no key', 0);
  const found = rows.length > 0 ? await keyOf(rows[0]!, sources, options) : await firstKey(sources, options);
  if (found.key === undefined) return lockedRing(found.trouble ?? 'no key was found', rows.length);
  const wrapping: DataKey = { id: 'wrapping', key: found.key };
  if (rows.length === 0) return openRing(store, [add(store, wrapping, found.source, options.now())], found.source);
  try {
    const keys = rows.map((row) => ({ id: row.id, key: openWith(wrapping, place('data_keys', row.id, 'wrapped'), row.wrapped) }));
    return openRing(store, keys, found.source);
  } catch (thrown) {
    if (!(thrown instanceof SealError)) throw thrown;
    return lockedRing(
      `the vault is locked: ${whereFor(rows[0]!, sources, options)} is not the key that it was sealed with; put that one back`,
      rows.length,
    );
  }
}

type Found = { readonly key?: Buffer | undefined; readonly trouble?: string | undefined; readonly source: string };

async function keyOf(row: Row, sources: readonly KeySource[], around: KeySurroundings): Promise<Found> {
  const source = sources.find(({ name }) => name === row.source);
  if (!source)
    return { trouble: `the vault is locked: its key comes from «${row.source}», which this Sallyport does not know`, source: '' };
  const found = await source.find(around);
  if (found?.key) return { ...found, source: source.name };
  return {
    trouble: `the vault is locked: ${found?.trouble ?? `its key is missing; put it back: ${source.whereItBelongs(around)}`}`,
    source: source.name,
  };
}

async function firstKey(sources: readonly KeySource[], around: KeySurroundings): Promise<Found> {
  for (const source of sources) {
    const found = await source.find(around);
    // A source that was set up and fails is not passed over for a weaker one.
    if (found) return { ...found, source: source.name };
  }
  const maker = sources.find(({ make }) => make !== undefined);
  const made = await maker?.make?.(around);
  return { ...made, source: maker?.name ?? '' };
}

function whereFor(row: Row, sources: readonly KeySource[], around: KeySurroundings): string {
  return sources.find(({ name }) => name === row.source)?.whereItBelongs(around) ?? row.source;
}

function add(store: Store, wrapping: DataKey, source: string, nowMs: number): DataKey {
  const key = randomBytes(32);
  const id = createHash('sha256').update('sallyport data key').update(key).digest('hex').slice(0, 12);
  store.db
    .prepare('INSERT INTO data_keys (id, wrapped, source, created_at_ms) VALUES (?, ?, ?, ?)')
    .run(id, sealWith(wrapping, place('data_keys', id, 'wrapped'), key), source, nowMs);
  return { id, key };
}

function openRing(store: Store, keys: readonly DataKey[], source: string): Keyring {
  const current = keys[0]!;
  const byId = new Map(keys.map((key) => [key.id, key]));
  const seal = (where: Place, plain: Buffer | string) => sealWith(current, where, plain);
  const open = (where: Place, sealed: string) => {
    const key = byId.get(sealedBy(sealed) ?? '');
    if (!key)
      throw new SealError(`${where.column} of «${where.row}» in ${where.table} was sealed with a key that this store does not have`);
    return openWith(key, where, sealed);
  };
  return {
    locked: undefined,
    source,
    keys: keys.length,
    seal,
    open,
    ownKey(name) {
      const row = store.db.prepare('SELECT sealed FROM own_keys WHERE name = ?').pluck();
      store.db
        .prepare('INSERT INTO own_keys (name, sealed) VALUES (?, ?) ON CONFLICT (name) DO NOTHING')
        .run(name, seal(place('own_keys', name, 'sealed'), randomBytes(32)));
      const secret = open(place('own_keys', name, 'sealed'), row.get(name) as string);
      return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `sallyport ${name}`, 32));
    },
  };
}

function lockedRing(reason: string, keys: number): Keyring {
  const refuse = (): never => {
    throw new LockedError(reason);
  };
  return { locked: reason, source: '', keys, seal: refuse, open: refuse, ownKey: refuse };
}

function place(table: string, row: string, column: string): Place {
  return { table, row, column };
}
