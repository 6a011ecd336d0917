// The admin socket: HTTP on a Unix socket that only its owner can open, and that no web page can talk to.
// Must not be reachable through the proxy port, and must not decide anything: the daemon does.
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { z } from 'zod';
import { StoreError } from '../../store/store-error.ts';
import { type Controlled, holdRequest, reloadRequest, resetRequest, stopRequest, unlockRequest } from './messages.ts';
import { socketAddress } from './socket-path.ts';

/** A listening control socket; `close()` cuts its connections and removes the file. */
export interface Control {
  readonly path: string;
  close(): Promise<void>;
}

/** A refusal on the control socket. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

type Act = (daemon: Controlled, url: URL, body: unknown) => unknown;

/** Above any environment. */
const MAX_VALUES_BYTES = 4 * 1024 * 1024;

interface Route {
  readonly method: 'GET' | 'POST';
  readonly body?: z.ZodType;
  readonly maxBytes?: number;
  readonly act: Act;
}

const ROUTES: Readonly<Record<string, Route>> = {
  '/status': { method: 'GET', act: (daemon) => daemon.status() },
  '/connection': { method: 'GET', act: (daemon) => daemon.connection() },
  '/config': { method: 'GET', act: (daemon) => daemon.config() },
  '/references': { method: 'GET', act: (daemon) => daemon.references() },
  '/fidelity': { method: 'GET', act: (daemon, url) => daemon.fidelity(url.searchParams.get('host') ?? undefined) },
  '/limits': { method: 'GET', act: (daemon) => daemon.limits() },
  '/reset': { method: 'POST', body: resetRequest, act: (daemon, _url, body) => daemon.reset(body as z.output<typeof resetRequest>) },
  '/usage': { method: 'GET', act: (daemon) => daemon.usage() },
  '/metrics': { method: 'GET', act: (daemon, url) => daemon.metrics(url.searchParams.get('form') === 'json' ? 'json' : 'text') },
  '/reload': { method: 'POST', body: reloadRequest, act: (daemon) => daemon.reload() },
  '/unlock': {
    method: 'POST',
    body: unlockRequest,
    act: (daemon, _, body) => daemon.unlock(keyIn(body as z.output<typeof unlockRequest>)),
  },
  '/stop': { method: 'POST', body: stopRequest, act: () => ({ stopping: true }) },
  '/hold': { method: 'POST', body: holdRequest, maxBytes: MAX_VALUES_BYTES, act: () => undefined },
};

const MAX_BODY_BYTES = 64 * 1024;
/** Prometheus' text format. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Opens the socket 0600 at `path`. Whoever calls holds the lock of the home, so a socket file that is there was left by a
 * process that was killed, and goes. Rejects with the listen error; `onTrouble` hears of errors of the listener after that.
 */
export async function serveControl(path: string, daemon: Controlled, onTrouble: (error: Error) => void): Promise<Control> {
  const at = socketAddress(path);
  const server = createServer({ maxHeaderSize: 8192, requestTimeout: 10_000 }, (request, reply) => void answer(daemon, request, reply));
  // A connection held open is silent for hours.
  server.timeout = 0;
  server.keepAliveTimeout = 1000;
  try {
    rmSync(path, { force: true });
    await listenPrivate(server, at.address);
    server.on('error', onTrouble);
  } catch (thrown) {
    at.release();
    throw thrown;
  }
  return {
    path,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      rmSync(path, { force: true });
      at.release();
    },
  };
}

/** bind(2) takes the mode from the umask, and Node binds before `listen` returns: at no moment can others connect. */
function listenPrivate(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o177);
    try {
      server.listen(address, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

async function answer(daemon: Controlled, request: IncomingMessage, reply: ServerResponse): Promise<void> {
  try {
    const url = admitted(request);
    const route = Object.hasOwn(ROUTES, url.pathname) ? ROUTES[url.pathname]! : undefined;
    if (!route) throw new Refusal(404, `there is no ${url.pathname}`);
    if (request.method !== route.method) throw new Refusal(405, `${url.pathname} takes ${route.method}`, { allow: route.method });
    const body = await readBody(request, route);
    if (url.pathname === '/hold') return hold(daemon, reply, body as z.output<typeof holdRequest>);
    const result = await route.act(daemon, url, body);
    send(reply, 200, result);
    if (url.pathname === '/stop') reply.once('close', () => daemon.stop((body as z.output<typeof stopRequest>).now));
  } catch (thrown) {
    const refusal =
      thrown instanceof Refusal
        ? thrown
        : thrown instanceof StoreError
          ? new Refusal(409, thrown.message)
          : new Refusal(500, 'the daemon failed; see its log');
    if (refusal.status >= 400) reply.shouldKeepAlive = false;
    send(reply, refusal.status, { error: refusal.message }, refusal.headers);
  }
}

/** A browser sends Origin with what it was talked into, and a rebound name shows in Host. */
function admitted(request: IncomingMessage): URL {
  if (request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined) throw new Refusal(403, 'not for web pages');
  if (request.headers.host !== 'localhost' && request.headers.host !== 'sallyport') throw new Refusal(403, 'Host must be localhost');
  const target = request.url ?? '';
  if (!target.startsWith('/') || !URL.canParse(target, 'http://localhost')) throw new Refusal(400, 'malformed target');
  return new URL(target, 'http://localhost');
}

async function readBody(request: IncomingMessage, { body: shape, maxBytes = MAX_BODY_BYTES }: Route): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Destroying the request would take the socket with it, and with that the refusal.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) throw new Refusal(413, 'the body is too large');
    chunks.push(chunk as Buffer);
  }
  if (!shape) {
    if (size > 0) throw new Refusal(400, 'no body is expected here');
    return undefined;
  }
  let value: unknown;
  try {
    value = size === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
  const checked = shape.safeParse(value);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0]!;
  throw new Refusal(400, `${issue.path.join('.') || 'body'}: ${issue.message}`);
}

function keyIn({ key }: z.output<typeof unlockRequest>): Buffer | undefined {
  return key === undefined ? undefined : Buffer.from(key, 'base64');
}

function hold(daemon: Controlled, reply: ServerResponse, { values, profile }: z.output<typeof holdRequest>): void {
  const { token, release } = daemon.hold(values, profile);
  reply.once('close', release);
  reply.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  reply.write(`${JSON.stringify({ held: true, token })}\n`);
}

/** A text goes as it is: the metrics alone are one. */
function send(reply: ServerResponse, status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const text = typeof value === 'string' ? value : `${JSON.stringify(value)}\n`;
  reply.writeHead(status, {
    'content-type': typeof value === 'string' ? METRICS_TYPE : 'application/json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  reply.end(text);
}
