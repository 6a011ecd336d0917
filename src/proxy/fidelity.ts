// The last exchanges side by side: what the client sent and what upstream was sent, in names, order and fingerprints. Values of
// fields and bodies are never kept.
import type { ExchangeRecord } from '../exchange-record.ts';
import type { RawHeaders } from '../headers.ts';
import type { Finding } from '../rules/guardrail.ts';
import type { Exchange, Http2Facts, TlsFacts } from './exchange.ts';

/** One exchange as `sallyport fidelity` shows it. JSON-able. */
export interface FidelityReport {
  readonly id: string;
  readonly atMs: number;
  readonly host: string;
  readonly protocol: string;
  readonly method: string;
  readonly path: string;
  /** 'exact', 'ja4', 'partial' or 'none', and what differs in plain words. */
  readonly equality: string;
  readonly tls: TlsFacts | undefined;
  readonly h2: Http2Facts | undefined;
  /** Field names in wire order, as received and as sent. */
  readonly clientFields: readonly string[];
  readonly upstreamFields: readonly string[];
  /** SHA-256 of the body as received and as sent; undefined where it was streamed. */
  readonly clientBody: string | undefined;
  readonly upstreamBody: string | undefined;
  /** Masked values by kind. */
  readonly edits: Readonly<Record<string, number>>;
  /** What guardrails found that was not met before. */
  readonly findings: readonly Finding[];
  /** Fields taken out that would have switched a guardrail off. */
  readonly optOuts: number;
  /** How far upstream's clock was ahead of ours, ms, by the date in its reply, which is whole seconds. */
  readonly clockAheadMs: number | undefined;
}

/** The memory behind `fidelity`: bounded, and lost with the daemon. */
export interface FidelityLog {
  note(x: Exchange, record: ExchangeRecord): void;
  /** Newest first. */
  list(host?: string): readonly FidelityReport[];
}

/** Keeps reports of the last `size` exchanges, never the exchanges: those hold bodies and sockets. */
export function openFidelityLog(size: number): FidelityLog {
  const ring: FidelityReport[] = [];
  return {
    note(x, record) {
      ring.push(report(x, record));
      if (ring.length > size) ring.shift();
    },
    list(host) {
      const kept = host === undefined ? ring : ring.filter((r) => r.host === host);
      return kept.slice().reverse();
    },
  };
}

function report(x: Exchange, record: ExchangeRecord): FidelityReport {
  const { line, connection, notes } = x;
  return {
    id: x.id,
    atMs: x.startedAtMs,
    host: connection.authority.host,
    protocol: notes.webSocket ? 'websocket' : line.protocol,
    method: line.head.method,
    path: record.path,
    equality: connection.equality,
    tls: connection.tls,
    h2: connection.h2,
    clientFields: names(line.head.headers),
    upstreamFields: names(notes.sentHead?.headers ?? []),
    clientBody: notes.bodyHashIn,
    upstreamBody: notes.bodyHashOut,
    edits: notes.edits,
    findings: notes.findings,
    optOuts: notes.optOuts,
    clockAheadMs: notes.clockAheadMs,
  };
}

function names(headers: RawHeaders): string[] {
  return headers.filter((_, i) => i % 2 === 0);
}
