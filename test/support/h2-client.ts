// HTTP/2 through the proxy for tests: a node:http2 session over a client's TLS leg, and whole calls on it. For frames
// node:http2 would never send, use h2-frames.ts on the same leg.
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
  connect as startSession,
} from 'node:http2';
import type { Client } from './client.ts';

/** The outcome of one call. */
export interface H2Reply {
  readonly status: number;
  /** Flat raw pairs in wire order, pseudo-headers included. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly trailers: readonly string[];
  /** RST_STREAM code when the stream was cut, else undefined. */
  readonly cut: number | undefined;
}

/** Starts a session on a connection that negotiated h2. Settles once the peer's SETTINGS came. */
export async function startH2(on: Client, options: SecureClientSessionOptions = {}): Promise<ClientHttp2Session> {
  if (on.tls?.alpnProtocol !== 'h2') throw new Error(`the connection speaks ${on.tls?.alpnProtocol}, not h2`);
  on.reader.detach();
  const session = startSession('https://unused.invalid', { ...options, createConnection: () => on.stream });
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  return session;
}

/** Sends a request whose headers keep their order (an object; pseudo-headers first) and collects the reply. */
export function callH2(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string | Uint8Array): Promise<H2Reply> {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return collectH2(stream);
}

/** Collects the reply of an open stream. Never rejects for a reset: see `cut`. */
export function collectH2(stream: ClientHttp2Stream): Promise<H2Reply> {
  return new Promise((resolve) => {
    let status = 0;
    let headers: readonly string[] = [];
    let trailers: readonly string[] = [];
    const body: Buffer[] = [];
    stream.on('response', (head, _flags, raw) => {
      status = Number(head[':status']);
      headers = raw as unknown as string[];
    });
    stream.on('trailers', (_head, _flags, raw) => {
      trailers = raw as unknown as string[];
    });
    stream.on('data', (chunk: Buffer) => body.push(chunk));
    stream.on('error', () => {});
    stream.on('close', () => {
      const ended = stream.readableEnded && stream.rstCode === 0;
      resolve({ status, headers, body: Buffer.concat(body), trailers, cut: ended ? undefined : (stream.rstCode ?? 0) });
    });
  });
}
