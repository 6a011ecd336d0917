// Checks of what is on this disk: the Node, the TLS engine, the home and its modes, the CA.
// Must not make or change any of it, but for the modes that a repair closes.
import { chmodSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CertFault } from '../../src/cert/cert-fault.ts';
import { lookAtPair } from '../../src/cert/pair-file.ts';
import { checkHome, checkPrivate } from '../../src/store/home.ts';
import { type Keyring, LockedError } from '../../src/store/keyring.ts';
import { caFacts, readPem } from '../ca-file.ts';
import { caSeal } from '../ca-seal.ts';
import { explain } from '../failure.ts';
import { type Finding, found, type Repair } from './finding.ts';

/** `version` as in process.versions.node. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 26 || (major === 26 && minor >= 4)) return found.ok('node', `${version}`);
  return found.warn(
    'node',
    `${version}: TLS mirroring is complete from 26.4 on`,
    'run the checkout through cmd/sallyport after npm ci, or install Node 26',
  );
}

/** `engine` is egress/mirror's `nativeEngine`. */
export function checkEngine(engine: unknown): Finding {
  if (engine !== undefined) return found.ok('TLS engine', "tls-impersonate: upstream sees the client's own handshake");
  return found.warn(
    'TLS engine',
    "plain: upstream sees Node's handshake instead of the client's",
    'npm ci on glibc Linux, macOS or Windows installs tls-impersonate',
  );
}

/** The home, if there is one, and every file in it that others must not read. */
export function checkFiles(home: string): readonly Finding[] {
  if (!statSync(home, { throwIfNoEntry: false })) return [found.info('home', `${home} is not there yet; the first start makes it`)];
  try {
    checkHome(home);
    const names = secretFiles(home);
    for (const name of names) checkPrivate(join(home, name));
    return [found.ok('home', `${home}, closed to others, as are ${names.length} files in it`)];
  } catch (thrown) {
    const { line } = explain(thrown);
    const typed = /: (chmod .*)$/.exec(line)?.[1];
    const finding = found.fail(
      'home',
      typed === undefined ? line : line.slice(0, -typed.length - 2),
      typed ?? 'give --home another folder',
    );
    return [typed === undefined ? finding : { ...finding, repair: closing(home) }];
  }
}

function secretFiles(home: string): readonly string[] {
  return readdirSync(home).filter((name) => SECRET.test(name));
}

/** Closes the home, then each secret file in it. What a link leads to, or what belongs to somebody else, is left as it is. */
function closing(home: string): Repair {
  return {
    what: `closed ${home} and the files in it to others`,
    run: () => {
      const folder = close(home, 0o700);
      return secretFiles(home)
        .map((name) => close(join(home, name), 0o600))
        .reduce((any, one) => any || one, folder);
    },
  };
}

/** Whether it had to be closed. */
function close(path: string, mode: number): boolean {
  const seen = lstatSync(path);
  if (seen.isSymbolicLink() || seen.uid !== process.getuid?.() || (seen.mode & 0o077) === 0) return false;
  chmodSync(path, mode);
  return true;
}

/** What a configuration that cannot be used is told as. One that others can read, with a key in it, can be closed. */
export function configurationTrouble(line: string): Finding {
  const [, text, path, typed] = /^((.*) can be read by others): (chmod .*)$/s.exec(line) ?? [];
  if (text === undefined) return found.fail('configuration', line, 'correct it; until then the daemon does not start');
  const repair = { what: `closed ${path} to others`, run: () => close(path!, 0o600) };
  return { ...found.fail('configuration', text, typed!), repair };
}

const SECRET = /\.(key|db|db-wal|db-shm|lock|sock|log|log\.1|backup)$/;

/** Days left of the CA in the home, and whether its key belongs to it, as far as the keyring opens it. */
export async function checkCa(home: string, nowMs: number, keyring: Keyring | undefined): Promise<Finding> {
  try {
    const pem = readPem(join(home, 'ca.pem'));
    const pair = await lookAtPair(home, keyring && caSeal(keyring));
    if (pem === undefined || !pair) return found.info('CA', 'none yet; the first start makes one');
    const { daysLeft, validUntil, subject } = caFacts(pem, nowMs);
    if (daysLeft < 0) return found.fail('CA', `${subject} ended on ${validUntil}`, 'sallyport start renews it');
    if (daysLeft < 14)
      return found.warn('CA', `${subject} ends in ${daysLeft} days and was not renewed`, 'sallyport reload, then see the log');
    return found.ok('CA', `${subject}, ${daysLeft} days left (${validUntil})`);
  } catch (thrown) {
    if (thrown instanceof CertFault && thrown.cause instanceof LockedError)
      return found.info('CA', 'its key is sealed, and the vault is locked');
    return found.fail('CA', explain(thrown).line, 'restore ca.key and ca.pem from one backup, or remove both');
  }
}
