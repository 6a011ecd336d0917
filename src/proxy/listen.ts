// Opens the one port: on an address, or on a socket that somebody else has bound and handed over. And tells later whether
// connections still arrive. Must not know what happens on them.
import { type AddressInfo, connect, type Server } from 'node:net';
import { near } from '../host-port.ts';
import { within } from './wire/patience.ts';

/** Where to listen: an address, or the descriptor of a TCP socket. */
export type Place = { readonly host: string; readonly port: number } | { readonly fd: number };

/** What a listener is bound to. */
export interface Listening {
  readonly host: string;
  readonly port: number;
}

/**
 * Starts listening. `judge` sees the address before anything is accepted, and throws where it may not be. Rejects with the listen error
 * (EADDRINUSE, EACCES, …), with one line for a descriptor that is no TCP socket to listen on, and with what `judge` threw.
 */
export function listen(server: Server, place: Place, judge: (bound: Listening) => void = () => {}): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject('fd' in place ? notASocket(place.fd, error) : error);
    server.once('error', fail);
    const listening = () => {
      server.off('error', fail);
      resolve(boundTo(server)!);
    };
    server.listen({ ...place, backlog: 1024 }, listening);
    // A descriptor listens at once, and what waits there is accepted in a later turn of the loop.
    if (!('fd' in place) || !server.listening) return;
    try {
      const bound = boundTo(server);
      if (!bound) throw notASocket(place.fd);
      judge(bound);
    } catch (thrown) {
      server.off('listening', listening);
      server.close();
      reject(thrown);
    }
  });
}

function notASocket(fd: number, cause?: Error): Error {
  return new Error(`descriptor ${fd} was handed over to listen on and is no TCP socket that can be`, { cause });
}

/** Undefined for what is no TCP socket. */
function boundTo(server: Server): Listening | undefined {
  const at = server.address();
  return at === null || typeof at === 'string' || !('address' in at) || at.address === undefined
    ? undefined
    : { host: at.address, port: (at as AddressInfo).port };
}

/** Whether a connection to the port gets as far as this process, be it only to be turned away because there are too many. Never rejects. */
export async function arrives(server: Server, deadlineMs: number): Promise<boolean> {
  const bound = server.listening ? boundTo(server) : undefined;
  if (!bound) return false;
  const arrived = new Set<number | undefined>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const probe = connect({ port: bound.port, host: near(bound.host) });
  const look = () => {
    if (probe.localPort !== undefined && arrived.has(probe.localPort)) resolve();
  };
  const note = (from?: { readonly remotePort?: number | undefined }) => {
    arrived.add(from?.remotePort);
    look();
  };
  server.on('connection', note).on('drop', note);
  probe.once('connect', look).once('error', reject);
  try {
    await within(promise, deadlineMs, 'client-slow');
    return true;
  } catch {
    return false;
  } finally {
    server.off('connection', note).off('drop', note);
    probe.destroy();
  }
}
