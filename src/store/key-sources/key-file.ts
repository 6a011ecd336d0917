// The key of last resort: a file of 32 random bytes in the home, 0600 from its first moment.
// Must not know what the key opens.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readOrMake } from '../home.ts';
import type { KeySource } from '../key-source.ts';

const BYTES = 32;
const NAME = 'sallyport.key';

/** `<home>/sallyport.key`. */
export const keyFile: KeySource = {
  name: 'key-file',
  find: async ({ home }) => (existsSync(join(home, NAME)) ? read(home) : undefined),
  make: async ({ home }) => read(home),
  whereItBelongs: ({ home }) => join(home, NAME),
};

function read(home: string): { readonly key?: Buffer; readonly trouble?: string } {
  const path = join(home, NAME);
  const key = Buffer.from(readOrMake(path, () => randomBytes(BYTES)));
  return key.length === BYTES ? { key } : { trouble: `${path} holds ${key.length} bytes instead of ${BYTES}: restore it from a backup` };
}
