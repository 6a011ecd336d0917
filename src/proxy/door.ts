// A TCP listener: opened whole or not at all, stopped without ending what came in by it.
// Must not know what happens on a socket.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** What a door is opened with. */
export interface DoorOptions {
  readonly maxConnections: number;
  readonly onSocket: (socket: Socket) => void;
  /** The listener itself failed after it had been opened. */
  readonly onError: (error: Error) => void;
}

/** An open door. */
export interface Door {
  readonly address: Address;
  /** Lets nobody in any more; resolves when everybody has left. */
  close(): Promise<void>;
}

/** Where a door is. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Rejects with the listen error (EADDRINUSE, EACCES, …). */
export async function openDoor(where: Address, { maxConnections, onSocket, onError }: DoorOptions): Promise<Door> {
  // Half-open sockets: a client may end its side and still wait for its answer.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onSocket);
  server.maxConnections = maxConnections;
  await listen(server, where);
  server.on('error', onError);
  const { address: host, port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    address: { host, port },
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

function listen(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
