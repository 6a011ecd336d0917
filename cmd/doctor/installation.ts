// Checks of what is on this disk: the Node, the TLS engine, the home and its modes, the CA.
// Must not make or change any of it.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CertFault } from '../../src/cert/cert-fault.ts';
import { lookAtPair } from '../../src/cert/pair-file.ts';
import { checkHome, checkPrivate } from '../../src/store/home.ts';
import { type Keyring, LockedError } from '../../src/store/keyring.ts';
import { caFacts, readPem } from '../ca-file.ts';
import { caSeal } from '../ca-seal.ts';
import { explain } from '../failure.ts';
import { type Finding, found } from './finding.ts';

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
    const names = readdirSync(home).filter((name) => SECRET.test(name));
    for (const name of names) checkPrivate(join(home, name));
    return [found.ok('home', `${home}, closed to others, as are ${names.length} files in it`)];
  } catch (thrown) {
    const { line } = explain(thrown);
    const typed = /: (chmod .*)$/.exec(line)?.[1];
    return [found.fail('home', typed === undefined ? line : line.slice(0, -typed.length - 2), typed ?? 'give --home another folder')];
  }
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
