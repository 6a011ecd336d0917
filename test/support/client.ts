// A client of the proxy whose every byte the test decides: CONNECT, TLS inside the tunnel (any ALPN, any or no server
// name, fragmented hello), raw HTTP/1.1, WebSocket, and the way the connection ends. HTTP/2 is in h2-client.ts.
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { ByteReader } from './byte-reader.ts';
import { headBytes, headerOf, type ReplyHead, readReply, readReplyHead, requestBytes, streamBody, type WireReply } from './http1.ts';
import { Tap, type TcpEnding } from './tap.ts';
import { deflateTerms, WebSocketPeer } from './websocket.ts';

/** Where something listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface TunnelOptions {
  /** Flat pairs for the CONNECT head. Default: Host with the authority. */
  readonly connectHeaders?: readonly string[];
  /** Request line of the CONNECT without CRLF, to send something else. */
  readonly connectLine?: string;
  /** Cut all writes into pieces of this many bytes. */
  readonly fragmentBytes?: number;
  readonly waitMs?: number;
  /** `false`: forget bytes once read, for very long bodies. */
  readonly keep?: boolean;
  /** Leave FIN handling half-open: the peer's end does not end us. */
  readonly allowHalfOpen?: boolean;
}

export interface TlsOptions extends TunnelOptions {
  /** PEM of the only roots trusted. */
  readonly ca: string;
  /** ALPN offered; left out: no ALPN extension. */
  readonly alpn?: readonly string[];
  /** Server name; `false`: no SNI extension. Default: the authority's host. */
  readonly serverName?: string | false;
  /** Name the certificate is checked for. Default: the authority's host. */
  readonly checkName?: string;
  readonly tls?: ConnectionOptions;
}

/** An open connection: plain, or TLS when `tls` is set. */
export interface Client {
  readonly tap: Tap;
  readonly tls: TLSSocket | undefined;
  /** TLS or TCP, whichever is on top. */
  readonly stream: Duplex;
  readonly reader: ByteReader;
  /** Reply to CONNECT, where there was one. */
  readonly tunnelReply: WireReply | undefined;
  /** How the peer ended TCP; `closeNotify` says whether TLS was ended first. */
  readonly over: Promise<TcpEnding>;
  /** Resolves when the bytes were handed to the system. */
  write(data: string | Uint8Array): Promise<void>;
  /** Reads the next whole reply. */
  reply(method?: string): Promise<WireReply>;
  /** Reads the next head and gives its body as a stream reader. */
  openReply(): Promise<ReplyHead & { readonly body: ByteReader }>;
  /** Sends one request and reads its reply. `startLine` without the version, e.g. `GET /x`. */
  request(startLine: string, headers: readonly string[], body?: string | Uint8Array): Promise<WireReply>;
  /** Polite end: close_notify and FIN. */
  end(): void;
  /** RST. */
  reset(): void;
  /** Closes at once. */
  destroy(): void;
}

/** Connects to the proxy (or anything) without TLS. */
export async function connectPlain(to: Address, options: TunnelOptions = {}): Promise<Client> {
  const tap = await openTap(to, options);
  return client(tap, undefined, undefined, options);
}

/** CONNECT and nothing more. Never throws for a refusal: look at `tunnelReply`. Bytes inside the tunnel are the test's own. */
export async function connectTunnel(proxy: Address, authority: string, options: TunnelOptions = {}): Promise<Client> {
  const tap = await openTap(proxy, options);
  const tunnelReply = await askTunnel(tap, authority, options);
  return client(tap, undefined, tunnelReply, options);
}

/** CONNECT, then TLS. Throws when the tunnel is refused or the handshake fails. */
export async function connectTlsTunnel(proxy: Address, authority: string, options: TlsOptions): Promise<Client> {
  const tap = await openTap(proxy, options);
  const tunnelReply = await askTunnel(tap, authority, options);
  if (tunnelReply.status !== 200) {
    tap.destroy();
    throw new Error(`CONNECT ${authority} was answered ${tunnelReply.startLine}`);
  }
  return secure(tap, authority, tunnelReply, options);
}

/** TLS straight to an address, without a proxy; `authority` names the host. */
export async function connectTlsDirect(to: Address, authority: string, options: TlsOptions): Promise<Client> {
  return secure(await openTap(to, options), authority, undefined, options);
}

