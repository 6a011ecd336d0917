// A new data key, and every sealed value sealed anew under it, batch by batch. What is left to do can be read from the store, so whoever
// is killed at any moment goes on where it was; an old key is dropped when nothing uses it. Must not know what the values are.
import { addKey, dropKey, scrub, sealCounter, sourceInUse } from './data-keys.ts';
import { type KeyringOptions, LockedError, type OpenKeys, openKeys } from './keyring.ts';
import type { Store } from './open.ts';
import { type DataKey, openWith, SealError, sealedBy, sealWith } from './seal.ts';
import { countSealed, isInUse, notSealedBy, SEALED_COLUMNS, type SealedColumn, sealedReplacer } from './sealed-columns.ts';

/** What is keyed anew, and who is told. */
export interface RekeyOptions extends KeyringOptions {
  /** The keys, where whoever calls has opened them. */
  readonly opened?: OpenKeys;
  /** Default: every declared one. */
  readonly columns?: readonly SealedColumn[];
  /** Values of one transaction. */
  readonly batch?: number;
  /** Told after each transaction: how many values are done, and of how many. */
  readonly onStep?: (done: number, total: number) => void;
}

/** What came of it. */
export interface Rekeyed {
  /** Values sealed anew by this call. */
  readonly sealed: number;
  /** Values that did not open, as lines; they stay as they are, and the keys they name stay with them. */
  readonly unopened: readonly string[];
  /** Keys that are gone. */
  readonly dropped: number;
  /** It went on with what an earlier one had begun. */
  readonly resumed: boolean;
}

const BATCH = 500;

/** Throws LockedError where the vault is locked, or its key changes meanwhile. */
export async function rekey(options: RekeyOptions): Promise<Rekeyed> {
  const { store } = options;
  const opened = options.opened ?? (await openKeys(options));
  // What SQLite deletes it would leave in the file until something else takes its place.
  store.db.pragma('secure_delete = ON');
  try {
    const rest = opened.keys.length > 1 ? sweep(options, opened.keys) : undefined;
    if (rest && rest.sealed + rest.dropped > 0) return { ...rest, resumed: true };
    return { ...sweep(options, [begin(store, opened, options.now()), ...opened.keys]), resumed: false };
  } finally {
    scrub(store);
  }
}

/** Everything under the first of `keys`; drops those of the others that nothing uses then. */
function sweep(options: RekeyOptions, keys: readonly DataKey[]): Omit<Rekeyed, 'resumed'> {
  const { store, columns = SEALED_COLUMNS, batch = BATCH, onStep = () => {} } = options;
  const total = countSealed(store, columns, keys[0]!.id);
  const unopened: string[] = [];
  let sealed = 0;
  onStep(sealed, total);
  for (const column of columns) {
    for (let after: string | undefined = ''; after !== undefined; ) {
      const done = sealBatch(store, column, keys, after, batch);
      sealed += done.sealed;
      unopened.push(...done.unopened);
      after = done.last;
      onStep(sealed, total);
    }
  }
  const dropped = keys.slice(1).filter(({ id }) => dropUnused(store, columns, id)).length;
  return { sealed, unopened, dropped };
}

function begin(store: Store, { source, wrapping }: OpenKeys, nowMs: number): DataKey {
  return store.db
    .transaction(() => {
      const now = sourceInUse(store);
      if (now?.name !== source.name || now.facts !== source.facts)
        throw new LockedError('another command has changed the key meanwhile: try again');
      return addKey(store, wrapping, nowMs);
    })
    .immediate();
}

interface Batch {
  readonly sealed: number;
  readonly unopened: readonly string[];
  /** Where the next batch begins; undefined: there is none. */
  readonly last: string | undefined;
}

function sealBatch(store: Store, column: SealedColumn, keys: readonly DataKey[], after: string, limit: number): Batch {
  const current = keys[0]!;
  return store.db
    .transaction((): Batch => {
      const unopened: string[] = [];
      const replace = sealedReplacer(store, column);
      const values = notSealedBy(store, column, current.id, after, limit);
      for (const value of values) {
        const key = keys.find(({ id }) => id === sealedBy(value.text)) ?? current;
        try {
          replace(value, sealWith(current, value.place, openWith(key, value.place, value.text)));
        } catch (thrown) {
          if (!(thrown instanceof SealError)) throw thrown;
          unopened.push(thrown.message);
        }
      }
      const sealed = values.length - unopened.length;
      sealCounter(store)(sealed);
      return { sealed, unopened, last: values.at(-1)?.place.row };
    })
    .immediate();
}

function dropUnused(store: Store, columns: readonly SealedColumn[], id: string): boolean {
  return store.db
    .transaction(() => {
      if (isInUse(store, columns, id)) return false;
      dropKey(store, id);
      return true;
    })
    .immediate();
}
