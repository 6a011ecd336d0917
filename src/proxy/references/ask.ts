// Asks a secret store over HTTPS and reads its whole answer, bounded. Certificates are verified against the roots of the proxy.
// It must not follow a redirect, log, or say anything of what was sent or received.
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';
import { type Authority, parseAuthority } from '../../authority.ts';
import { Fault } from '../../fault.ts';
import { bypasses, openTunnel, type ParentProxy, parseParentProxy } from '../egress/parent-proxy.ts';
import type { Trust } from '../egress/trust.ts';
import { type Answer, type Asked, Unresolved } from './reference.ts';

/** How to reach servers: as the requests of clients do. */
export interface Ways {
  readonly trust: Pick<Trust, 'withRoots'>;
  /** Where to connect for a host that is mapped. The certificate is still that of the host. */
  readonly connectTo: (host: string, port: number) => { readonly host: string; readonly port: number } | undefined;
  readonly parentProxy: () => ParentProxy | undefined;
}

const MAX_BYTES = 1024 * 1024;

/** Sends the question. Rejects with Unresolved unless a complete answer of at most 1 MiB has come; with the signal's reason when it aborts. */
export async function ask(asked: Asked, ways: Ways, signal: AbortSignal): Promise<Answer> {
  const url = URL.canParse(asked.url) ? new URL(asked.url) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') throw new Unresolved('the address of the server is no https:// URL');
  const isPlain = url.protocol === 'http:';
  if (isPlain && !isLoopback(url.hostname)) throw new Unresolved(`${url.host} is asked over https:// only`);
  try {
    const authority = parseAuthority(url.host, isPlain ? 80 : 443);
    const socket = await openWay(authority, ways, signal);
    const ready = isPlain ? socket : await secured(socket, authority, ways, asked.ca);
    const length = asked.body === undefined ? {} : { 'content-length': Buffer.byteLength(asked.body) };
    const outgoing = request({
      createConnection: () => ready,
      path: url.pathname + url.search,
      method: asked.method ?? 'GET',
      headers: { host: url.host, ...asked.headers, ...length },
      signal,
    });
    return await answerOf(outgoing, asked.body, url.host);
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof Unresolved) throw thrown;
    throw new Unresolved(thrown instanceof Fault ? `${url.host}: ${thrown.detail}` : reason(thrown as NodeJS.ErrnoException, url.host));
  }
}

/** A connection that ends with the signal. */
async function openWay(authority: Authority, { connectTo, parentProxy }: Ways, signal: AbortSignal): Promise<Socket> {
  const { host, port } = authority;
  const mapped = connectTo(host, port);
  const parent = mapped || isLoopback(host) ? undefined : parentProxy();
  const via = parent && !bypasses(parent.noProxy, authority) ? parseParentProxy(parent.url) : undefined;
  const to = mapped ?? via ?? { host, port };
  const socket = connect({ host: to.host, port: to.port, signal });
  await happened(socket, 'connect');
  if (via) await openTunnel(socket, via, authority, signal);
  return socket;
}

/** Verified before anything is sent, whatever NODE_TLS_REJECT_UNAUTHORIZED says. */
async function secured(socket: Socket, { host }: Authority, { trust }: Ways, ca: string | undefined): Promise<Socket> {
  const options = {
    socket,
    host,
    rejectUnauthorized: true,
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
  };
  const tls = trust.withRoots(() => secure(options));
  await happened(tls, 'secureConnect');
  return tls;
}

function happened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    // Stays on: an error that comes later, without a listener, would end the process.
    socket.on('error', reject);
    socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  });
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
  return ['localhost', '[::1]', '::1'].includes(hostname) || /^127(\.\d{1,3}){3}$/.test(hostname);
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
