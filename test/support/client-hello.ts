// Reads the ClientHello off a fresh server-side socket, keeps its exact bytes, and puts them back for the TLS server.
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { calculateJa3, calculateJa4, getExtensionData, readTlsClientHello, type TlsClientHelloMessage } from 'read-tls-client-hello';

/** What a TLS client said first. */
export interface SeenHello {
  /** TLS records of the hello, as received. */
  readonly bytes: Buffer;
  readonly message: TlsClientHelloMessage;
  readonly ja3: string;
  readonly ja4: string;
  readonly serverName: string | undefined;
  /** ALPN list offered, in order; empty without the extension. */
  readonly alpn: readonly string[];
}

/** Parses the bytes of a complete ClientHello. */
export async function readHello(bytes: Buffer): Promise<SeenHello> {
  const message = await readTlsClientHello(Readable.from([bytes], { objectMode: false }));
  return {
    bytes,
    message,
    ja3: calculateJa3(message),
    ja4: calculateJa4(message),
    serverName: getExtensionData(message, 'sni')?.serverName,
    alpn: getExtensionData(message, 'alpn')?.protocols ?? [],
  };
}

/**
 * Waits for a whole ClientHello on `socket` and leaves the socket paused with all bytes unshifted. Undefined when the
 * connection ended or was not TLS (its bytes are then still in front of the stream).
 */
export function peekHello(socket: Socket): Promise<SeenHello | undefined> {
  return new Promise((resolve) => {
    let seen: Buffer = Buffer.alloc(0);
    const finish = (length: number | undefined) => {
      socket.off('data', onData);
      socket.off('end', onEnd);
      socket.off('close', onEnd);
      socket.pause();
      if (seen.length > 0 && !socket.readableEnded) socket.unshift(seen);
      if (length === undefined) resolve(undefined);
      else readHello(seen.subarray(0, length)).then(resolve, () => resolve(undefined));
    };
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const length = helloLength(seen);
      if (length !== undefined) finish(length === 0 ? undefined : length);
    };
    const onEnd = () => finish(undefined);
    socket.on('data', onData);
    socket.on('end', onEnd);
    socket.on('close', onEnd);
  });
}

// Wire length of the records that hold the hello; undefined: more is needed; 0: not a handshake record.
function helloLength(bytes: Buffer): number | undefined {
  let at = 0;
  let have = 0;
  let need = 4;
  const head: Buffer[] = [];
  while (have < need) {
    if (bytes.length > at && bytes[at] !== 22) return 0;
    if (bytes.length < at + 5) return undefined;
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (bytes.length < end) return undefined;
    head.push(bytes.subarray(at + 5, end));
    have += end - at - 5;
    at = end;
    if (have >= 4 && need === 4) need = 4 + Buffer.concat(head).readUIntBE(1, 3);
  }
  return at;
}
