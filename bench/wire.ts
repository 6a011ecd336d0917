// The load client's side of the wire: a TLS connection, straight or through a proxy's CONNECT, and one HTTP/1.1 exchange at a time on it.
// Kept to what a measurement needs, so that the client costs less than what it measures. Must not know what is being compared.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** Where the load goes: an upstream by name, dialled at loopback, or through a proxy on loopback. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly proxyPort: number | undefined;
}

/** What came back. Times are ms after the first byte was written. */
export interface Reply {
  readonly status: number;
  /** First body byte. */
  readonly firstMs: number;
  readonly endMs: number;
}

/** Opens a connection with a full handshake; no session is resumed. Certificates are not checked: every contender has its own CA. */
export async function openConnection(target: Target): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: target.proxyPort ?? target.port, noDelay: true });
  await once(socket, 'connect');
  if (target.proxyPort !== undefined) await connectThrough(socket, `${target.host}:${target.port}`);
  const secure = connectTls({ socket, servername: target.host, rejectUnauthorized: false });
  await once(secure, 'secureConnect');
  return secure;
}

async function connectThrough(socket: Socket, authority: string): Promise<void> {
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  let head = '';
  while (!head.includes('\r\n\r\n')) head += String((await once(socket, 'data'))[0]);
  if (!/^HTTP\/1\.1 200/.test(head)) throw new Error(`CONNECT was answered ${head.slice(0, 60)}`);
  socket.pause();
  socket.removeAllListeners('data');
}

/** A request as bytes. */
export function requestBytes(target: Target, method: string, path: string, body: string | undefined, connection = 'keep-alive'): Buffer {
  const head = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${target.host}:${target.port}`,
    'x-api-key: sk-ant-api03-bench',
    'anthropic-version: 2023-06-01',
    'Accept: */*',
    `Connection: ${connection}`,
    ...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`);
}

/** Writes the request and reads the reply to its end. `onBody` gets the body as it arrives, chunk framing taken off. Rejects when the connection ends first. */
export function exchange(socket: TLSSocket, request: Buffer, onBody: (part: Buffer) => void = () => {}): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const startedMs = performance.now();
  let firstMs = 0;
  let status = 0;
  let framing: BodyFraming | undefined;
  let held: Buffer = Buffer.alloc(0);

  const onData = (chunk: Buffer) => {
    let rest = chunk;
    if (!framing) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const end = held.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = held.toString('latin1', 0, end);
      status = Number(head.slice(9, 12));
      framing = bodyFraming(head);
      rest = held.subarray(end + 4);
    }
    if (firstMs === 0 && rest.length > 0) firstMs = performance.now() - startedMs;
    if (framing.take(rest, onBody)) finish();
  };
  const onEnd = (error?: Error) => finish(error ?? new Error('the connection ended before the reply did'));
  const finish = (error?: Error) => {
    socket.off('data', onData).off('error', onEnd).off('close', onEnd);
    if (error instanceof Error) reject(error);
    else resolve({ status, firstMs, endMs: performance.now() - startedMs });
  };
  socket.on('data', onData).on('error', onEnd).on('close', onEnd);
  socket.write(request);
  return promise;
}

interface BodyFraming {
  /** Takes bytes; true when the body is complete. */
  take(bytes: Buffer, onBody: (part: Buffer) => void): boolean;
}

function bodyFraming(head: string): BodyFraming {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return chunked();
  if (length === undefined) throw new Error('the reply says nothing about its length');
  let left = Number(length);
  return {
    take(bytes, onBody) {
      if (bytes.length > 0) onBody(bytes);
      left -= bytes.length;
      return left <= 0;
    },
  };
}

function chunked(): BodyFraming {
  let held: Buffer = Buffer.alloc(0);
  return {
    take(bytes, onBody) {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      for (;;) {
        const line = held.indexOf('\r\n');
        if (line < 0) return false;
        const size = Number.parseInt(held.toString('latin1', 0, line), 16);
        if (held.length < line + 2 + size + 2) return false;
        if (size === 0) return true;
        onBody(held.subarray(line + 2, line + 2 + size));
        held = held.subarray(line + 2 + size + 2);
      }
    },
  };
}
