// TCP towards upstream: the one place that dials. Promises that only checked addresses are dialled, within one time limit for
// looking up, connecting and the parent proxy together, and that nothing stays open after a failure.
import { connect, type Socket } from 'node:net';
import { Fault } from '../../fault.ts';
import { openTunnel } from './parent-proxy.ts';
import { type Destination, resolveTarget, type TargetOptions } from './resolve.ts';

/** What dialling has to know. */
export interface TcpOptions extends TargetOptions {
  /** For everything together, resolution included. */
  readonly timeoutMs: number;
  /** The client has left: dialling ends with the signal's reason if that is a Fault, with `client-gone` otherwise. */
  readonly signal: AbortSignal;
  /** What `checkTarget` has given for the same options: its addresses are dialled and the name is not looked up again. */
  readonly destination?: Destination;
  /** Hears of each connection that stands, before anything is sent on it. */
  readonly onConnected?: (socket: Socket) => void;
}

// RFC 8305 5: the next address is tried when this one has not answered in time, or has failed.
const NEXT_ATTEMPT_MS = 250;
const MAX_ATTEMPTS = 6;
const KEEP_ALIVE_MS = 30_000;

/**
 * Finds out whether the target may be dialled, without dialling it: for an answer to CONNECT that is given before any 200.
 * Faults target-refused, upstream-unreachable (`name not found`, `name lookup failed`, `timed out`), client-gone.
 */
export function checkTarget(options: TcpOptions): Promise<Destination> {
  return bounded(options, (signal) => resolveTarget(options, signal));
}

/**
 * A connected socket to the target, through the parent proxy if there is one for it: no delay, keep-alive, half-open allowed.
 * Faults as `checkTarget`, and upstream-unreachable with what went wrong in public words (`connection refused`, `no route`, …).
 */
export function openTcp(options: TcpOptions): Promise<Socket> {
  return bounded(options, async (signal) => {
    const found = options.destination ?? (await resolveTarget(options, signal));
    const socket = await connectFirst(interleaved(found.addresses).slice(0, MAX_ATTEMPTS), found.port, signal);
    options.onConnected?.(socket);
    if (found.via) await openTunnel(socket, found.via, options.authority, signal);
    return socket;
  });
}

async function bounded<T>(options: TcpOptions, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, timeoutMs } = options;
  const limit = new AbortController();
  const left = () => limit.abort(signal.reason instanceof Fault ? signal.reason : new Fault('client-gone'));
  if (signal.aborted) left();
  signal.addEventListener('abort', left, { once: true });
  const timer = setTimeout(() => limit.abort(new Fault('upstream-unreachable', 'timed out')), timeoutMs);
  try {
    limit.signal.throwIfAborted();
    return await act(limit.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', left);
  }
}

/** The first of the addresses that answers; the others are given up. */
function connectFirst(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const pending = new Set<Socket>();
    const causes: NodeJS.ErrnoException[] = [];
    let next = 0;
    let timer: NodeJS.Timeout | undefined;
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      for (const socket of pending) socket.destroy();
      act();
    };
    const aborted = () => settle(() => reject(signal.reason));
    const attempt = () => {
      clearTimeout(timer);
      const host = addresses[next++];
      if (host === undefined) {
        if (pending.size === 0) settle(() => reject(unreachable(causes)));
        return;
      }
      const socket = connect({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
      pending.add(socket);
      const failed = (cause: NodeJS.ErrnoException) => {
        pending.delete(socket);
        causes.push(cause);
        attempt();
      };
      socket.once('error', failed);
      socket.once('connect', () => {
        pending.delete(socket);
        socket.off('error', failed);
        settle(() => resolve(socket));
      });
      if (next < addresses.length) timer = setTimeout(attempt, NEXT_ATTEMPT_MS);
    };
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    attempt();
  });
}

/** Both families in turn, each in the order given, the first one's first (RFC 8305 4). */
function interleaved(addresses: readonly string[]): string[] {
  const isV6 = (address: string) => address.includes(':');
  const first = addresses.filter((a) => isV6(a) === isV6(addresses[0]!));
  const second = addresses.filter((a) => isV6(a) !== isV6(addresses[0]!));
  const longer = Math.max(first.length, second.length);
  return Array.from({ length: longer }, (_, i) => [first[i], second[i]].filter((a) => a !== undefined)).flat();
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ETIMEDOUT: 'timed out',
  EHOSTUNREACH: 'no route',
  ENETUNREACH: 'no route',
  EADDRNOTAVAIL: 'no route',
  // A packet filter of this machine, or a broadcast address.
  EACCES: 'no route',
  EPERM: 'no route',
};

/** A missing route of one family says nothing when the other family got further. */
function unreachable(causes: readonly NodeJS.ErrnoException[]): Fault {
  const full = causes.find((c) => c.code === 'EMFILE' || c.code === 'ENFILE');
  if (full) return new Fault('internal', 'too many open files', { cause: full });
  const reason = (c: NodeJS.ErrnoException | undefined) => REASONS[c?.code ?? ''] ?? 'connection failed';
  const cause = causes.find((c) => reason(c) !== 'no route') ?? causes[0];
  return new Fault('upstream-unreachable', reason(cause), { cause });
}
