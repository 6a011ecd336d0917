// Changes to the system, each in the journal before its first step: files written and programs run, and the way back. A change that was made
// already is left alone; one that fails half-way is taken back at once. Must not know what the files and programs are for.
import { isDeepStrictEqual } from 'node:util';
import { CommandFailure, EXIT, explain } from '../failure.ts';
import type { FileUndo, Kind, Run, RunUndo, Undo } from './change.ts';
import { endOf, look, makeFolder, missingFolders, put, sha256 } from './files.ts';
import { type Doing, type Hands, mustRun, ownHands, refuseRootless } from './hands.ts';
import type { Entry, Journal } from './journal.ts';
import { carryOutUndo, takeBack } from './undo.ts';

/** A file to write. */
export interface FileToWrite {
  /** Absolute. Folders on the way are made; a link is followed. */
  readonly path: string;
  readonly content: string | Uint8Array;
  /** The permission bits, whatever the umask; left out: those of the file that is there, or 0644. */
  readonly mode?: number;
  /** A program may change it afterwards and takes its part back itself: then it is left without a word. */
  readonly byTool?: true | undefined;
}

/** A change to be made: first the files, then the programs. */
export interface Order {
  readonly by: Kind;
  /** Its name among those of its kind; the same name again is the same change. */
  readonly key: string;
  /** One sentence for people. */
  readonly what: string;
  readonly write?: readonly FileToWrite[];
  readonly run?: readonly Run[];
  /** Files that the programs change: they come back as they were, where nobody else has changed them since. */
  readonly touches?: readonly string[];
  /** Make it although the journal says that it is made: somebody took it away. */
  readonly again?: boolean;
  /** Run before the files are taken back, and after. Must be harmless where nothing was done: see `when` and `ifExists`. */
  readonly undoBefore?: readonly RunUndo[];
  readonly undoAfter?: readonly RunUndo[];
  /** What to do by hand where a program fails; left out: the command itself. */
  readonly manual?: string;
}

/** Whether anything was changed. */
export type Outcome = 'made' | 'unchanged';

/**
 * Makes the change. 'unchanged' where it is in force already, with the same files and programs. Made anew with others, it first takes back what
 * is no longer part of it. Throws CommandFailure when a step fails: it names the command, its exit code and the manual way, and everything is
 * as it was before the change was first made.
 */
export async function makeChange(
  journal: Journal,
  order: Order,
  tell: (line: string) => void = () => {},
  hands: Hands = ownHands(process.env),
): Promise<Outcome> {
  return journal.alone(async () => {
    const doing = { hands, tell, manual: order.manual };
    const found = journal.inForce(order.by).find(({ key }) => key === order.key);
    const files = (order.write ?? []).map((file) => ({ ...file, path: endOf(file.path), content: Buffer.from(file.content) }));
    const digest = sha256(JSON.stringify([files.map((f) => [f.path, sha256(f.content), f.mode]), order.run ?? []]));
    if (!order.again && found?.isDone && found.digest === digest && files.every(isThere)) return 'unchanged';
    for (const run of order.run ?? []) refuseRootless(run, hands);
    const touched = (order.touches ?? []).map(endOf).flatMap((path) => touchedUndo(path, found));
    const undo = [
      ...asRuns(order.undoBefore),
      ...fileUndos(files, found),
      ...touched,
      ...folderUndos(files, found),
      ...asRuns(order.undoAfter),
    ];
    const gone = (found?.undo ?? []).filter((old) => !undo.some((step) => isSame(step, old)));
    const change = { version: 1 as const, by: order.by, key: order.key, what: order.what, digest, isDone: false, undo: [...gone, ...undo] };
    const entry: Entry = found ? { ...change, id: found.id } : journal.plan(change);
    if (found) journal.revise(entry);
    let runs = found !== undefined;
    try {
      await carryOutUndo(gone, { hands, tell });
      for (const file of files) await write(file, doing);
      for (const run of order.run ?? []) {
        runs = true;
        await mustRun(run, doing);
      }
    } catch (thrown) {
      // Programs that take back what none has done might fail for the same reason.
      const back = runs ? entry : { ...entry, undo: entry.undo.filter(({ how }) => how !== 'run') };
      await rollBack(journal, back, doing, thrown);
    }
    journal.revise({
      ...entry,
      isDone: true,
      undo: undo.map((step) => ('wrote' in step && touched.includes(step) ? asTouched(step) : step)),
    });
    return 'made';
  });
}

