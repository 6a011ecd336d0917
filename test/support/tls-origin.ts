// A TLS server on loopback for tests of the upstream leg: any certificate, however weak, any version; keeps the ClientHello of each
// connection as it came over the wire, and every byte of application data.
import net from 'node:net';
import tls from 'node:tls';

/** A running origin. */
export interface TlsOrigin {
  readonly port: number;
  /** First flight of each connection, raw. */
  readonly hellos: readonly Buffer[];
  /** Handshakes that resumed a session. */
  readonly resumed: number;
  readonly data: () => Buffer;
  /** The TLS server itself, for its events and setSecureContext. */
  readonly server: tls.Server;
  /** Resolves when no connection is open. */
  idle(): Promise<void>;
  /** A fresh TCP connection to it. */
  connect(): Promise<net.Socket>;
  close(): Promise<void>;
}

/** Starts one. `options` go over lenient defaults: every suite, security level 0, ALPN h2 and http/1.1. */
export async function startTlsOrigin(options: tls.TlsOptions): Promise<TlsOrigin> {
  const hellos: Buffer[] = [];
  const data: Buffer[] = [];
  const open = new Set<net.Socket>();
  const waiting: (() => void)[] = [];
  let resumed = 0;
  const server = tls.createServer({ ciphers: 'ALL:@SECLEVEL=0', ALPNProtocols: ['h2', 'http/1.1'], ...options });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => {
    if (socket.isSessionReused()) resumed++;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => data.push(chunk));
  });
  const front = net.createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      open.delete(socket);
      if (open.size === 0) for (const tell of waiting.splice(0)) tell();
    });
    socket.once('data', (chunk: Buffer) => {
      hellos.push(chunk);
      socket.pause();
      socket.unshift(chunk);
      server.emit('connection', socket);
    });
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const { port } = front.address() as net.AddressInfo;
  return {
    port,
    hellos,
    get resumed() {
      return resumed;
    },
    data: () => Buffer.concat(data),
    server,
    idle: () => new Promise((resolve) => (open.size === 0 ? resolve() : waiting.push(resolve))),
    connect: () =>
      new Promise((resolve, reject) => {
        const socket = net.connect(port, '127.0.0.1', () => resolve(socket));
        socket.once('error', reject);
      }),
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        front.close(() => resolve());
      }),
  };
}
