// Finds rows of the audit log, newest first, by what they are about. Rows share few combinations of client, host and verdict (facets), and
// of each the newest ones are one step in an index away. Must not know the chain.
import type { Store } from '../open.ts';
import type { AuditKind, AuditRow } from './entry.ts';

/** What to look for; what is left out does not matter. */
export interface AuditQuery {
  readonly kinds?: readonly AuditKind[];
  /** Rows from the first one on that is not older, ms. */
  readonly sinceMs?: number;
  /** Rows behind this one. */
  readonly after?: number;
  /** A part of the name, upper and lower case alike. */
  readonly client?: string;
  readonly host?: string;
  readonly verdict?: string;
}

/** Every row, as an AuditRow. */
export const ROWS = `SELECT seq, at_ms AS atMs, kind, client, host, verdict, content, mac FROM audit
  LEFT JOIN audit_facets ON audit_facets.id = audit.facet`;
/** Rows that are read at a time. */
const PAGE = 1000;

type Facet = Readonly<Pick<AuditRow, 'kind' | 'client' | 'host' | 'verdict'> & { id: number }>;

/** The newest `limit` rows that match, newest first. */
export function newestRows(store: Store, query: AuditQuery, limit: number): AuditRow[] {
  const ofFacet = store.db.prepare('SELECT seq FROM audit WHERE facet = ? AND seq > ? ORDER BY seq DESC LIMIT ?').pluck();
  const row = store.db.prepare(`${ROWS} WHERE seq = ?`);
  // In one state of the store, or retention could take a row away between two looks.
  return store.db.transaction(() => {
    const after = floorOf(store, query);
    const found = facetsOf(store, query).flatMap(({ id }) => ofFacet.all(id, after, limit) as number[]);
    return found
      .sort((a, b) => b - a)
      .slice(0, limit)
      .map((seq) => row.get(seq) as AuditRow);
  })();
}

/** All rows that match, oldest first, read page by page: what is added meanwhile comes too. */
export function* eachRow(store: Store, query: AuditQuery): Generator<AuditRow> {
  const page = store.db.prepare(`${ROWS} WHERE seq > ? ORDER BY seq LIMIT ${PAGE}`);
  const matches = matcher(query);
  let after = floorOf(store, query);
  for (;;) {
    const rows = page.all(after) as AuditRow[];
    for (const row of rows) if (matches(row)) yield row;
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.seq;
  }
}

/** The number of the newest row, 0 where there is none. */
export function newestSeq({ db }: Store): number {
  return (db.prepare('SELECT max(seq) FROM audit').pluck().get() as number | null) ?? 0;
}

function facetsOf({ db }: Store, query: AuditQuery): Facet[] {
  return (db.prepare('SELECT id, kind, client, host, verdict FROM audit_facets').all() as Facet[]).filter(matcher(query));
}

function matcher({ kinds, client, host, verdict }: AuditQuery): (facet: Omit<Facet, 'id'>) => boolean {
  const holds = (text: string | null, part: string | undefined) =>
    part === undefined || (text ?? '').toLowerCase().includes(part.toLowerCase());
  return (facet) =>
    (kinds === undefined || kinds.includes(facet.kind)) &&
    holds(facet.client, client) &&
    holds(facet.host, host) &&
    (verdict === undefined || facet.verdict === verdict);
}

/** The number of the first row that is not older, ms; undefined where all are. Left to itself SQLite would read rows from the first one on. */
export function firstSince({ db }: Store, sinceMs: number): number | undefined {
  const first = db.prepare('SELECT seq, at_ms AS atMs FROM audit ORDER BY seq LIMIT 1').get() as { seq: number; atMs: number } | undefined;
  if (first && first.atMs >= sinceMs) return first.seq;
  const find = db.prepare('SELECT min(seq) FROM audit INDEXED BY audit_by_time WHERE at_ms >= ?').pluck();
  return (find.get(sinceMs) as number | null) ?? undefined;
}

/** The number of the last row that is too old. */
function floorOf(store: Store, { sinceMs, after = 0 }: AuditQuery): number {
  if (sinceMs === undefined) return after;
  const first = firstSince(store, sinceMs);
  return first === undefined ? Number.MAX_SAFE_INTEGER : Math.max(after, first - 1);
}
