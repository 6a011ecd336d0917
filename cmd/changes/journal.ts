// The journal of changes to the system: `<home>/changes/000001.json`, one file a change, on the disk before the change is made and gone after
// it was taken back. Every file is whole or not there. Must not make or take back anything itself.
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openHome, reason, syncFolder } from '../../src/store/home.ts';
import { takeLock } from '../../src/store/lock.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { CHANGE, type Change, type Kind } from './change.ts';

/** A change that is in force, or was when somebody was interrupted. */
export interface Entry extends Change {
  /** `000001`: later ones are higher. */
  readonly id: string;
}

/** The journal of one home. */
export interface Journal {
  readonly home: string;
  /** Those of one kind, or all; newest first. Throws CommandFailure where one cannot be read. */
  inForce(by?: Kind): readonly Entry[];
  /** Writes it down, fsynced, before it is made. */
  plan(change: Change): Entry;
  /** Writes it down anew, in its place. */
  revise(entry: Entry): void;
  /** After it was taken back. Nothing to do where it is forgotten already. */
  forget(id: string): void;
  /** Runs `act` while nobody else changes the system from this home. Throws CommandFailure where somebody does. */
  alone<T>(act: () => Promise<T>): Promise<T>;
}

const NAME = /^(\d{6})\.json$/;

/** The journal of a home. Nothing is made before the first plan. */
export function openJournal(home: string): Journal {
  const folder = join(home, 'changes');
  const pathOf = (id: string) => join(folder, `${id}.json`);
  const ids = () => namesIn(folder).flatMap((name) => NAME.exec(name)?.[1] ?? []);
  const makeFolder = () => {
    openHome(home);
    mkdirSync(folder, { mode: 0o700, recursive: true });
    refuseForeign(folder);
    syncFolder(home);
  };

  return {
    home,
    inForce: (by) => {
      refuseForeign(folder);
      return ids()
        .sort()
        .reverse()
        .flatMap((id) => {
          const change = read(pathOf(id));
          return change && (by === undefined || change.by === by) ? [{ id, ...change }] : [];
        });
    },
    plan: (change) =>
      writing(folder, () => {
        makeFolder();
        const draft = writeDraft(folder, change);
        try {
          for (let next = Math.max(0, ...ids().map(Number)) + 1; ; next++) {
            const id = String(next).padStart(6, '0');
            try {
              linkSync(draft, pathOf(id));
              return { id, ...change };
            } catch (thrown) {
              if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
            }
          }
        } finally {
          rmSync(draft, { force: true });
          syncFolder(folder);
        }
      }),
    revise: ({ id, ...change }) =>
      writing(folder, () => {
        renameSync(writeDraft(folder, change), pathOf(id));
        syncFolder(folder);
      }),
    forget: (id) =>
      writing(folder, () => {
        rmSync(pathOf(id), { force: true });
        syncFolder(folder);
      }),
    alone: async (act) => {
      makeFolder();
      const lock = takeLock(join(folder, 'lock'));
      if (!lock) throw new CommandFailure(EXIT.failed, 'another command is changing the system just now: try again when it is done');
      try {
        return await act();
      } finally {
        lock.close();
      }
    },
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new CommandFailure(EXIT.failed, `the journal ${folder} cannot be read: ${reason(thrown)}`);
  }
}

/** What it says is carried out with our rights, so nobody else may have written it: not even for root. */
function refuseForeign(path: string): void {
  const seen = lstatSync(path, { throwIfNoEntry: false });
  const me = process.getuid?.();
  if (!seen || me === undefined) return;
  if (seen.uid !== me) throw new CommandFailure(EXIT.failed, `${path} belongs to user ${seen.uid}: take its changes back as that user`);
  if ((seen.mode & 0o022) !== 0) throw new CommandFailure(EXIT.failed, `${path} can be written by others: look at it, then chmod go-w it`);
}

/** Undefined where it was forgotten meanwhile. */
function read(path: string): Change | undefined {
  refuseForeign(path);
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, 'utf8'));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const why = thrown instanceof SyntaxError ? 'it was changed by hand' : reason(thrown);
    throw new CommandFailure(EXIT.failed, `${path} cannot be read (${why}): mend it, or move it away and take back by hand what it names`);
  }
  const parsed = CHANGE.safeParse(found);
  if (parsed.success) return parsed.data;
  throw new CommandFailure(
    EXIT.failed,
    `${path} says something that this version does not know: use the version that wrote it, or move it away and take back by hand what it names`,
  );
}

function writeDraft(folder: string, change: Change): string {
  const draft = join(folder, `${process.pid}.new`);
  rmSync(draft, { force: true });
  const fd = openSync(draft, 'wx', 0o600);
  try {
    writeFileSync(fd, JSON.stringify(change));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return draft;
}

function writing<T>(folder: string, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === undefined) throw thrown;
    throw new CommandFailure(EXIT.failed, `the journal ${folder} cannot be written: ${reason(thrown)}; nothing was changed`);
  }
}
