// A TCP listener on loopback for scripted servers: reads each ClientHello before the TLS server does, answers with a
// certificate for whatever name was asked, and hands out the secured (or plain) connection with its bare socket.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { TestAuthority } from './certificates.ts';
import { peekHello, type SeenHello } from './client-hello.ts';

/** A connection as accepted. */
export interface Accepted {
  /** Bare TCP socket: reset it, end it without close_notify. Read and write on `tls` where there is one. */
  readonly socket: Socket;
  readonly tls: TLSSocket | undefined;
  readonly hello: SeenHello | undefined;
}

export interface ListenerOptions {
  /** Left out: plain TCP. */
  readonly authority?: TestAuthority;
  /** ALPN accepted; left out: none. */
  readonly alpn?: readonly string[];
  readonly tls?: TlsOptions;
  readonly port?: number;
  /** Called for every TCP connection before anything is read; false: leave it alone (it stays open and silent). */
  readonly admit?: (socket: Socket) => boolean;
  readonly onConnection: (accepted: Accepted) => void;
  /** A handshake that failed, with OpenSSL's code. */
  readonly onTlsError?: (code: string, hello: SeenHello | undefined) => void;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** TCP connections accepted so far. */
  readonly accepted: () => number;
  /** Stops listening and destroys every connection. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1. */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const sockets = new Set<Socket>();
  const hellos = new WeakMap<object, SeenHello | undefined>();
  let accepted = 0;

  const secured = options.authority && startTls(options.authority, options, sockets, hellos);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    accepted++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    if (options.admit && !options.admit(socket)) return;
    if (!secured) return options.onConnection({ socket, tls: undefined, hello: undefined });
    peekHello(socket).then((hello) => {
      if (socket.destroyed) return;
      secured(socket, hello);
    });
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    accepted: () => accepted,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, 'close');
    },
  };
}

function startTls(
  authority: TestAuthority,
  options: ListenerOptions,
  sockets: Set<Socket>,
  hellos: WeakMap<object, SeenHello | undefined>,
): (socket: Socket, hello: SeenHello | undefined) => void {
  // The TLS server knows only the wrapped socket; the peer's port leads back to ours.
  const waiting = new Map<number, Socket>();
  const server = createTlsServer({
    ...authority.leaf('localhost'),
    SNICallback: (name, done) => done(null, authority.context(name)),
    ...(options.alpn ? { ALPNProtocols: [...options.alpn] } : {}),
    ...options.tls,
  });
  const take = (tls: TLSSocket): Socket | undefined => {
    const socket = waiting.get(tls.remotePort ?? -1);
    waiting.delete(tls.remotePort ?? -1);
    return socket;
  };
  server.on('secureConnection', (tls) => {
    const socket = take(tls);
    if (!socket) return tls.destroy();
    tls.on('error', () => {});
    tls.on('close', () => {
      sockets.delete(socket);
      socket.destroy();
    });
    options.onConnection({ socket, tls, hello: hellos.get(socket) });
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, tls) => {
    const socket = take(tls);
    options.onTlsError?.(error.code ?? error.message, socket && hellos.get(socket));
    socket?.destroy();
  });
  return (socket, hello) => {
    hellos.set(socket, hello);
    waiting.set(socket.remotePort ?? -1, socket);
    server.emit('connection', socket);
  };
}
