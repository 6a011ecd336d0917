// A scripted upstream that breaks every rule on command: each connection runs the test's own function, which sees the
// raw bytes and writes raw bytes, drips, resets in mid-chunk, half-closes, answers early, or never answers.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { ByteReader } from './byte-reader.ts';
import type { TestAuthority } from './certificates.ts';
import type { SeenHello } from './client-hello.ts';
import { readRequest, type WireRequest } from './http1.ts';
import { type Accepted, startListener } from './tls-listener.ts';

/** One connection to the origin. */
export interface OriginConnection {
  /** 1 for the first connection. */
  readonly id: number;
  readonly hello: SeenHello | undefined;
  readonly tls: TLSSocket | undefined;
  readonly socket: Socket;
  readonly stream: Duplex;
  /** Decrypted bytes from the other side; `reader.received()` is all of them, `reader.ended` how it ended. */
  readonly reader: ByteReader;
  /** Requests that `request()` has read. */
  readonly requests: readonly WireRequest[];
  /** Reads the next whole request; undefined when the connection ended before one began. */
  request(): Promise<WireRequest | undefined>;
  /** Resolves when the system took the bytes. */
  write(data: string | Uint8Array): Promise<void>;
  /** Writes `bytes` at a time, one piece every `everyMs`, until done or the connection is gone. */
  drip(data: string | Uint8Array, bytes: number, everyMs: number): Promise<void>;
  /** close_notify and FIN; the other direction stays open. */
  end(): void;
  /** FIN without close_notify: what a cut cable or a dying server looks like. */
  fin(): void;
  /** RST. */
  reset(): void;
}

export interface OriginOptions {
  /** Signs certificates for whatever name is asked; `undefined`: no TLS. */
  readonly authority?: TestAuthority;
  readonly alpn?: readonly string[];
  readonly tls?: TlsOptions;
  /** Takes TCP connections and never says a word, not even in the handshake. */
  readonly mute?: boolean;
  /** `false`: the reader forgets bytes once read. */
  readonly keep?: boolean;
  readonly waitMs?: number;
  /** Runs for each connection; when it settles the connection is left as it is. */
  readonly play: (connection: OriginConnection) => unknown;
}

export interface Origin {
  readonly host: string;
  readonly port: number;
  readonly connections: readonly OriginConnection[];
  /** TCP connections taken, also those whose handshake failed. */
  readonly accepted: () => number;
  /** What scripts threw; a test ends with `expect(origin.failures).toEqual([])`. */
  readonly failures: readonly unknown[];
  /** OpenSSL codes of failed handshakes. */
  readonly tlsErrors: readonly string[];
  /** The connection with that number (from 1), as soon as it is there. */
  connection(id: number): Promise<OriginConnection>;
  close(): Promise<void>;
}

/** Starts an origin on loopback. */
export async function startOrigin(options: OriginOptions): Promise<Origin> {
  const connections: OriginConnection[] = [];
  const failures: unknown[] = [];
  const tlsErrors: string[] = [];
  const waiting: { readonly id: number; readonly resolve: (c: OriginConnection) => void }[] = [];

  const onConnection = (accepted: Accepted) => {
    const connection = openConnection(connections.length + 1, accepted, options);
    connections.push(connection);
    for (const w of waiting.filter((w) => w.id === connection.id)) w.resolve(connection);
    Promise.resolve(connection)
      .then(options.play)
      .catch((error) => {
        failures.push(error);
        connection.socket.destroy();
      });
  };
  const listener = await startListener({
    ...(options.authority ? { authority: options.authority } : {}),
    ...(options.alpn ? { alpn: options.alpn } : {}),
    ...(options.tls ? { tls: options.tls } : {}),
    admit: () => !options.mute,
    onConnection,
    onTlsError: (code) => tlsErrors.push(code),
  });
  return {
    host: listener.host,
    port: listener.port,
    connections,
    failures,
    tlsErrors,
    accepted: listener.accepted,
    connection: (id) => {
      const there = connections[id - 1];
      if (there) return Promise.resolve(there);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no connection ${id}; there are ${connections.length}`)), options.waitMs ?? 8_000);
        waiting.push({
          id,
          resolve: (c) => {
            clearTimeout(timer);
            resolve(c);
          },
        });
      });
    },
    close: listener.close,
  };
}

function openConnection(id: number, { socket, tls, hello }: Accepted, options: OriginOptions): OriginConnection {
  const stream: Duplex = tls ?? socket;
  const reader = new ByteReader(stream, options);
  const requests: WireRequest[] = [];
  const write = (data: string | Uint8Array) =>
    new Promise<void>((resolve) => {
      if (stream.destroyed) resolve();
      else stream.write(data, () => resolve());
    });
  return {
    id,
    hello,
    tls,
    socket,
    stream,
    reader,
    requests,
    request: async () => {
      const request = await readRequest(reader);
      if (request) requests.push(request);
      return request;
    },
    write,
    drip: async (data, bytes, everyMs) => {
      const all = Buffer.from(data as string);
      for (let at = 0; at < all.length && !stream.destroyed; at += bytes) {
        await write(all.subarray(at, at + bytes));
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
    },
    end: () => {
      stream.end();
    },
    fin: () => {
      socket.end();
    },
    reset: () => {
      socket.resetAndDestroy();
    },
  };
}
