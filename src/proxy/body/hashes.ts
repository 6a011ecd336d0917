// SHA-256 of the body that came and of the one that went, for a reader of `fidelity`: made once the request is on its way, since
// nobody should wait for them. It must not know what the bodies say.
import { createHash } from 'node:crypto';
import type { Notes } from '../exchange.ts';

/** Bodies hashed in one go, and how long it takes to be allowed one more, ms. */
const BURST = 64;
const EVERY_MS = 20;
let left = BURST;
let countedAt = 0;

/** Keeps the bodies for `hashBodies`. Everything a person or a CLI at work does is hashed, a flood only now and then. */
export function keepBodies(notes: Notes, received: Buffer, sent: Buffer): void {
  const now = performance.now();
  left = Math.min(BURST, left + (now - countedAt) / EVERY_MS);
  countedAt = now;
  if (left < 1) return;
  left--;
  notes.bodies = { received, sent };
}

/** Puts the hashes of the bodies in their place. Call it as soon as nobody waits, and again when all is over. */
export function hashBodies(notes: Notes): void {
  if (!notes.bodies) return;
  const { received, sent } = notes.bodies;
  notes.bodies = undefined;
  notes.bodyHashIn = sha256(received);
  notes.bodyHashOut = sent === received ? notes.bodyHashIn : sha256(sent);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
