// A TCP listener: opened whole or not at all, stopped without ending what came in by it.
// Must not know what happens on a socket.
import { createServer, type Socket } from 'node:net';
import { arrives, type Listening, listen, type Place } from './listen.ts';

/** What a door is opened with. */
export interface DoorOptions {
  readonly maxConnections: number;
  readonly onSocket: (socket: Socket) => void;
  /** The listener itself failed after it had been opened. */
  readonly onError: (error: Error) => void;
  /** Throws where a socket that was handed over is bound to an address it may not be bound to. */
  readonly judge?: ((bound: Listening) => void) | undefined;
}

/** An open door. */
export interface Door {
  readonly address: Listening;
  /** Whether a connection to the port gets as far as this process within `deadlineMs`. Never rejects. */
  arrives(deadlineMs: number): Promise<boolean>;
  /** Lets nobody in any more; resolves when everybody has left. */
  close(): Promise<void>;
}

/** Rejects with the listen error (EADDRINUSE, EACCES, …), and as `listen` does for a socket that was handed over. */
export async function openDoor(where: Place, { maxConnections, onSocket, onError, judge }: DoorOptions): Promise<Door> {
  // Half-open sockets: a client may end its side and still wait for its answer.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onSocket);
  server.maxConnections = maxConnections;
  const address = await listen(server, where, judge);
  server.on('error', onError);
  let closing: Promise<void> | undefined;
  return {
    address,
    arrives: (deadlineMs) => arrives(server, deadlineMs),
    close: () => (closing ??= new Promise<void>((resolve) => server.close(() => resolve()))),
  };
}

/** Doors on both loopback addresses, with one port; one alone on a machine without IPv6. Rejects with the listen error, and then none is open. */
export async function openLoopbackDoors(port: number, options: DoorOptions): Promise<readonly Door[]> {
  const first = await openDoor({ host: '127.0.0.1', port }, options);
  try {
    return [first, await openDoor({ host: '::1', port: first.address.port }, options)];
  } catch (thrown) {
    if (/^(?:EADDRNOTAVAIL|EAFNOSUPPORT)$/.test(String((thrown as NodeJS.ErrnoException).code))) return [first];
    await first.close();
    throw thrown;
  }
}
