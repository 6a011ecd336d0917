// Takes changes back, newest first, by what the journal says of them. A file that somebody else has changed since is left alone and told.
// Every step may have been done already: a second time, or after a crash in the middle, it does what is left.
import { existsSync } from 'node:fs';
import { CommandFailure, EXIT, explain } from '../failure.ts';
import type { FileUndo, Kind, RunUndo, Undo } from './change.ts';
import { draftOf, look, put, remove, removeFolder, sha256 } from './files.ts';
import { carryOut, type Doing, type Hands, mustRun, ownHands } from './hands.ts';
import type { Entry, Journal } from './journal.ts';

/** What came of it. */
export interface Undone {
  /** What was taken back, in the words of each change. */
  readonly done: readonly string[];
  /** Files that are no longer as we wrote them, and stay. */
  readonly left: readonly string[];
  /** One line a change that could not be taken back; it stays in the journal. */
  readonly failed: readonly string[];
}

/**
 * Takes back the changes of one kind, or all. `only` picks among them. One that fails does not keep the others. `tell` hears one line a change.
 * Throws CommandFailure where the journal cannot be read.
 */
export async function undoAll(
  journal: Journal,
  by: Kind | 'all',
  tell: (line: string) => void,
  hands: Hands = ownHands(process.env),
  only: (entry: Entry) => boolean = () => true,
): Promise<Undone> {
  const kind = by === 'all' ? undefined : by;
  if (journal.inForce(kind).length === 0) return { done: [], left: [], failed: [] };
  return journal.alone(async () => {
    const done: string[] = [];
    const left: string[] = [];
    const failed: string[] = [];
    for (const entry of journal.inForce(kind).filter(only)) {
      try {
        const stays = await takeBack(journal, entry, { hands, tell });
        left.push(...stays);
        done.push(entry.what);
        tell(`taken back: ${entry.what}`);
        for (const path of stays) tell(`left as it is, since it was changed after us: ${path}`);
      } catch (thrown) {
        failed.push(`${entry.what}: ${explain(thrown).line}`);
      }
    }
    return { done, left, failed };
  });
}

/** Takes one change back and forgets it; the paths of files that stay. Throws CommandFailure: then it stays in the journal. */
export async function takeBack(journal: Journal, entry: Entry, doing: Doing): Promise<readonly string[]> {
  const left = await carryOutUndo(entry.undo, doing);
  journal.forget(entry.id);
  return left;
}

/** Carries out some steps in their order; the paths of files that stay. */
export async function carryOutUndo(steps: readonly Undo[], doing: Doing): Promise<readonly string[]> {
  const left: string[] = [];
  for (const undo of steps) {
    if (undo.how === 'run') await runBack(undo, doing);
    else if (undo.how === 'remove-folder') await removeFolder(undo.path, doing);
    else if (!(await fileBack(undo, doing)) && !undo.byTool) left.push(undo.path);
  }
  return left;
}

/** False for a file that stays. */
async function fileBack(undo: FileUndo, doing: Doing): Promise<boolean> {
  const { path, wrote } = undo;
  await remove(draftOf(path), doing);
  const seen = lookOrNot(path);
  const before = undo.how === 'restore-file' ? Buffer.from(undo.content, 'base64') : undefined;
  if (seen === 'foreign') return false;
  if (seen && wrote.includes(sha256(seen.content))) {
    if (undo.how === 'restore-file') await put(path, { ...undo, content: before! }, doing);
    else await remove(path, doing);
    return true;
  }
  // It may never have come so far, or have been taken back already.
  return before === undefined ? seen === undefined : seen?.content.equals(before) === true;
}

/** A folder or a link that stands there now is not ours. */
function lookOrNot(path: string): ReturnType<typeof look> | 'foreign' {
  try {
    return look(path);
  } catch (thrown) {
    if (thrown instanceof CommandFailure) return 'foreign';
    throw thrown;
  }
}

async function runBack(undo: RunUndo, doing: Doing): Promise<void> {
  const { ifExists, when, fine, ...run } = undo;
  if (ifExists !== undefined && !existsSync(ifExists)) return;
  if (when !== undefined) {
    const { code } = await carryOut(when, doing.hands, doing.tell);
    if (code === 127) throw new CommandFailure(EXIT.failed, `${when.argv[0]} is not there any more: put it back, then try again`);
    if (code !== 0) return;
  }
  await mustRun(run, doing, fine);
}
