// The credentials of the vault: what is known of each in the clear, the value sealed or, where it is kept elsewhere, a reference to it.
// One that does not open is named, and never taken for anything else. Must not know how a key is put into a request.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Credential, Slot } from '../rules/credential.ts';
import type { Keyring } from './keyring.ts';
import type { Store } from './open.ts';
import { StoreError } from './store-error.ts';

/** A credential where it is kept; times are ms since the epoch. */
export interface StoredCredential extends Credential {
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** What a new one is made of. Exactly one of `value` and `reference`. */
export interface NewCredential extends Credential {
  readonly value: string | undefined;
}

/** The table of credentials. */
export interface Credentials {
  /** By name. Rows that cannot be read are left out. */
  list(): readonly StoredCredential[];
  find(name: string): StoredCredential | undefined;
  /** Throws StoreError where the name or the placeholder is taken, LockedError. */
  add(credential: NewCredential): void;
  /** Another value or reference under the same name and placeholder. False where there is none of that name. */
  rotate(name: string, to: { readonly value: string } | { readonly reference: string }): boolean;
  /** False where there is none of that name. Throws StoreError where the other one is taken. */
  rename(from: string, to: string): boolean;
  remove(name: string): boolean;
  /** The value; undefined where there is none here. Throws SealError, LockedError. */
  value(name: string): string | undefined;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly facts: string;
  readonly sealed: string | null;
  readonly reference: string | null;
  readonly placeholder: string;
  readonly created_at_ms: number;
  readonly changed_at_ms: number;
}

const slot = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('header'), name: z.string() }),
  z.strictObject({ kind: z.literal('query'), name: z.string() }),
  z.strictObject({ kind: z.literal('json'), path: z.array(z.string()) }),
  z.strictObject({ kind: z.literal('sigv4') }),
]);
const facts = z.strictObject({
  hosts: z.array(z.string()),
  slots: z.array(slot),
  methods: z.array(z.string()),
  paths: z.array(z.string()),
  variable: z.string(),
  expiresAtMs: z.number().optional(),
  note: z.string(),
});

/** Opens the table of a store. */
export function openCredentials(store: Store, keyring: Keyring, now: () => number): Credentials {
  const { db } = store;
  const rowOf = (name: string) => db.prepare('SELECT * FROM credentials WHERE name = ?').get(name) as Row | undefined;
  const place = (id: string) => ({ table: 'credentials', row: id, column: 'sealed' });
  const refuseTaken = (name: string): void => {
    if (rowOf(name)) throw new StoreError(`there is a credential «${name}» already: sallyport vault rotate ${name} gives it another value`);
  };
  return {
    list: () => listCredentials(store),
    find: (name) => read(rowOf(name)),
    add(credential) {
      refuseTaken(credential.name);
      const { name, value, reference, placeholder, ...rest } = credential;
      const id = randomBytes(12).toString('hex');
      const sealed = value === undefined ? null : keyring.seal(place(id), value);
      db.prepare(
        `INSERT INTO credentials (id, name, facts, sealed, reference, placeholder, created_at_ms, changed_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(id, name, JSON.stringify(rest satisfies z.input<typeof facts> | object), sealed, reference ?? null, placeholder, now(), now());
    },
    rotate(name, to) {
      const row = rowOf(name);
      if (!row) return false;
      const sealed = 'value' in to ? keyring.seal(place(row.id), to.value) : null;
      db.prepare('UPDATE credentials SET sealed = ?, reference = ?, changed_at_ms = ? WHERE id = ?').run(
        sealed,
        'reference' in to ? to.reference : null,
        now(),
        row.id,
      );
      return true;
    },
    rename(from, to) {
      refuseTaken(to);
      return db.prepare('UPDATE credentials SET name = ?, changed_at_ms = ? WHERE name = ?').run(to, now(), from).changes > 0;
    },
    remove: (name) => db.prepare('DELETE FROM credentials WHERE name = ?').run(name).changes > 0,
    value(name) {
      const row = rowOf(name);
      return row?.sealed == null ? undefined : keyring.open(place(row.id), row.sealed).toString();
    },
  };
}

/** All of them by name, for whoever only looks. Rows that cannot be read are left out. */
export function listCredentials({ db }: Store): readonly StoredCredential[] {
  const rows = db.prepare('SELECT * FROM credentials ORDER BY name').all() as Row[];
  return rows.flatMap((row) => read(row) ?? []);
}

/** The references that values are kept under, each once. */
export function referencesIn({ db }: Store): readonly string[] {
  return db.prepare('SELECT DISTINCT reference FROM credentials WHERE reference IS NOT NULL').pluck().all() as string[];
}

function read(row: Row | undefined): StoredCredential | undefined {
  const known = row && facts.safeParse(JSON.parse(row.facts));
  if (!row || !known?.success) return undefined;
  const { hosts, slots, expiresAtMs, ...rest } = known.data;
  return {
    ...rest,
    name: row.name,
    hosts: hosts,
    slots: slots as readonly Slot[],
    expiresAtMs,
    placeholder: row.placeholder,
    reference: row.reference ?? undefined,
    createdAtMs: row.created_at_ms,
    changedAtMs: row.changed_at_ms,
  };
}
