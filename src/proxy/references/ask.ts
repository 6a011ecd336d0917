// Asks a secret store over HTTPS and reads its whole answer, bounded. Certificates are verified against the roots of the proxy.
// It must not follow a redirect, log, or say anything of what was sent or received.
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Trust } from '../egress/trust.ts';
import { type Answer, type Asked, Unresolved } from './reference.ts';

/** How to reach servers. */
export interface Ways {
  readonly trust: Pick<Trust, 'withRoots'>;
  /** Where to connect for a name. The certificate is still that of the name. */
  readonly connectTo: (host: string, port: number) => { readonly host: string; readonly port: number };
}

const MAX_BYTES = 1024 * 1024;

/** Sends the question. Rejects with Unresolved unless a complete answer of at most 1 MiB has come; with the signal's reason when it aborts. */
export async function ask(asked: Asked, { trust, connectTo }: Ways, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted();
  const url = URL.canParse(asked.url) ? new URL(asked.url) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') throw new Unresolved('the address of the server is no https:// URL');
  const isPlain = url.protocol === 'http:';
  if (isPlain && !isLoopback(url.hostname)) throw new Unresolved(`${url.host} is asked over https:// only`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const options = {
    ...connectTo(host, Number(url.port) || (isPlain ? 80 : 443)),
    path: url.pathname + url.search,
    method: asked.method ?? 'GET',
    headers: { host: url.host, ...asked.headers, ...(asked.body !== undefined && { 'content-length': Buffer.byteLength(asked.body) }) },
    agent: false as const,
    signal,
  };
  try {
    const outgoing = isPlain
      ? plainRequest(options)
      : trust.withRoots(() => tlsRequest({ ...options, ...(asked.ca !== undefined && { ca: asked.ca }) }));
    return await answerOf(outgoing, asked.body, url.host);
  } catch (thrown) {
    signal.throwIfAborted();
    throw thrown instanceof Unresolved ? thrown : new Unresolved(reason(thrown as NodeJS.ErrnoException, url.host));
  }
}

async function answerOf(outgoing: ClientRequest, body: Asked['body'], host: string): Promise<Answer> {
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    // Stays on: there may be a second error, and one without a listener ends the process.
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of reply as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MAX_BYTES) throw new Unresolved(`the answer of ${host} is larger than 1 MiB`);
    pieces.push(piece);
  }
  const headers = Object.fromEntries(Object.entries(reply.headers).map(([name, value]) => [name, [value].flat().join(', ')]));
  return { status: reply.statusCode ?? 0, headers, bytes: Buffer.concat(pieces) };
}

/** This machine, by a name or address that cannot mean another one. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'cut the connection',
  ENOTFOUND: 'is a name that nobody knows',
  EAI_AGAIN: 'could not be looked up',
  ETIMEDOUT: 'did not answer',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
};

function reason({ code = 'without a code' }: NodeJS.ErrnoException, host: string): string {
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) return `the certificate of ${host} was not accepted (${code})`;
  return `${host} ${WORDS[code] ?? `could not be asked (${code})`}`;
}