type Ready = FileToWrite & { readonly content: Buffer };

function isThere({ path, content, mode }: Ready): boolean {
  const seen = look(path);
  return seen?.content.equals(content) === true && (mode === undefined || seen.mode === mode);
}

/** How the files come back, in reverse. */
function fileUndos(files: readonly Ready[], earlier: Entry | undefined): Undo[] {
  return files
    .map(({ path, content, byTool }): Undo => {
      const { wrote, ...before } = fileUndo(path, earlier);
      return { ...before, wrote: [...new Set([...wrote, sha256(content)])], ...(byTool && { byTool }) };
    })
    .reverse();
}

/** The way back to what there was before us: what an earlier attempt noted counts while the file is ours; what somebody made of it since counts otherwise. */
function fileUndo(path: string, earlier: Entry | undefined): FileUndo {
  const noted = earlier?.undo.find((undo): undo is FileUndo => 'wrote' in undo && undo.path === path);
  const seen = look(path);
  const wrote = noted?.wrote ?? [];
  if (noted && seen && wrote.includes(sha256(seen.content))) return noted;
  if (!seen) return { how: 'remove-file', path, wrote };
  return { how: 'restore-file', path, wrote, content: seen.content.toString('base64'), mode: seen.mode, uid: seen.uid, gid: seen.gid };
}

/** A file that a program is about to change. One that is not there yet, or cannot be read, is the program's own affair. */
function touchedUndo(path: string, earlier: Entry | undefined): FileUndo[] {
  const undo = fileUndo(path, earlier);
  return undo.how === 'restore-file' ? [{ ...undo, byTool: true }] : [];
}

/** What the program has made of it counts as ours. */
function asTouched(step: FileUndo): FileUndo {
  const seen = look(step.path);
  return seen ? { ...step, wrote: [...new Set([...step.wrote, sha256(seen.content)])] } : step;
}

/** The folders that are made, or were, innermost first. */
function folderUndos(files: readonly Ready[], earlier: Entry | undefined): Undo[] {
  const folders = new Set([
    ...(earlier?.undo.flatMap((undo) => (undo.how === 'remove-folder' ? [undo.path] : [])) ?? []),
    ...files.flatMap(({ path }) => missingFolders(path)),
  ]);
  return [...folders].sort((a, b) => b.length - a.length).map((path) => ({ how: 'remove-folder', path }));
}

/** Whether two steps are about the same: a file by its path, anything else by all it says. */
function isSame(one: Undo, other: Undo): boolean {
  if ('wrote' in one || 'wrote' in other) return 'wrote' in one && 'wrote' in other && one.path === other.path;
  return isDeepStrictEqual(one, other);
}

async function write(file: Ready, doing: Doing): Promise<void> {
  if (isThere(file)) return;
  const seen = look(file.path);
  const mode = file.mode ?? seen?.mode ?? 0o644;
  for (const folder of missingFolders(file.path)) await makeFolder(folder, (mode & 0o004) === 0 ? 0o700 : 0o755, doing);
  await put(file.path, { content: file.content, mode, ...(seen && { uid: seen.uid, gid: seen.gid }) }, doing);
}

function asRuns(runs: readonly RunUndo[] = []): Undo[] {
  return runs.map((run) => ({ how: 'run', ...run }));
}

/** Always throws: what went wrong, and what is left of it. */
async function rollBack(journal: Journal, entry: Entry, doing: Doing, thrown: unknown): Promise<never> {
  try {
    await takeBack(journal, entry, { hands: doing.hands, tell: () => {} });
  } catch (second) {
    throw new CommandFailure(
      EXIT.failed,
      `${explain(thrown).line}; and taking back what was done failed too: ${explain(second).line}; sallyport uninstall tries again`,
    );
  }
  throw thrown;
}
