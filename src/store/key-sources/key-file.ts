// The key of last resort: a file of 32 random bytes in the home, 0600 from its first moment.
// Must not know what the key opens.
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readOrMake, syncFolder } from '../home.ts';
import { KEY_BYTES, type KeySource, KeyTrouble } from '../key-source.ts';

/** `<home>/sallyport.key`. */
export const keyFile: KeySource = {
  name: 'key-file',
  isSetUp: () => true,
  begin: async ({ home }) => ({ key: read(pathIn(home)), facts: '' }),
  find: async ({ home }) => {
    if (existsSync(pathIn(home))) return read(pathIn(home));
    throw new KeyTrouble(`its key is missing; put it back: ${pathIn(home)}`);
  },
  wrong: ({ home }) => `${pathIn(home)} is not the key that it was sealed with; put that one back`,
  forget: async ({ home }) => {
    rmSync(pathIn(home), { force: true });
    syncFolder(home);
  },
};

function pathIn(home: string): string {
  return join(home, 'sallyport.key');
}

function read(path: string): Buffer {
  const key = Buffer.from(readOrMake(path, () => randomBytes(KEY_BYTES)));
  if (key.length === KEY_BYTES) return key;
  throw new KeyTrouble(`${path} holds ${key.length} bytes instead of ${KEY_BYTES}: restore it from a backup`);
}
