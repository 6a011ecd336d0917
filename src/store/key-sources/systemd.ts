// A key that systemd hands to the service (LoadCredential=, LoadCredentialEncrypted=, SetCredentialEncrypted=): 32 bytes, in hex or in
// base64. Must not look at modes: systemd opens these files by access lists, which show as bits of the group.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reason } from '../home.ts';
import { KEY_BYTES, type KeySource, type KeySurroundings, KeyTrouble } from '../key-source.ts';

const NAME = 'sallyport-key';

/** `$CREDENTIALS_DIRECTORY/sallyport-key`. */
export const systemd: KeySource = {
  name: 'systemd',
  isSetUp: (around) => existsSync(pathIn(around) ?? ''),
  begin: async (around) => ({ key: read(around), facts: '' }),
  find: async (around) => read(around),
  wrong: () => `the systemd credential ${NAME} is not the key that it was sealed with; load that one`,
};

function pathIn({ environment }: KeySurroundings): string | undefined {
  return environment.CREDENTIALS_DIRECTORY ? join(environment.CREDENTIALS_DIRECTORY, NAME) : undefined;
}

function read(around: KeySurroundings): Buffer {
  const path = pathIn(around);
  if (path === undefined)
    throw new KeyTrouble(
      `its key is the systemd credential ${NAME}, and there is no CREDENTIALS_DIRECTORY: LoadCredential=${NAME}:FILE gives one`,
    );
  const key = decoded(bytesOf(path));
  if (key?.length === KEY_BYTES) return key;
  throw new KeyTrouble(`the systemd credential ${NAME} is neither ${KEY_BYTES} bytes nor those in hex or base64`);
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    throw new KeyTrouble(`the systemd credential ${NAME} cannot be read: ${reason(thrown)}`, thrown);
  }
}

function decoded(bytes: Buffer): Buffer | undefined {
  if (bytes.length === KEY_BYTES) return bytes;
  const text = bytes.toString('latin1').trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}
