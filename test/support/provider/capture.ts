// Everything a server saw, kept in memory for the test and, when wanted, written as JSON lines.
import { appendFileSync } from 'node:fs';
import type { Settings } from 'node:http2';
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import type { SeenHello } from '../client-hello.ts';
import { headerOf } from '../http1.ts';
import { tryParse } from './json.ts';

export interface SeenConnection {
  readonly id: number;
  readonly hello: SeenHello | undefined;
  /** Negotiated protocol, undefined without ALPN. */
  readonly alpn: string | undefined;
  readonly resumed: boolean;
  /** SETTINGS of an HTTP/2 client. */
  h2Settings: Settings | undefined;
}

export interface SeenRequest {
  readonly id: number;
  readonly connection: SeenConnection;
  readonly protocol: 'http/1.1' | 'h2' | 'websocket';
  readonly host: string;
  readonly method: string;
  readonly target: string;
  /** `target` without its query. */
  readonly path: string;
  /** Flat raw pairs in wire order; HTTP/2: pseudo-headers first. */
  readonly headers: readonly string[];
  /** Exact head bytes (HTTP/1.1). */
  readonly rawHead: Buffer | undefined;
  /** Body bytes without the transfer coding, content coding still on. */
  readonly wireBody: Buffer;
  /** Body with its content coding taken off. */
  readonly body: Buffer;
  /** `body` as JSON, undefined when it is none. */
  readonly json: unknown;
  /** WebSocket messages received on this request, in order. */
  readonly messages: { readonly text: string; readonly json: unknown; readonly compressed: boolean }[];
  /** Status answered; 0 until then. */
  status: number;
}

type Facts = Pick<SeenRequest, 'connection' | 'protocol' | 'host' | 'method' | 'target' | 'headers' | 'rawHead' | 'wireBody'>;

/** The record of one server. */
export class Capture {
  readonly connections: SeenConnection[] = [];
  readonly requests: SeenRequest[] = [];
  /** What went wrong inside the server: scripts, broken requests, bodies that do not decode. */
  readonly failures: unknown[] = [];
  /** OpenSSL codes of failed handshakes with the name asked for. */
  readonly tlsErrors: string[] = [];
  readonly #logFile: string | undefined;
  readonly #watchers = new Set<() => void>();

  constructor(logFile?: string) {
    this.#logFile = logFile;
  }

  connection(facts: Pick<SeenConnection, 'hello' | 'alpn' | 'resumed'>): SeenConnection {
    const seen: SeenConnection = { id: this.connections.length + 1, h2Settings: undefined, ...facts };
    this.connections.push(seen);
    const { hello } = facts;
    this.#log({
      type: 'connection',
      id: seen.id,
      serverName: hello?.serverName,
      offered: hello?.alpn,
      alpn: facts.alpn,
      ja3: hello?.ja3,
      ja4: hello?.ja4,
    });
    return seen;
  }

  request(facts: Facts): SeenRequest {
    let body: Buffer = facts.wireBody;
    try {
      body = decodeContent(facts.wireBody, headerOf(facts, 'content-encoding'));
    } catch (error) {
      this.failures.push(error);
    }
    const json = body.length === 0 ? undefined : tryParse(body.toString());
    const path = facts.target.split('?')[0]!;
    const seen: SeenRequest = { ...facts, id: this.requests.length + 1, path, body, json, messages: [], status: 0 };
    this.requests.push(seen);
    const { connection, protocol, host, method, target, headers, wireBody } = facts;
    this.#log({
      type: 'request',
      id: seen.id,
      connection: connection.id,
      protocol,
      host,
      method,
      target,
      headers,
      wireBytes: wireBody.length,
      body: printable(body),
    });
    this.#wake();
    return seen;
  }

  message(request: SeenRequest, text: string, compressed: boolean): void {
    request.messages.push({ text, json: tryParse(text), compressed });
    this.#log({ type: 'message', request: request.id, compressed, text });
    this.#wake();
  }

  answered(request: SeenRequest, status: number): void {
    request.status = status;
    this.#log({ type: 'reply', request: request.id, status });
    this.#wake();
  }

  /** The first request that matches, now or later. */
  waitFor(matches: (request: SeenRequest) => boolean, waitMs = 8_000): Promise<SeenRequest> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.requests.find(matches);
        if (!found) return;
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        reject(
          new Error(
            `no such request in ${waitMs} ms; seen: ${this.requests.map((r) => `${r.method} ${r.host}${r.target}`).join(', ') || 'none'}`,
          ),
        );
      }, waitMs);
      this.#watchers.add(look);
      look();
    });
  }

  /** Every byte of plain text that any client sent: heads, decoded bodies, WebSocket messages. */
  everything(): string {
    return this.requests
      .map((r) =>
        [r.target, r.headers.join('\n'), r.body.toString('latin1'), ...r.messages.map((m) => Buffer.from(m.text).toString('latin1'))].join(
          '\n',
        ),
      )
      .join('\n');
  }

  #wake(): void {
    for (const look of [...this.#watchers]) look();
  }

  #log(line: object): void {
    if (this.#logFile) appendFileSync(this.#logFile, `${JSON.stringify({ at: Date.now(), ...line })}\n`);
  }
}

function printable(body: Buffer): string {
  const text = body.toString();
  return text.includes('\ufffd') ? `base64:${body.toString('base64')}` : text;
}

/** Takes content codings off, last applied first. */
export function decodeContent(body: Buffer, codings: string | undefined): Buffer {
  let out: Buffer = body;
  for (const coding of (codings ?? '')
    .split(',')
    .map((c) => c.trim().toLowerCase())
    .reverse()) {
    if (coding === 'gzip' || coding === 'x-gzip') out = gunzipSync(out);
    else if (coding === 'deflate') out = inflateSync(out);
    else if (coding === 'br') out = brotliDecompressSync(out);
    else if (coding === 'zstd') out = zstdDecompressSync(out);
    else if (coding !== '' && coding !== 'identity') throw new Error(`unknown content coding ${coding}`);
  }
  return out;
}
