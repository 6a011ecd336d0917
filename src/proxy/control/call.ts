// The one client of the control socket.
// Must not start a daemon where there is none: it says so and the command decides.
import { lstatSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import type { FidelityReport } from '../fidelity.ts';
import type { ConfigRow, Connection, Hold, Limits, ReferenceRow, Reloaded, Status, Unlocked, UsageState } from './messages.ts';
import { controlPath, socketAddress } from './socket-path.ts';

/** No daemon listens for this home. */
export class NotRunning extends Error {
  constructor(home: string) {
    super(`no daemon is running for ${home}`);
    this.name = 'NotRunning';
  }
}

/** The daemon of one home. Each call rejects with NotRunning where there is none, else with an Error of one line. */
export interface ControlClient {
  status(): Promise<Status>;
  connection(): Promise<Connection>;
  config(): Promise<readonly ConfigRow[]>;
  references(): Promise<readonly ReferenceRow[]>;
  fidelity(host: string | undefined): Promise<readonly FidelityReport[]>;
  limits(): Promise<Limits>;
  /** How many states went back to rest. */
  reset(what: 'limits' | 'breaker', host: string | undefined): Promise<number>;
  /** What the daemon has counted is in the store then. */
  usage(): Promise<UsageState>;
  metrics(): Promise<string>;
  metricsJson(): Promise<readonly object[]>;
  reload(): Promise<Reloaded>;
  /** Hands it the key of the vault, or has it look for that itself. */
  unlock(key?: Buffer): Promise<Unlocked>;
  stop(now: boolean): Promise<void>;
  /**
   * Keeps a daemon that would end with its last user, and has it mask `values` meanwhile, and take a token, of `profile` if that is said;
   * `ended` resolves when the daemon goes all the same.
   */
  hold(values?: readonly string[], profile?: string): Promise<Hold & { readonly ended: Promise<void> }>;
}

const TIMEOUT_MS = 10_000;
/** A reload may renew the CA and read the system's roots anew. */
const RELOAD_TIMEOUT_MS = 60_000;
/** Stores of secrets are asked, each with a time limit of its own. */
const LOOK_TIMEOUT_MS = 30_000;

/** The client for the daemon of `home`; connects anew for each call. */
export function controlOf(home: string): ControlClient {
  const get = <T>(route: string) => call<T>(home, 'GET', route, undefined, TIMEOUT_MS);
  return {
    status: () => get('/status'),
    connection: () => get('/connection'),
    config: () => get('/config'),
    references: () => call(home, 'GET', '/references', undefined, LOOK_TIMEOUT_MS),
    fidelity: (host) => get(host === undefined ? '/fidelity' : `/fidelity?host=${encodeURIComponent(host)}`),
    limits: () => get('/limits'),
    reset: async (what, host) => (await call<{ readonly reset: number }>(home, 'POST', '/reset', { what, host }, TIMEOUT_MS)).reset,
    usage: () => get('/usage'),
    metrics: async () => wholeText(await open(home, 'GET', '/metrics', undefined, TIMEOUT_MS)),
    metricsJson: () => get('/metrics?form=json'),
    reload: () => call(home, 'POST', '/reload', {}, RELOAD_TIMEOUT_MS),
    unlock: (key) => call(home, 'POST', '/unlock', key ? { key: key.toString('base64') } : {}, RELOAD_TIMEOUT_MS),
    stop: async (now) => void (await call(home, 'POST', '/stop', { now }, TIMEOUT_MS)),
    hold: async (values = [], profile) => {
      const reply = await open(home, 'POST', '/hold', { values, profile }, TIMEOUT_MS);
      const ended = new Promise<void>((resolve) => reply.once('close', resolve));
      const given = (await firstLine(reply)) as Pick<Hold, 'token'> | undefined;
      reply.resume();
      return { token: given?.token, ended, release: () => void reply.destroy() };
    },
  };
}

async function call<T>(home: string, method: string, route: string, body: unknown, timeoutMs: number): Promise<T> {
  return (await firstLine(await open(home, method, route, body, timeoutMs))) as T;
}

/** The value of a reply, which is one line; a reply that goes on is left as it is behind that. */
async function firstLine(reply: IncomingMessage): Promise<unknown> {
  const value = parsed(await textOf(reply, (text) => text.includes('\n')));
  if (reply.statusCode === 200) return value;
  return refused(reply, value);
}

async function wholeText(reply: IncomingMessage): Promise<string> {
  const text = await textOf(reply, () => false);
  return reply.statusCode === 200 ? text : refused(reply, parsed(text));
}

async function textOf(reply: IncomingMessage, isEnough: (text: string) => boolean): Promise<string> {
  let text = '';
  try {
    reply.setEncoding('utf8');
    for await (const chunk of reply.iterator({ destroyOnReturn: false })) {
      text += chunk;
      if (isEnough(text)) break;
    }
  } catch (cause) {
    throw new Error('the daemon ended before it had answered', { cause });
  }
  return text;
}

function refused(reply: IncomingMessage, value: unknown): never {
  const { error = 'without a reason' } = (value ?? {}) as { readonly error?: string };
  throw new Error(reply.statusCode === 409 ? error : `the daemon answered ${reply.statusCode}: ${error}`);
}

function open(home: string, method: string, route: string, body: unknown, timeoutMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let at: ReturnType<typeof socketAddress>;
    try {
      at = socketAddress(controlPath(home));
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      reject(code === 'ENOENT' ? new NotRunning(home) : code === 'EACCES' ? new Error(whyForbidden(home)) : thrown);
      return;
    }
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      host: 'localhost',
      ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    const outgoing = request({ socketPath: at.address, method, path: route, headers, agent: false, timeout: timeoutMs });
    outgoing.once('response', (reply) => {
      outgoing.setTimeout(0);
      resolve(reply);
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`the daemon did not answer within ${timeoutMs / 1000} s`)));
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      const absent = error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ENOTDIR';
      if (absent) reject(new NotRunning(home));
      else if (error.code === 'EACCES') reject(new Error(whyForbidden(home)));
      else
        reject(error.code === undefined ? error : new Error(`the daemon ended before it had answered (${error.code})`, { cause: error }));
    });
    outgoing.once('close', () => at.release());
    outgoing.end(text);
  });
}

/** What keeps us from the socket: the way there, or the socket itself. */
function whyForbidden(home: string): string {
  const path = controlPath(home);
  try {
    const { uid } = lstatSync(path);
    const me = process.getuid?.();
    return uid === me ? `${path} is closed to its own user: chmod 600 it` : `${path} belongs to user ${uid}, not to you (user ${me})`;
  } catch {
    return `the home ${home} cannot be looked into: permission denied`;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
