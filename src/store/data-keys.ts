// The keys that seal, wrapped, and the source of the key that wraps them: the tables data_keys and key_source.
// Must not know where a source has its key from, nor what is sealed.
import { createHash, randomBytes } from 'node:crypto';
import type { BegunKey } from './key-source.ts';
import type { Store } from './open.ts';
import { type DataKey, openWith, type Place, sealWith } from './seal.ts';

/** The source in use. */
export interface SourceInUse {
  readonly name: string;
  readonly facts: string;
  readonly sinceMs: number;
  /** The source that was used before and whose key is still to be forgotten. */
  readonly leaving: string | null;
  readonly leavingFacts: string | null;
}

/** How many values one key may seal: half of what NIST SP 800-38D 8.3 allows for random ivs. From here on the vault asks for a rekey. */
export const REKEY_AFTER = 2 ** 31;
/** Where it refuses to go on. */
export const MAX_SEALS = 2 ** 32;

/** Undefined: nothing was sealed yet. */
export function sourceInUse({ db }: Store): SourceInUse | undefined {
  return db.prepare('SELECT name, facts, since_ms AS sinceMs, leaving, leaving_facts AS leavingFacts FROM key_source').get() as
    | SourceInUse
    | undefined;
}

/** How many data keys there are; more than one while a rekey is under way. */
export function countKeys({ db }: Store): number {
  return db.prepare('SELECT count(*) FROM data_keys').pluck().get() as number;
}

/** How many values the current key has sealed. */
export function countSeals({ db }: Store): number {
  return (db.prepare('SELECT seals FROM data_keys WHERE is_current = 1').pluck().get() as number | undefined) ?? 0;
}

/** All of them, the current one first. Throws SealError where `wrapping` is not the key they are wrapped by. */
export function unwrapKeys({ db }: Store, wrapping: Buffer): DataKey[] {
  const rows = db.prepare('SELECT id, wrapped FROM data_keys ORDER BY is_current DESC, id').all() as { id: string; wrapped: string }[];
  return rows.map(({ id, wrapped }) => ({ id, key: openWith(wrappedBy(wrapping), placeOf(id), wrapped) }));
}

/** The first key of a store, or undefined where another process was faster. */
export function addFirstKey(store: Store, source: string, begun: BegunKey, nowMs: number): DataKey | undefined {
  return store.db
    .transaction(() => {
      if (sourceInUse(store)) return undefined;
      store.db.prepare('INSERT INTO key_source (only, name, facts, since_ms) VALUES (1, ?, ?, ?)').run(source, begun.facts, nowMs);
      return addKey(store, begun.key, nowMs);
    })
    .immediate();
}

/** A new key, which seals from now on. In a transaction of the caller. */
export function addKey({ db }: Store, wrapping: Buffer, nowMs: number): DataKey {
  const key = randomBytes(32);
  const id = createHash('sha256').update('sallyport data key').update(key).digest('hex').slice(0, 12);
  db.prepare('UPDATE data_keys SET is_current = 0').run();
  db.prepare('INSERT INTO data_keys (id, wrapped, created_at_ms, is_current) VALUES (?, ?, ?, 1)').run(
    id,
    sealWith(wrappedBy(wrapping), placeOf(id), key),
    nowMs,
  );
  return { id, key };
}

/** Wraps `keys`, which are all, by the key of another source; the one before is noted as left. In a transaction of the caller. */
export function rewrapKeys({ db }: Store, keys: readonly DataKey[], source: string, begun: BegunKey, nowMs: number): void {
  const rewrap = db.prepare('UPDATE data_keys SET wrapped = ? WHERE id = ?');
  for (const { id, key } of keys) rewrap.run(sealWith(wrappedBy(begun.key), placeOf(id), key), id);
  db.prepare('UPDATE key_source SET leaving = name, leaving_facts = facts, name = ?, facts = ?, since_ms = ?').run(
    source,
    begun.facts,
    nowMs,
  );
}

/** The key of the source that was left is gone. */
export function noteForgotten({ db }: Store): void {
  db.prepare('UPDATE key_source SET leaving = NULL, leaving_facts = NULL').run();
}

/** Counts seals of the current key: gives its id, and how many there are then; undefined where there is no key. */
export function sealCounter({ db }: Store): (count: number) => { readonly id: string; readonly seals: number } | undefined {
  const count = db.prepare('UPDATE data_keys SET seals = seals + ? WHERE is_current = 1 RETURNING id, seals');
  return (more) => count.get(more) as { id: string; seals: number } | undefined;
}

/** A key that seals nothing any more. */
export function dropKey({ db }: Store, id: string): void {
  db.prepare('DELETE FROM data_keys WHERE id = ? AND is_current = 0').run(id);
}

/** What was deleted or overwritten is no longer in the file either: old wrappings would still open with old keys. */
export function scrub({ db }: Store): void {
  db.pragma('wal_checkpoint(TRUNCATE)');
}

function wrappedBy(key: Buffer): DataKey {
  return { id: 'wrapping', key };
}

function placeOf(id: string): Place {
  return { table: 'data_keys', row: id, column: 'wrapped' };
}
