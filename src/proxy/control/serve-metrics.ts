// The metrics for a program that cannot speak to a Unix socket: one page on a loopback port, for whoever names it by its address (no web
// page can, by rebinding or otherwise). Must not answer anything else, nor change anything.
import { createServer, type IncomingMessage } from 'node:http';
import { type Listening, listen } from '../listen.ts';
import { METRICS_TYPE } from './serve.ts';

/** A listening page. `close()` cuts its connections. */
export interface MetricsPage {
  readonly address: Listening;
  close(): Promise<void>;
}

/** Listens at an address of loopback. Rejects with the listen error; `onTrouble` hears of errors of the listener after that. */
export async function serveMetrics(where: Listening, text: () => Promise<string>, onTrouble: (error: Error) => void): Promise<MetricsPage> {
  const server = createServer({ maxHeaderSize: 8192, requestTimeout: 10_000, keepAliveTimeout: 5000 }, (request, reply) => {
    const refusal = whyNot(request);
    const answer = (status: number, type: string, body: string) =>
      reply
        .writeHead(status, {
          'content-type': type,
          'content-length': Buffer.byteLength(body),
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
          ...(status === 405 && { allow: 'GET, HEAD' }),
        })
        .end(request.method === 'HEAD' ? undefined : body);
    request.resume();
    if (refusal) return void answer(refusal[0], 'text/plain; charset=utf-8', `${refusal[1]}\n`);
    text().then(
      (body) => answer(200, METRICS_TYPE, body),
      (error: Error) => {
        onTrouble(error);
        answer(500, 'text/plain; charset=utf-8', 'the metrics could not be collected; see the log of the daemon\n');
      },
    );
  });
  server.maxConnections = 64;
  const address = await listen(server, where);
  server.on('error', onTrouble);
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A browser says who asks; `none` is its user, who typed the address. */
function asksForAPage(headers: IncomingMessage['headers']): boolean {
  return headers.origin !== undefined || headers.referer !== undefined || (headers['sec-fetch-site'] ?? 'none') !== 'none';
}

function whyNot({ method, url, headers, socket }: IncomingMessage): readonly [status: number, why: string] | undefined {
  const host = headers.host?.toLowerCase();
  const own = socket.localFamily === 'IPv6' ? `[${socket.localAddress}]` : socket.localAddress;
  const isOwn = [own, 'localhost'].some((name) => host === `${name}:${socket.localPort}` || (socket.localPort === 80 && host === name));
  if (!isOwn) return [403, 'this page is for callers that name it by its address'];
  if (asksForAPage(headers)) return [403, 'this page is not for web pages'];
  if (method !== 'GET' && method !== 'HEAD') return [405, 'this page takes GET'];
  if (url?.split('?', 1)[0] !== '/metrics') return [404, 'there is /metrics alone'];
  return undefined;
}
