// The folder everything lives in: made 0700, refused when others can look in, secret files refused when others can
// read them. Must not know what the files mean.
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { StoreError } from './store-error.ts';

/**
 * Makes the home 0700 with its parents, or checks the one that is there. A folder that was made for us just now, with nothing in it but a
 * configuration, is closed; one that others could already look into is refused. Throws StoreError with the command to type.
 */
export function openHome(home: string): void {
  try {
    makeFolder(home);
    if (isFresh(home)) chmodSync(home, 0o700);
  } catch (thrown) {
    throw new StoreError(`the home ${home} cannot be made: ${reason(thrown)}`, thrown);
  }
  checkHome(home);
}

/** Not `mkdir` with `recursive`: Node 26 never comes back from one below /proc. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST' || isLink(path)) throw thrown;
  }
}

/** Our own folder, open to us, and so far no secret of ours in it. One that its owner has closed to himself is meant to stay so. */
function isFresh(home: string): boolean {
  const seen = statSync(home);
  if (process.getuid?.() !== seen.uid || (seen.isDirectory() && (seen.mode & 0o700) !== 0o700)) return false;
  return readdirSync(home).every((name) => /^sallyport\.(ya?ml|json)$/.test(name));
}

/** Checks a home that is there: a folder, ours, closed to others, writable. Throws StoreError. */
export function checkHome(home: string): void {
  const seen = stat(home);
  if (seen && !seen.isDirectory()) throw new StoreError(`the home ${home} is not a folder`);
  refuseLoose(home, seen, 0o700);
  const probe = join(home, `.probe-${process.pid}`);
  try {
    closeSync(openSync(probe, 'w', 0o600));
    rmSync(probe);
  } catch (thrown) {
    throw new StoreError(`the home ${home} cannot be written: ${reason(thrown)}`, thrown);
  }
}

/** Refuses a file that group or others may read or write. Nothing to say about one that is not there. Throws StoreError. */
export function checkPrivate(path: string): void {
  refuseLoose(path, stat(path), 0o600);
}

/** The bytes of a private file, or those of `make()` written 0600 when there is none: two starters at once get the same. */
export function readOrMake(path: string, make: () => Uint8Array): Uint8Array {
  for (;;) {
    checkPrivate(path);
    try {
      return readFileSync(path);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw new StoreError(`${path} cannot be read: ${reason(thrown)}`, thrown);
    }
    createPrivate(path, make());
  }
}

/** Whole or not at all, 0600 from the first moment, never over a file that is there. */
function createPrivate(path: string, bytes: Uint8Array): void {
  const draft = `${path}.${process.pid}.new`;
  try {
    rmSync(draft, { force: true });
    const fd = openSync(draft, 'wx', 0o600);
    try {
      writeSync(fd, bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    linkSync(draft, path);
    syncFolder(dirname(path));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw new StoreError(`${path} cannot be written: ${reason(thrown)}`, thrown);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Sees on the disk which files a folder holds. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function stat(path: string): ReturnType<typeof statSync> | undefined {
  try {
    return statSync(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT' && !isLink(path)) return undefined;
    throw new StoreError(`${path} cannot be looked at: ${reason(thrown)}`, thrown);
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function refuseLoose(path: string, seen: ReturnType<typeof stat>, mode: number): void {
  // Windows has neither users by number nor such modes: its profile folder is closed to others by its access list.
  const me = process.getuid?.();
  if (!seen || me === undefined) return;
  const owner = Number(seen.uid);
  if (owner !== me && me !== 0) throw new StoreError(`${path} belongs to user ${owner}, not to you (user ${me})`);
  if ((Number(seen.mode) & 0o077) === 0) return;
  throw new StoreError(`${path} can be read by others: chmod ${mode.toString(8)} '${path.replaceAll("'", "'\\''")}'`);
}

/** Why a file or a database could not be used, in words that end a sentence. */
export function reason(thrown: unknown): string {
  const { code: given, message } = thrown as NodeJS.ErrnoException;
  const code = String(given);
  const words: Record<string, string> = {
    EACCES: 'permission denied',
    EPERM: 'not permitted',
    ENOTDIR: 'a part of the path is not a folder',
    EEXIST: 'a file stands there',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
    SQLITE_FULL: 'the disk is full',
    EISDIR: 'it is a folder',
    ENOENT: 'no such file or folder',
    ELOOP: 'its links go in a circle',
  };
  return words[code] ?? (code.startsWith('SQLITE_') ? message : code);
}
