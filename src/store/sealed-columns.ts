// Every column that holds sealed values, so that a change of keys finds them all. A table that seals adds its line here.
// Must not know what the values are.
import type { Store } from './open.ts';
import type { Place } from './seal.ts';

/** One column of sealed text, or null. */
export interface SealedColumn {
  readonly table: string;
  /** SQL expression for what `Place.row` is in this table: unique, never changed, text. */
  readonly row: string;
  readonly column: string;
}

/** All of them. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'own_keys', row: 'name', column: 'sealed' },
  { table: 'credentials', row: 'id', column: 'sealed' },
  { table: 'captures', row: 'id', column: 'sealed' },
];

/** A value where it stands. */
export interface Sealed {
  readonly place: Place;
  readonly text: string;
}

const PREFIX = 'enc:v2:';

/** Values behind the row `after` that the key `id` did not seal, in order of rows. */
export function notSealedBy({ db }: Store, { table, row, column }: SealedColumn, id: string, after: string, limit: number): Sealed[] {
  const sql = `SELECT ${row} AS row, ${column} AS text FROM ${table}
    WHERE ${row} > ? AND substr(${column}, 1, ?) <> ? ORDER BY ${row} LIMIT ?`;
  const prefix = `${PREFIX}${id}:`;
  const rows = db.prepare(sql).all(after, prefix.length, prefix, limit) as { row: string; text: string }[];
  return rows.map((one) => ({ place: { table, row: one.row, column }, text: one.text }));
}

/** Puts another text in the place of one that is still there. In a transaction of the caller. */
export function sealedReplacer({ db }: Store, { table, row, column }: SealedColumn): (before: Sealed, text: string) => void {
  const replace = db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${row} = ? AND ${column} = ?`);
  return ({ place, text: before }, text) => void replace.run(text, place.row, before);
}

/** How many values there are that the key `id` did not seal; without an id all. */
export function countSealed(store: Store, columns: readonly SealedColumn[], id?: string): number {
  const prefix = id === undefined ? '' : `${PREFIX}${id}:`;
  return columns.reduce((sum, { table, column }) => {
    const sql = `SELECT count(*) FROM ${table} WHERE ${column} IS NOT NULL AND (? = '' OR substr(${column}, 1, ?) <> ?)`;
    return sum + (store.db.prepare(sql).pluck().get(prefix, prefix.length, prefix) as number);
  }, 0);
}

/** Whether the key `id` sealed any value that is still there. */
export function isInUse(store: Store, columns: readonly SealedColumn[], id: string): boolean {
  const prefix = `${PREFIX}${id}:`;
  return columns.some(
    ({ table, column }) =>
      store.db.prepare(`SELECT 1 FROM ${table} WHERE substr(${column}, 1, ?) = ? LIMIT 1`).get(prefix.length, prefix) !== undefined,
  );
}
