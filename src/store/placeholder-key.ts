// The key that makes placeholders: the same value masks to the same placeholder for as long as this file lives.
// Must not know what a placeholder looks like.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readOrMake } from './home.ts';
import { StoreError } from './store-error.ts';

const BYTES = 32;

/** The 32 bytes of `<home>/placeholder.key`, made 0600 on the first call. Throws StoreError: loose mode, wrong size, unreadable. */
export function placeholderKey(home: string): Buffer {
  const path = join(home, 'placeholder.key');
  const key = Buffer.from(readOrMake(path, () => randomBytes(BYTES)));
  if (key.length === BYTES) return key;
  throw new StoreError(
    `${path} holds ${key.length} bytes instead of ${BYTES}: restore it, or remove it and accept that placeholders of earlier sessions are not turned back`,
  );
}
