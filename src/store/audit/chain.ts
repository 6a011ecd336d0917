// The chain of the audit log: each row bears a MAC over its content and the MAC of the row before, and a head bears one over the last row,
// so that no row is edited, dropped, moved or cut off unseen by whoever lacks the key. Must not know what a row says.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Keyring } from '../keyring.ts';
import type { Store } from '../open.ts';
import { type AuditEntry, type AuditRow, plainEntry } from './entry.ts';

/** A chain that can be added to. */
export interface Chain {
  /** Adds rows in their order, all or none; inside a transaction it is part of that one. Throws what SQLite throws. */
  append(entries: readonly AuditEntry[]): void;
  /** Lets go of the rows up to `seq` and says so in a row of its own, all or none. The number of rows. */
  release(seq: number, atMs: number): number;
  /** The end of the chain; undefined where it is not as we left it. */
  head(): Head | undefined;
}

/** The end of the chain, and what all of it takes. */
export interface Head {
  readonly seq: number;
  readonly mac: Buffer;
  /** About what the rows take on the disk. */
  readonly bytes: number;
}

/** Where a chain begins: behind the rows that were let go. */
export interface Anchor {
  readonly seq: number;
  readonly mac: Buffer;
}

const NO_MAC = Buffer.alloc(32);
const BEGINNING: Anchor = { seq: 0, mac: NO_MAC };
/** What a row takes beside its content: numbers, MAC and two indices. */
const ROW_BYTES = 100;
const SEARCHED = 'kind, client, host, verdict';

/** Opens the chain of a store, which begins with its key. Throws LockedError while the keyring is locked. */
export function openChain(store: Store, keyring: Keyring): Chain {
  const { db } = store;
  const key = openKey(store, keyring);
  const last = db.prepare('SELECT seq, mac FROM audit ORDER BY seq DESC LIMIT 1');
  const macAt = db.prepare('SELECT mac FROM audit WHERE seq = ?').pluck();
  const size = db.prepare(`SELECT total(octet_length(content) + ${ROW_BYTES}) FROM audit WHERE seq <= ?`).pluck();
  const addFacet = db.prepare(`INSERT INTO audit_facets (${SEARCHED}) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const facetOf = db.prepare('SELECT id FROM audit_facets WHERE kind = ? AND client = ? AND host = ? AND verdict = ?').pluck();
  const insert = db.prepare('INSERT INTO audit (seq, at_ms, facet, content, mac) VALUES (?, ?, ?, ?, ?)');
  const drop = db.prepare('DELETE FROM audit WHERE seq <= ?');
  const dropFacets = db.prepare('DELETE FROM audit_facets WHERE NOT EXISTS (SELECT 1 FROM audit WHERE facet = audit_facets.id)');

  /** The head, if the chain really ends there: what is added behind a forged one would vouch for it. */
  const head = (): Head | undefined => {
    const kept = readHead(store, key);
    const end = last.get() as Anchor | undefined;
    return kept && (end?.seq ?? 0) <= kept.seq ? kept : undefined;
  };

  const add = (end: Head, entries: readonly AuditEntry[]): Head => {
    let { seq, mac, bytes } = end;
    for (const entry of entries) {
      const searched = [entry.kind, entry.client, entry.host, entry.verdict];
      addFacet.run(...searched);
      seq++;
      mac = rowMac(key, mac, { ...entry, seq });
      insert.run(seq, entry.atMs, facetOf.get(...searched), entry.content, mac);
      bytes += Buffer.byteLength(entry.content) + ROW_BYTES;
    }
    return { seq, mac, bytes };
  };

  const mended = (atMs: number): Head => {
    const end = (last.get() as Anchor | undefined) ?? BEGINNING;
    return add({ ...end, bytes: size.get(end.seq) as number }, [plainEntry('break', atMs, {})]);
  };

  return {
    append: db.transaction((entries: readonly AuditEntry[]) => {
      if (entries.length > 0) writeHead(store, key, add(head() ?? mended(entries[0]!.atMs), entries));
    }).immediate,
    release: db.transaction((seq: number, atMs: number) => {
      const end = head() ?? mended(atMs);
      const entry = plainEntry('checkpoint', atMs, { seq, mac: (macAt.get(seq) as Buffer).toString('base64') });
      const bytes = end.bytes - (size.get(seq) as number);
      const { changes } = drop.run(seq);
      dropFacets.run();
      writeHead(store, key, add({ ...end, bytes }, [entry]));
      return changes;
    }).immediate,
    head,
  };
}

/** The key; with it the chain is begun, so that a key without a head says that the chain was thrown away. */
export function openKey(store: Store, keyring: Keyring): Buffer {
  const has = store.db.prepare("SELECT 1 FROM own_keys WHERE name = 'audit'").pluck();
  return store.db
    .transaction(() => {
      const isNew = has.get() === undefined;
      const key = keyring.ownKey('audit');
      if (isNew) writeHead(store, key, { ...BEGINNING, bytes: 0 });
      return key;
    })
    .immediate();
}

/** The MAC of a row that stands behind one with the MAC `before`. */
export function rowMac(key: Buffer, before: Buffer, row: Omit<AuditRow, 'mac'>): Buffer {
  const { seq, atMs, kind, client, host, verdict, content } = row;
  return sealed(key, ['row', before.toString('base64'), seq, atMs, kind, client, host, verdict, content]);
}

/** The head as it was written; undefined where there is none or another hand wrote it. */
export function readHead({ db }: Store, key: Buffer): Head | undefined {
  const row = db.prepare('SELECT seq, mac, bytes, seal FROM audit_head').get() as (Head & { readonly seal: Buffer }) | undefined;
  const seal = row && headSeal(key, row);
  return seal && row.seal.length === seal.length && timingSafeEqual(seal, row.seal) ? row : undefined;
}

/** Where the rows begin, as the last checkpoint says; verifying them proves that one too. */
export function readAnchor({ db }: Store): Anchor {
  const content = db
    .prepare(
      "SELECT content FROM audit WHERE facet = (SELECT id FROM audit_facets WHERE kind = 'checkpoint' LIMIT 1) ORDER BY seq DESC LIMIT 1",
    )
    .pluck()
    .get() as string | undefined;
  try {
    const { seq, mac } = JSON.parse(content ?? '') as { readonly seq: number; readonly mac: string };
    return { seq, mac: Buffer.from(mac, 'base64') };
  } catch {
    return BEGINNING;
  }
}

function writeHead({ db }: Store, key: Buffer, head: Head): void {
  db.prepare('INSERT OR REPLACE INTO audit_head (id, seq, mac, bytes, seal) VALUES (1, ?, ?, ?, ?)').run(
    head.seq,
    head.mac,
    head.bytes,
    headSeal(key, head),
  );
}

function headSeal(key: Buffer, { seq, mac, bytes }: Head): Buffer {
  return sealed(key, ['head', seq, mac.toString('base64'), bytes]);
}

function sealed(key: Buffer, said: readonly unknown[]): Buffer {
  return createHmac('sha256', key).update(JSON.stringify(said)).digest();
}
