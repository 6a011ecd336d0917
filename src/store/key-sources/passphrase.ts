// A key that is computed from what the user knows: scrypt with a random salt, so that nothing but the store and the passphrase opens the
// vault. Must not keep a passphrase, nor say one.
import { randomBytes, scrypt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { checkPrivate, reason } from '../home.ts';
import { KEY_BYTES, type KeySource, type KeySurroundings, KeyTrouble } from '../key-source.ts';
import { weakness } from '../passphrase-weakness.ts';

/** From SALLYPORT_PASSPHRASE, the file that SALLYPORT_PASSPHRASE_FILE names, or asked for. */
export const passphrase: KeySource = {
  name: 'passphrase',
  isSetUp: ({ environment }) => Boolean(environment.SALLYPORT_PASSPHRASE || environment.SALLYPORT_PASSPHRASE_FILE),
  begin: async (around) => {
    const chosen = given(around) ?? (await chosenNow(around));
    const weak = weakness(chosen);
    if (weak !== undefined) throw new KeyTrouble(`the passphrase ${weak}`);
    const salt = randomBytes(SALT_BYTES);
    return { key: await stretched(chosen, salt), facts: `scrypt:${COST.N}:${COST.r}:${COST.p}:${salt.toString('base64url')}` };
  },
  find: async (around, facts) => {
    const salt = FACTS.exec(facts)?.[1];
    if (salt === undefined) throw new KeyTrouble('the store does not say how its passphrase becomes a key: restore a backup');
    const known = given(around) ?? (await around.ask?.('Passphrase of the vault: '));
    if (known === undefined)
      throw new KeyTrouble(
        'its passphrase is missing: set SALLYPORT_PASSPHRASE_FILE to a private file that holds it, or SALLYPORT_PASSPHRASE',
      );
    return stretched(known, Buffer.from(salt, 'base64url'));
  },
  wrong: () => 'the passphrase is not the one that it was sealed with',
};

// RFC 7914: 128 MiB and about a third of a second for one guess.
const COST = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 };
const SALT_BYTES = 16;
const FACTS = new RegExp(`^scrypt:${COST.N}:${COST.r}:${COST.p}:([A-Za-z0-9_-]{22})$`);
const run = promisify<string, Buffer, number, typeof COST, Buffer>(scrypt);

function stretched(known: string, salt: Buffer): Promise<Buffer> {
  // One passphrase, however a keyboard composes its accents.
  return run(known.normalize('NFKC'), salt, KEY_BYTES, COST);
}

function given({ environment }: KeySurroundings): string | undefined {
  const { SALLYPORT_PASSPHRASE: value, SALLYPORT_PASSPHRASE_FILE: file } = environment;
  if (value) return value;
  if (!file) return undefined;
  checkPrivate(file);
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (thrown) {
    throw new KeyTrouble(`SALLYPORT_PASSPHRASE_FILE (${file}) cannot be read: ${reason(thrown)}`, thrown);
  }
}

async function chosenNow({ ask }: KeySurroundings): Promise<string> {
  if (!ask)
    throw new KeyTrouble(
      'a passphrase is to be given: set SALLYPORT_PASSPHRASE_FILE to a private file that holds it, or SALLYPORT_PASSPHRASE',
    );
  const first = await ask('A passphrase for the vault: ');
  const weak = weakness(first);
  if (weak === undefined && first !== (await ask('The same again: ')))
    throw new KeyTrouble('these were two passphrases: nothing was changed');
  return first;
}
