// A plain CONNECT proxy that tunnels every target to one address and never looks inside: the «direct» run that others
// are compared with, and a corporate parent proxy. Records the CONNECT heads.
import { connect } from 'node:net';
import { pipeline } from 'node:stream';
import { ByteReader } from './byte-reader.ts';
import { headerOf, readRequest, replyBytes, type WireRequest } from './http1.ts';
import { startListener } from './tls-listener.ts';

export interface Relay {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** CONNECT requests, in order, refused ones included. */
  readonly asked: readonly WireRequest[];
  close(): Promise<void>;
}

/**
 * Starts a relay to `target` (the target asked for when left out, loopback only). With `credentials` (`user:pass`) it
 * answers 407 without them.
 */
export async function startRelay(options: {
  readonly target?: { readonly host: string; readonly port: number };
  readonly credentials?: string;
  readonly port?: number;
}): Promise<Relay> {
  const asked: WireRequest[] = [];
  const wanted = options.credentials && `Basic ${Buffer.from(options.credentials).toString('base64')}`;
  const listener = await startListener({
    ...(options.port ? { port: options.port } : {}),
    onConnection: async ({ socket }) => {
      const reader = new ByteReader(socket);
      const request = await readRequest(reader).catch(() => undefined);
      if (!request) return socket.destroy();
      asked.push(request);
      if (wanted && headerOf(request, 'proxy-authorization') !== wanted) {
        return socket.end(replyBytes('407 Proxy Authentication Required', ['Proxy-Authenticate', 'Basic realm="test"']));
      }
      if (request.method !== 'CONNECT') return socket.end(replyBytes('405 Method Not Allowed'));
      const colon = request.target.lastIndexOf(':');
      const asLoopback = { host: request.target.slice(0, colon), port: Number(request.target.slice(colon + 1)) };
      const upstream = connect(options.target ?? asLoopback);
      upstream.on('error', () => socket.destroy());
      upstream.on('connect', () => {
        reader.detach();
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        pipeline(socket, upstream, () => {});
        pipeline(upstream, socket, () => {});
      });
    },
  });
  return { host: listener.host, port: listener.port, url: `http://127.0.0.1:${listener.port}`, asked, close: listener.close };
}
