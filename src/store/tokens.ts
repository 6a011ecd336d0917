// The table of client tokens: a keyed hash of each, never the token. A row is read anew for every question, so that what one process
// revokes the other refuses at once. Must not know how a token is shown at the door.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type ClientToken, formatToken, makeToken, parseToken, TOKEN_BYTES, type TokenStanding } from '../rules/client-token.ts';
import { briefly } from './busy.ts';
import { type Keyring, LockedError } from './keyring.ts';
import type { Store } from './open.ts';
import { NoSuchProfile } from './profiles.ts';

/** What is known of a token; times are ms since the epoch. */
export interface TokenRow {
  readonly id: string;
  readonly profile: string;
  readonly createdAtMs: number;
  /** Undefined: it does not expire. */
  readonly expiresAtMs: number | undefined;
  readonly revokedAtMs: number | undefined;
  /** To a second or so. */
  readonly lastUsedAtMs: number | undefined;
  readonly note: string;
}

/** The tokens of a store. */
export interface Tokens {
  /** `token` is told this once. Throws LockedError, NoSuchProfile. */
  create(what: Pick<TokenRow, 'profile' | 'expiresAtMs' | 'note'>): { readonly token: string; readonly row: TokenRow };
  /** Newest first. */
  list(): readonly TokenRow[];
  /** False where there is none of that id. Again: nothing more. */
  revoke(id: string): boolean;
  /** Lets it last longer, or shorter. */
  prolong(id: string, expiresAtMs: number): void;
  /** Leaves no trace of it. */
  remove(id: string): void;
  /** What a client shows. Never throws for what a client may send. */
  check(text: string): TokenStanding;
  /** What became of a token that was valid. */
  standing(id: string): TokenStanding;
  close(): void;
}

/** What the table is opened with. */
export interface TokensOptions {
  readonly store: Store;
  readonly keyring: Keyring;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Runs `task` once, `delayMs` from now, without keeping the process alive; returns a way to call it off. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
}

/** Uses are written down this long after the first of them. */
const NOTE_MS = 1000;

const COLUMNS = `id, profile, mac, created_at_ms AS createdAtMs, expires_at_ms AS expiresAtMs, revoked_at_ms AS revokedAtMs,
  last_used_at_ms AS lastUsedAtMs, note`;

interface Row extends Pick<TokenRow, 'id' | 'profile' | 'createdAtMs' | 'note'> {
  readonly mac: Buffer;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

/** All of them, newest first, for whoever only looks. */
export function listTokens({ db }: Store): readonly TokenRow[] {
  return (db.prepare(`SELECT ${COLUMNS} FROM client_tokens ORDER BY created_at_ms DESC, id`).all() as Row[]).map(toTokenRow);
}

/** Opens the table; `close()` writes down the last uses and does not close the store. */
export function openTokens({ store, keyring, now, random, schedule }: TokensOptions): Tokens {
  const { db } = store;
  const insert = db.prepare(
    'INSERT INTO client_tokens (id, profile, mac, created_at_ms, expires_at_ms, note) SELECT ?, name, ?, ?, ?, ? FROM profiles WHERE name = ?',
  );
  const select = db.prepare(`SELECT ${COLUMNS} FROM client_tokens WHERE id = ?`);
  const revoke = db.prepare('UPDATE client_tokens SET revoked_at_ms = coalesce(revoked_at_ms, ?) WHERE id = ?');
  const prolong = db.prepare('UPDATE client_tokens SET expires_at_ms = ? WHERE id = ?');
  const remove = db.prepare('DELETE FROM client_tokens WHERE id = ?');
  const noteUse = db.prepare('UPDATE client_tokens SET last_used_at_ms = ? WHERE id = ?');
  const row = (id: string) => select.get(id) as Row | undefined;
  let key: Buffer | undefined;
  // The whole token goes in, so that a hash moved to another row fits no token.
  const macOf = (token: ClientToken): Buffer => {
    key ??= keyring.ownKey('tokens');
    return createHmac('sha256', key).update(formatToken(token)).digest();
  };

  const uses = new Map<string, number>();
  let cancel: (() => void) | undefined;
  const noteUses = (): void => {
    cancel = undefined;
    const write = db.transaction(() => {
      for (const [id, at] of uses) noteUse.run(at, id);
    });
    try {
      // Exchanges would wait too while another process writes.
      briefly({ db }, () => write.immediate(), 0);
      uses.clear();
    } catch {
      // They are written with the next one. On a full disk too, when a token was used last is not worth an exchange, nor a line of log.
    }
  };

  return {
    create({ profile, expiresAtMs, note }) {
      const token = makeToken(random(TOKEN_BYTES));
      const createdAtMs = now();
      if (insert.run(token.id, macOf(token), createdAtMs, expiresAtMs ?? null, note, profile).changes === 0)
        throw new NoSuchProfile(profile);
      return { token: formatToken(token), row: toTokenRow(row(token.id)!) };
    },
    list: () => listTokens(store),
    revoke: (id) => revoke.run(now(), id).changes > 0,
    prolong: (id, expiresAtMs) => void prolong.run(expiresAtMs, id),
    remove: (id) => void remove.run(id),
    check(text) {
      const token = parseToken(text);
      if (!token) return { state: 'mistyped' };
      const found = row(token.id);
      const mac = unlessLocked(() => macOf(token));
      if (!mac) return { state: 'unchecked' };
      // Whether the id is known takes no different time, and what became of it is told to nobody who does not hold it.
      const isTheOne = timingSafeEqual(found?.mac ?? NO_MAC, mac);
      if (!found || !isTheOne) return { state: 'unknown' };
      const standing = standingOf(toTokenRow(found), now());
      if (standing.state === 'valid') {
        uses.set(found.id, now());
        cancel ??= schedule(noteUses, NOTE_MS);
      }
      return standing;
    },
    standing(id) {
      const found = row(id);
      return found ? standingOf(toTokenRow(found), now()) : { state: 'unknown' };
    },
    close() {
      cancel?.();
      if (uses.size > 0) noteUses();
    },
  };
}

const NO_MAC = Buffer.alloc(32);

/** How a token stands at a moment. */
export function standingOf({ id, profile, revokedAtMs, expiresAtMs }: TokenRow, nowMs: number): TokenStanding {
  if (revokedAtMs !== undefined) return { state: 'revoked' };
  if (expiresAtMs !== undefined && nowMs >= expiresAtMs) return { state: 'expired' };
  return { state: 'valid', id, profile };
}

function unlessLocked<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (thrown) {
    if (thrown instanceof LockedError) return undefined;
    throw thrown;
  }
}

function toTokenRow({ mac: _, ...row }: Row): TokenRow {
  return {
    ...row,
    expiresAtMs: row.expiresAtMs ?? undefined,
    revokedAtMs: row.revokedAtMs ?? undefined,
    lastUsedAtMs: row.lastUsedAtMs ?? undefined,
  };
}
