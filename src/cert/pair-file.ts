// The CA on disk: `ca.key` (0600, sealed where that can be done) and `ca.pem` (0644), which always match, whenever the process is killed.
// A new pair is written in this order: certificates beside (`ca-ID.pem.next`), key, certificates in place. The key is the
// point of no return: a kill before it leaves the old pair, a kill after it is completed by the next reader.
// Must not know what is in a certificate, nor when one is due.
import { createHash, createPrivateKey, createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { chmod, type FileHandle, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { shellWord } from '../shell-word.ts';
import { CertFault } from './cert-fault.ts';
import { isSealed, type KeySeal, sealed, UNSEALED, unsealed } from './key-seal.ts';

/** The key (PKCS #8 PEM) and the certificates (PEM blocks, the key's own first). */
export interface CaPair {
  readonly keyPem: string;
  readonly certPems: readonly string[];
}

const KEY = 'ca.key';
const CERTS = 'ca.pem';
const LEFTOVER = /^ca(?:-[0-9a-f]{16}\.pem\.next|\.(?:key|pem)\.[0-9a-f]{12}\.tmp)$/;
const CODE_NOT_THERE = 'ENOENT';

/** Where the certificates lie. */
export function certsPath(home: string): string {
  return join(home, CERTS);
}

/** A sound pair: in its place, or with certificates that still wait for theirs in the file `next`. */
interface Found extends CaPair {
  readonly next: string | undefined;
  /** The text of the key file. */
  readonly keyText: string;
}

/**
 * The pair in `home`, or undefined when there is none. Completes what a killed writer began, and seals a key that is not yet.
 * CertFault as `lookAtPair`, and when it cannot be completed.
 */
export async function readPair(home: string, seal: KeySeal = UNSEALED): Promise<CaPair | undefined> {
  const pair = await lookAtPair(home, seal);
  if (!pair) return undefined;
  const { keyPem, certPems, next, keyText } = pair;
  const certFile = certsPath(home);
  if (next !== undefined)
    await writing(certFile, async () => {
      await place(next, certFile);
      await syncFolder(home);
    });
  await writing(home, () => removeLeftovers(home));
  if (seal.seal && !isSealed(keyText)) await writing(home, () => sealKey(home, pair, seal));
  return { keyPem, certPems };
}

/** The same key in the same place, sealed. One that another process has replaced meanwhile is left alone. */
async function sealKey(home: string, { keyPem, keyText }: Found, seal: KeySeal): Promise<void> {
  const keyFile = join(home, KEY);
  const temp = join(home, `${KEY}.${randomBytes(6).toString('hex')}.tmp`);
  await writeNew(temp, sealed(keyPem, seal), 0o600);
  if ((await readText(keyFile, 0o077)) === keyText) await rename(temp, keyFile);
  else await rm(temp, { force: true });
  await syncFolder(home);
}

/**
 * The same, but changes nothing.
 * CertFault when a mode is too loose, when one of the files is missing or unreadable, when the key does not open, or when they do not match.
 */
export async function lookAtPair(home: string, seal: KeySeal = UNSEALED): Promise<Found | undefined> {
  if (!(await checkFolder(home))) return undefined;
  const keyFile = join(home, KEY);
  const certFile = certsPath(home);
  const keyText = await readText(keyFile, 0o077);
  const certs = await readText(certFile, 0o022);
  // The files are read one after the other, and another process may have put a pair in place between the two.
  const overtaken = async () => (await readText(keyFile, 0o077)) !== keyText || (await readText(certFile, 0o022)) !== certs;
  if (keyText === undefined) {
    if (certs === undefined) return undefined;
    if (await overtaken()) return lookAtPair(home, seal);
    throw new CertFault(`${keyFile} is missing beside ${certFile}: put it back, or remove ${certFile} to have a new CA made.`);
  }
  const keyPem = unsealed(keyFile, keyText, seal);
  const id = keyId(keyPem, keyFile);
  if (matches(certs, keyPem)) return { keyPem, certPems: blocks(certs!), next: undefined, keyText };
  const next = join(home, `ca-${id}.pem.next`);
  const candidate = await readText(next, 0o022);
  if (matches(candidate, keyPem)) return { keyPem, certPems: blocks(candidate!), next, keyText };
  if (await overtaken()) return lookAtPair(home, seal);
  const wrong = certs === undefined ? `${certFile} is missing beside ${keyFile}` : `${keyFile} and ${certFile} do not belong together`;
  throw new CertFault(`${wrong}: restore both from one backup, or remove both to have a new CA made.`);
}

/** Writes the first pair and the folder (0700) if needed. False, with nothing changed, when another process was first. CertFault when it cannot be written. */
export async function createPair(home: string, pair: CaPair, seal: KeySeal = UNSEALED): Promise<boolean> {
  return writePair(home, pair, seal, async (from, to) => {
    try {
      await link(from, to);
    } catch (error) {
      // Gone: a reader of the pair that another process made has cleared it away.
      if (codeOf(error) === 'EEXIST' || codeOf(error) === CODE_NOT_THERE) return false;
      throw error;
    } finally {
      await rm(from, { force: true });
    }
    return true;
  });
}

/** Replaces the pair. CertFault when it cannot be written: then the old pair stands, or the next reader completes the new one. */
export async function replacePair(home: string, pair: CaPair, seal: KeySeal = UNSEALED): Promise<void> {
  await writePair(home, pair, seal, async (from, to) => {
    await rename(from, to);
    return true;
  });
}

/** Replaces the certificates beside a key that stays. CertFault when it cannot be written or the key on disk is another one. */
export async function replaceCertificates(home: string, pair: CaPair, seal: KeySeal = UNSEALED): Promise<void> {
  const certFile = certsPath(home);
  const keyFile = join(home, KEY);
  await writing(certFile, async () => {
    const keyText = await readText(keyFile, 0o077);
    if (keyText === undefined || unsealed(keyFile, keyText, seal) !== pair.keyPem)
      throw new CertFault(`${keyFile} was replaced in the meantime.`);
    await writeCertificates(home, pair);
  });
}

async function writeCertificates(home: string, pair: CaPair): Promise<void> {
  const temp = join(home, `${CERTS}.${randomBytes(6).toString('hex')}.tmp`);
  await writeNew(temp, pair.certPems.join(''), 0o644);
  await rename(temp, certsPath(home));
  await syncFolder(home);
}

async function writePair(
  home: string,
  pair: CaPair,
  seal: KeySeal,
  placeKey: (from: string, to: string) => Promise<boolean>,
): Promise<boolean> {
  return writing(home, async () => {
    if ((await mkdir(home, { recursive: true, mode: 0o700 })) !== undefined) await chmod(home, 0o700);
    const next = join(home, `ca-${keyId(pair.keyPem, KEY)}.pem.next`);
    const temp = join(home, `${KEY}.${randomBytes(6).toString('hex')}.tmp`);
    await writeNew(next, pair.certPems.join(''), 0o644);
    await writeNew(temp, sealed(pair.keyPem, seal), 0o600);
    await syncFolder(home);
    const placed = await placeKey(temp, join(home, KEY));
    if (!placed) {
      await rm(next, { force: true });
      return false;
    }
    await syncFolder(home);
    await place(next, certsPath(home));
    await syncFolder(home);
    // A reader of the old pair may have taken what waits here for a leftover.
    if (!matches(await readText(certsPath(home), 0o022), pair.keyPem)) await writeCertificates(home, pair);
    return true;
  });
}

// Another reader may have completed the same step in the meantime.
async function place(next: string, certFile: string): Promise<void> {
  try {
    await rename(next, certFile);
  } catch (error) {
    if (codeOf(error) !== CODE_NOT_THERE) throw error;
  }
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, 'wx', mode);
  try {
    // The umask takes bits away, so the file is never wider than `mode`; this gives back what it took.
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readText(path: string, forbidden: number): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    refuseLoose(path, (await file.stat()).mode, forbidden, forbidden === 0o077 ? '600' : '644');
    return await file.readFile('utf8');
  } catch (error) {
    if (codeOf(error) === CODE_NOT_THERE) return undefined;
    throw unreadable(path, error);
  } finally {
    await file?.close();
  }
}

/** Whether the folder is there. Others may list it, since the key has its own mode, but may not put files into it. */
async function checkFolder(home: string): Promise<boolean> {
  try {
    refuseLoose(home, (await stat(home)).mode, 0o022, '700');
    return true;
  } catch (error) {
    if (codeOf(error) === CODE_NOT_THERE) return false;
    throw unreadable(home, error);
  }
}

function unreadable(path: string, error: unknown): CertFault {
  return error instanceof CertFault ? error : new CertFault(`${path} cannot be read (${codeOf(error)}).`, { cause: error });
}

function refuseLoose(path: string, mode: number, forbidden: number, wanted: string): void {
  // Windows has no such bits; its folders under the profile are private to the user.
  if (process.platform === 'win32' || (mode & forbidden) === 0) return;
  const found = (mode & 0o777).toString(8).padStart(3, '0');
  throw new CertFault(`${path} has mode ${found}, which lets other users in: type chmod ${wanted} ${shellWord(path)} and start again.`);
}

// One writer at a time in this process: a CA that is being closed may renew while its successor is opened.
let lastWrite: Promise<unknown> = Promise.resolve();

async function writing<T>(path: string, act: () => Promise<T>): Promise<T> {
  const turn = lastWrite.then(act, act);
  lastWrite = turn;
  try {
    return await turn;
  } catch (error) {
    if (error instanceof CertFault) throw error;
    throw new CertFault(`The CA in ${path} cannot be written (${codeOf(error)}).`, { cause: error });
  }
}

async function syncFolder(home: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(home, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function removeLeftovers(home: string): Promise<void> {
  for (const name of await readdir(home)) if (LEFTOVER.test(name)) await rm(join(home, name), { force: true });
}

function keyId(keyPem: string, path: string): string {
  try {
    const spki = createPublicKey(keyPem).export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(spki).digest('hex').slice(0, 16);
  } catch (error) {
    throw new CertFault(`${path} does not hold a private key: restore it from a backup, or remove it and ca.pem to have a new CA made.`, {
      cause: error,
    });
  }
}

function matches(certs: string | undefined, keyPem: string): boolean {
  const first = blocks(certs ?? '')[0];
  try {
    return first !== undefined && new X509Certificate(first).checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

function blocks(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g)?.map((b) => `${b}\n`) ?? [];
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unexpected';
}
