// What a crash left behind: a process id and a socket of nobody, drafts that were never put in place, folders for a moment that stayed.
// Must not call anything a leftover that a process which still runs may have made.
import { lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from '../../src/store/lock.ts';
import { type Finding, found } from './finding.ts';

/** Where to look. */
export interface LeftoverPlaces {
  readonly home: string;
  /** Folder for temporary files. */
  readonly temporary: string;
  readonly isRunning: boolean;
  readonly nowMs: number;
}

const HOUR_MS = 3_600_000;
/** Written by a process whose number is in the name, then renamed or removed. */
const DRAFT = /\.(\d+)\.(?:new|draft)$|^\.probe-(\d+)$/;
/** Folders of commands, which live for seconds. */
const FOLDER = /^sallyport-(?:(?:demo|probe)-)?\w{6}$/;
const OF_A_DAEMON = ['daemon.pid', 'control.sock'];

/** One finding, with what there is. */
export function checkLeftovers(places: LeftoverPlaces): Finding {
  const left = leftovers(places);
  if (left.length === 0) return found.ok('leftovers', 'none of a crash');
  const run = () => {
    const still = leftovers(places);
    for (const path of still) rmSync(path, { recursive: true, force: true });
    return still.length > 0;
  };
  const text = `of a process that has ended: ${left.join(', ')}`;
  return { ...found.warn('leftovers', text, 'sallyport doctor --fix'), repair: { what: `removed ${left.join(', ')}`, run } };
}

function leftovers({ home, temporary, isRunning, nowMs }: LeftoverPlaces): readonly string[] {
  const inHome = names(home);
  const drafts = inHome.filter((name) => {
    const [, draft, probe] = DRAFT.exec(name) ?? [];
    return (draft ?? probe) !== undefined && !isAlive(Number(draft ?? probe));
  });
  const ofDaemon = isRunning ? [] : OF_A_DAEMON.filter((name) => inHome.includes(name));
  const stale = ofDaemon.length > 0 && isFree(home) ? ofDaemon : [];
  const folders = names(temporary).filter((name) => FOLDER.test(name) && isOldAndOurs(join(temporary, name), nowMs));
  return [...[...drafts, ...stale].map((name) => join(home, name)), ...folders.map((name) => join(temporary, name))];
}

/** No daemon holds the home, nor is one just starting. */
function isFree(home: string): boolean {
  const pid = Number(text(join(home, 'daemon.pid')));
  // Taking the lock would make its file.
  if (!names(home).includes('daemon.lock')) return !(pid > 0 && isAlive(pid));
  try {
    const lock = takeLock(join(home, 'daemon.lock'));
    lock?.close();
    return lock !== undefined;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function isOldAndOurs(path: string, nowMs: number): boolean {
  const seen = lstatSync(path, { throwIfNoEntry: false });
  if (!seen?.isDirectory()) return false;
  return nowMs - seen.mtimeMs > HOUR_MS && (process.getuid === undefined || seen.uid === process.getuid());
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
