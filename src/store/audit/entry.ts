// What the audit log holds: exchanges, changes by an administrator, and what the log says of itself. An exchange is kept without the
// members that are blank. Must not know how rows are chained.
import type { ExchangeRecord } from '../../exchange-record.ts';

/** 'checkpoint': older rows were let go by retention. 'break': what stood before this row did not fit together when it was written. */
export type AuditKind = 'exchange' | 'change' | 'checkpoint' | 'break';

/** What a row says. */
export interface AuditEntry {
  /** Wall clock, ms: an exchange has its end. */
  readonly atMs: number;
  readonly kind: AuditKind;
  /** '' but for exchanges, as are the next two. */
  readonly client: string;
  readonly host: string;
  readonly verdict: string;
  /** JSON of everything else. */
  readonly content: string;
}

/** A row where it stands. */
export interface AuditRow extends AuditEntry {
  /** From 1 on, without a gap. */
  readonly seq: number;
  readonly mac: Buffer;
}

/** A change by an administrator. `before` and `after` are JSON values without secrets; undefined where there was or is nothing. */
export interface Change {
  /** User id of whoever made it. */
  readonly who: number;
  /** What was done to what, such as `rule add no-cards`. */
  readonly what: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

const BLANK: Omit<ExchangeRecord, 'id' | 'startedAtMs' | 'client' | 'host' | 'verdict'> = {
  clientVersion: '',
  clientPid: undefined,
  profile: '',
  scheme: 'https',
  protocol: 'http/1.1',
  port: 443,
  method: 'POST',
  path: '',
  provider: '',
  endpoint: '',
  model: '',
  tokensIn: undefined,
  tokensOut: undefined,
  status: 200,
  fault: undefined,
  edits: {},
  rules: {},
  findings: [],
  restored: 0,
  requestBytes: 0,
  replyBytes: 0,
  addedMs: 0,
  durationMs: 0,
  equality: 'exact',
};

/** The row of an exchange. */
export function exchangeEntry({ client, host, verdict, ...rest }: ExchangeRecord): AuditEntry {
  const atMs = Math.round(rest.startedAtMs + rest.durationMs);
  const said = Object.entries(rest).filter(([name, value]) => !isBlank(value, BLANK[name as keyof typeof BLANK]));
  return { atMs, kind: 'exchange', client, host, verdict, content: JSON.stringify(Object.fromEntries(said)) };
}

/** The exchange of a row of that kind. Throws SyntaxError for a content that is no JSON: somebody has edited it. */
export function exchangeOf({ client, host, verdict, content }: AuditEntry): ExchangeRecord {
  return { ...BLANK, ...JSON.parse(content), client, host, verdict };
}

/** The change of a row of that kind. Throws as `exchangeOf` does. */
export function changeOf({ content }: AuditEntry): Change {
  return JSON.parse(content) as Change;
}

/** An entry of a kind that has no facets but its kind. */
export function plainEntry(kind: AuditKind, atMs: number, content: object): AuditEntry {
  return { atMs, kind, client: '', host: '', verdict: '', content: JSON.stringify(content) };
}

function isBlank(value: unknown, blank: unknown): boolean {
  return value === blank || (typeof value === 'object' && typeof blank === 'object' && Object.keys(value ?? {}).length === 0);
}
