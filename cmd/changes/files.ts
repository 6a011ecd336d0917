// Files and folders of the system: looked at, put in place whole, taken away. Where they are not ours to write, root's own programs do the
// same. Must not know the journal.
import { createHash } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { reason, syncFolder } from '../../src/store/home.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { type Doing, isRoot, mustRun } from './hands.ts';

/** A file as it is. */
export interface Seen {
  readonly content: Buffer;
  /** The permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Hex SHA-256. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Where a path leads in the end, so that a link stays one. Throws CommandFailure where it leads nowhere. */
export function endOf(path: string): string {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return path;
  return reaching(path, () => realpathSync(path));
}

/** The file, or undefined where there is none. Throws CommandFailure for what is no file or cannot be read. */
export function look(path: string): Seen | undefined {
  return reaching(path, () => {
    const seen = lstatSync(path, { throwIfNoEntry: false });
    if (!seen) return undefined;
    if (!seen.isFile()) throw new CommandFailure(EXIT.failed, `${path} is no regular file, so it is left alone`);
    return { content: readFileSync(path), mode: seen.mode & 0o7777, uid: seen.uid, gid: seen.gid };
  });
}

/** The folders on the way to a path that are not there, outermost first. */
export function missingFolders(path: string): readonly string[] {
  const folder = dirname(path);
  if (folder === path || reaching(folder, () => lstatSync(folder, { throwIfNoEntry: false }))) return [];
  return [...missingFolders(folder), folder];
}

/** One folder, in one that is there. Nothing to do where it is. */
export async function makeFolder(path: string, mode: number, doing: Doing): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })) return;
  if (needsRoot(dirname(path), doing)) return mustRun({ argv: ['mkdir', '-m', octal(mode), '--', path], root: true }, doing);
  writing(path, () => {
    mkdirSync(path, { mode });
    const fd = openSync(path, 'r');
    // The umask takes bits away.
    fchmodSync(fd, mode);
    closeSync(fd);
    syncFolder(dirname(path));
  });
}

/** The file, whole or as it was. Without an owner it is ours, or root's where root has to write it. */
export async function put(path: string, file: Omit<Seen, 'uid' | 'gid'> & Partial<Seen>, doing: Doing): Promise<void> {
  const { content, mode, uid, gid } = file;
  const draft = draftOf(path);
  const isForeign = uid !== undefined && doing.hands.userId !== undefined && uid !== doing.hands.userId;
  if (needsRoot(dirname(path), doing) || (isForeign && doing.hands.userId !== 0)) {
    if ((mode & 0o004) === 0) {
      await mustRun({ argv: ['touch', '--', draft], root: true }, doing);
      await mustRun({ argv: ['chmod', '0600', '--', draft], root: true }, doing);
    }
    await mustRun({ argv: ['tee', '--', draft], input: content, root: true }, doing);
    if (uid !== undefined && gid !== undefined) await mustRun({ argv: ['chown', `${uid}:${gid}`, '--', draft], root: true }, doing);
    await mustRun({ argv: ['chmod', octal(mode), '--', draft], root: true }, doing);
    return mustRun({ argv: ['mv', '-f', '--', draft, path], root: true }, doing);
  }
  writing(path, () => {
    rmSync(draft, { force: true });
    const fd = openSync(draft, 'wx', 0o600);
    try {
      writeFileSync(fd, content);
      if (uid !== undefined && gid !== undefined) fchownSync(fd, uid, gid);
      fchmodSync(fd, mode);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
    syncFolder(dirname(path));
  });
}

/** Takes a file away. Nothing to do where there is none. */
export async function remove(path: string, doing: Doing): Promise<void> {
  if (!lstatSync(path, { throwIfNoEntry: false })) return;
  if (needsRoot(dirname(path), doing)) return mustRun({ argv: ['rm', '-f', '--', path], root: true }, doing);
  writing(path, () => {
    rmSync(path);
    syncFolder(dirname(path));
  });
}

/** Takes a folder away if it is empty. True when it was. */
export async function removeFolder(path: string, doing: Doing): Promise<boolean> {
  const seen = lstatSync(path, { throwIfNoEntry: false });
  if (!seen?.isDirectory() || reaching(path, () => readdirSync(path)).length > 0) return false;
  if (needsRoot(dirname(path), doing)) await mustRun({ argv: ['rmdir', '--', path], root: true }, doing);
  else writing(path, () => rmdirSync(path));
  return true;
}

/** Where a file is written before it takes its place. Hidden, and with an ending that no folder of drop-ins reads. */
export function draftOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.sallyport-new`);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function needsRoot(folder: string, { hands }: Doing): boolean {
  if (isRoot(hands)) return false;
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EACCES') return true;
    throw new CommandFailure(EXIT.failed, `${folder} cannot be written: ${reason(thrown)}`);
  }
}

function reaching<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    if (thrown instanceof CommandFailure) throw thrown;
    throw new CommandFailure(EXIT.failed, `${path} cannot be looked at: ${reason(thrown)}`);
  }
}

function writing<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    throw new CommandFailure(EXIT.failed, `${path} cannot be written: ${reason(thrown)}`);
  }
}
