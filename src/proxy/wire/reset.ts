// Ends a connection with a TCP reset, also underneath TLS. It knows nothing of what the connection carried.
// It must not know why.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Resets `carrier` and destroys `socket`, which is the carrier itself or the TLS socket on it. What is not yet in the kernel is lost.
 * While the polite end is under way the connection is closed without a reset.
 */
export function resetConnection(socket: Duplex, carrier: Socket): void {
  if (socket.destroyed) return;
  // libuv refuses a reset while a shutdown is under way (EINVAL), and Node 26 then forgets the descriptor without closing it.
  const ending = socket.writableEnded && !socket.writableFinished;
  if (ending || socket === carrier) {
    if (!ending) carrier.resetAndDestroy();
    socket.destroy();
    return;
  }
  // A carrier that goes before its TLS socket takes the process with it (SIGSEGV, Node 20 to 26) when a write is pending between them.
  // Destroying the TLS socket is safe: it destroys the carrier itself and waits for that; so the carrier is made to reset just then.
  carrier.destroy = () => {
    Reflect.deleteProperty(carrier, 'destroy');
    return carrier.resetAndDestroy();
  };
  socket.destroy();
}
