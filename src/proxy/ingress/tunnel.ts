// Bytes in, bytes out, never decrypted: both directions with back-pressure, half-close kept, both sides dying together.
// It must not look at what passes.
import type { Socket } from 'node:net';
import { resetConnection } from '../wire/reset.ts';

/** Splices two sockets until both directions have ended or one side is lost. `head` is what was read from the client already; `tunnels` holds the splice while it lives. Resolves when both are closed. */
export function splice(client: Socket, upstream: Socket, head: Buffer, idleMs: number, tunnels: Set<() => number>): Promise<void> {
  return new Promise((resolve) => {
    let open = 2;
    let lastByte = performance.now();
    const lastByteAt = () => lastByte;
    tunnels.add(lastByteAt);
    const closed = () => {
      client.destroy();
      upstream.destroy();
      open--;
      if (open > 0) return;
      tunnels.delete(lastByteAt);
      resolve();
    };
    if (head.length > 0) upstream.write(head);
    carry(client, upstream);
    carry(upstream, client);
    for (const socket of [client, upstream]) {
      socket.setTimeout(idleMs);
      // Silence of one side is not idleness while the other one talks.
      socket.on('timeout', () => {
        if (performance.now() - lastByte >= idleMs - 100) closed();
      });
      socket.once('close', closed);
      if (socket.destroyed) closed();
    }
    function carry(from: Socket, to: Socket): void {
      from.on('data', (chunk) => {
        lastByte = performance.now();
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => from.resume());
      from.on('end', () => to.end());
      // A reset on one side is a reset on the other: a cut stream must look cut.
      from.on('error', () => {
        resetConnection(to, to);
      });
      from.resume();
    }
  });
}
