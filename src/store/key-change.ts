// Another source for the key that wraps the data keys. The data keys stay, so nothing is sealed anew; whoever is killed meanwhile leaves
// the old source in use, or the new one with a note that the old key is still to be removed. Must not know the sources.
import { rewrapKeys, sourceInUse, unwrapKeys } from './data-keys.ts';
import { type KeySource, type KeySurroundings, KeyTrouble } from './key-source.ts';
import { forgetLeft, type KeyringOptions, type OpenKeys, openKeys, SOURCES } from './keyring.ts';

/** What came of a change. */
export interface KeyChange {
  /** False: the key was the one in use already. */
  readonly changed: boolean;
  /** The source that was left; undefined where the store had no key yet. */
  readonly from: string | undefined;
  /** The key of that source could not be removed; every opening tries again. */
  readonly isLeft: boolean;
  /** The keys as they are now. */
  readonly opened: OpenKeys;
}

/**
 * Takes `to` into use. `around` is what it looks at: the new passphrase may stand where the old one does in `options`.
 * Throws LockedError where the old key does not open, KeyTrouble where the new source has none. `onStep` is told each step that is done.
 */
export async function changeSource(
  options: KeyringOptions,
  to: KeySource,
  around: KeySurroundings,
  onStep: (step: 'begun' | 'wrapped') => void = () => {},
): Promise<KeyChange> {
  const { store } = options;
  if (!sourceInUse(store)) {
    const only = { ...to, isSetUp: () => true };
    const opened = await openKeys({ ...options, ...around, sources: [only] });
    return { changed: true, from: undefined, isLeft: false, opened };
  }
  const before = await openKeys(options);
  const begun = await to.begin(around);
  if (begun.key.equals(before.wrapping)) return { changed: false, from: before.source.name, isLeft: false, opened: before };
  onStep('begun');
  // What SQLite deletes it would leave in the file until something else takes its place.
  store.db.pragma('secure_delete = ON');
  store.db
    .transaction(() => {
      const now = sourceInUse(store);
      if (now?.name !== before.source.name || now.facts !== before.source.facts)
        throw new KeyTrouble('another command has changed the key meanwhile: nothing was changed');
      rewrapKeys(store, unwrapKeys(store, before.wrapping), to.name, begun, options.now());
    })
    .immediate();
  onStep('wrapped');
  await forgetLeft(options);
  const source = sourceInUse(store)!;
  const opened = { source, wrapping: begun.key, keys: before.keys };
  return { changed: true, from: before.source.name, isLeft: source.leaving !== null, opened };
}

/** The source of that name. */
export function sourceNamed(name: string): KeySource | undefined {
  return SOURCES.find((source) => source.name === name);
}