async function secure(tap: Tap, authority: string, tunnelReply: WireReply | undefined, options: TlsOptions): Promise<Client> {
  const host = authority.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const servername = options.serverName === false ? '' : (options.serverName ?? host);
  tap.expectTls();
  const socket = connectTls({
    socket: tap,
    ca: options.ca,
    servername,
    ...(options.alpn ? { ALPNProtocols: [...options.alpn] } : {}),
    checkServerIdentity: (_name, cert) => checkIdentity(options.checkName ?? host, cert.subjectaltname ?? ''),
    ...options.tls,
  });
  socket.on('error', () => {});
  const timer = setTimeout(() => socket.destroy(new Error('TLS handshake timed out')), options.waitMs ?? 8_000);
  try {
    await Promise.race([
      once(socket, 'secureConnect'),
      once(socket, 'close').then(() => {
        throw new Error('the connection closed during the TLS handshake');
      }),
    ]);
  } catch (error) {
    tap.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return client(tap, socket, tunnelReply, options);
}

function checkIdentity(name: string, altNames: string): Error | undefined {
  const names = altNames.split(', ').map((n) => n.replace(/^(DNS|IP Address):/, ''));
  return names.includes(name) ? undefined : new Error(`the certificate names ${altNames}, not ${name}`);
}

async function openTap(to: Address, options: TunnelOptions): Promise<Tap> {
  const socket: Socket = connectTcp({ host: to.host, port: to.port, allowHalfOpen: options.allowHalfOpen ?? true });
  await once(socket, 'connect');
  const tap = new Tap(socket);
  tap.fragmentBytes = options.fragmentBytes;
  return tap;
}

async function askTunnel(tap: Tap, authority: string, options: TunnelOptions): Promise<WireReply> {
  const reader = new ByteReader(tap, options);
  tap.write(headBytes(options.connectLine ?? `CONNECT ${authority} HTTP/1.1`, options.connectHeaders ?? ['Host', authority]));
  const reply = await readReply(reader, 'CONNECT');
  reader.detach();
  return reply;
}

function client(tap: Tap, tls: TLSSocket | undefined, tunnelReply: WireReply | undefined, options: TunnelOptions): Client {
  const stream = tls ?? tap;
  const reader = new ByteReader(stream, options);
  const self: Client = {
    tap,
    tls,
    stream,
    reader,
    tunnelReply,
    over: tap.over,
    write: (data) => new Promise((resolve) => stream.write(data, () => resolve())),
    reply: (method) => readReply(reader, method),
    openReply: async () => {
      const head = await readReplyHead(reader);
      return { ...head, body: new ByteReader(streamBody(reader, head), options) };
    },
    request: async (startLine, headers, body) => {
      await self.write(requestBytes(startLine, headers, body));
      return readReply(reader, startLine.split(' ')[0]);
    },
    end: () => {
      stream.end();
    },
    reset: () => tap.reset(),
    destroy: () => {
      tls?.destroy();
      tap.destroy();
    },
  };
  return self;
}

/** Upgrades an HTTP/1.1 connection. Throws when the answer is not 101. `deflate` offers permessage-deflate. */
export async function openWebSocket(
  on: Client,
  target: string,
  options: { readonly host: string; readonly headers?: readonly string[]; readonly deflate?: boolean | string },
): Promise<{ readonly peer: WebSocketPeer; readonly reply: ReplyHead }> {
  const offer = options.deflate === true ? 'permessage-deflate; client_max_window_bits' : options.deflate || undefined;
  const upgrade = [
    'Connection',
    'Upgrade',
    'Upgrade',
    'websocket',
    'Sec-WebSocket-Version',
    '13',
    'Sec-WebSocket-Key',
    'AAAAAAAAAAAAAAAAAAAAAA==',
  ];
  const headers = ['Host', options.host, ...upgrade, ...(options.headers ?? []), ...(offer ? ['Sec-WebSocket-Extensions', offer] : [])];
  await on.write(headBytes(`GET ${target} HTTP/1.1`, headers));
  const reply = await readReplyHead(on.reader);
  if (reply.status !== 101) throw new Error(`the upgrade was answered ${reply.startLine}`);
  on.reader.detach();
  return { peer: new WebSocketPeer(on.stream, 'client', deflateTerms(headerOf(reply, 'sec-websocket-extensions'))), reply };
}
