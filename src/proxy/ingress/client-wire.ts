// A client's socket as it comes in by either door: known to the house while it lives, and read through a wire.
// Must not know what is spoken on it.
import type { Socket } from 'node:net';
import type { Fault } from '../../fault.ts';
import type { House } from '../house.ts';
import { Wire } from '../wire/wire.ts';

/** Takes a socket in. */
export function clientWire(house: House, socket: Socket): Wire {
  house.sockets.set(socket, socket);
  socket.once('close', () => house.sockets.delete(socket));
  socket.setNoDelay(true);
  return new Wire(socket, socket);
}

/** Counts and logs why a connection ended before anything was served on it. */
export function logRefusal(house: House, fault: Fault): void {
  house.count(`refused:${fault.code}`);
  if (fault.code === 'internal') house.log.error({ err: fault.cause }, fault.message);
  else house.log.debug({ fault: fault.code, detail: fault.detail }, fault.message);
}
