// How this very installation is started by somebody else: the words, the folder of its Node, and whether root alone can change it.
// Must not start anything.
import { existsSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { CommandFailure, EXIT } from '../failure.ts';

/** The installation as a service starts it. */
export interface Program {
  /** Absolute paths: the program and what goes before the command. */
  readonly words: readonly string[];
  /** Where the Node is found that the launcher looks for in PATH; undefined where it needs none. */
  readonly nodeFolder: string | undefined;
  /** All it reads that somebody could put something else in the place of. */
  readonly files: readonly string[];
  /** Where `systemd/` and `launchd/` are. */
  readonly root: string;
}

/** `here` is the folder of the commands, `node` the program that runs us. */
export function ownProgram(here: string, node: string, path: string | undefined): Program {
  const launcher = join(here, 'sallyport');
  // A script that sh reads can lie anywhere; as a program of its own its path could not hold everything.
  if (existsSync(launcher)) {
    const root = dirname(here);
    const pinned = join(root, 'node_modules/.bin/node');
    const own = existsSync(pinned) ? pinned : undefined;
    return {
      words: ['/bin/sh', launcher],
      nodeFolder: own === undefined ? folderInPath(node, path) : undefined,
      files: [launcher, own ?? node],
      root,
    };
  }
  const bin = join(here, 'installed.js');
  return { words: [node, bin], nodeFolder: undefined, files: [bin, node], root: dirname(dirname(here)) };
}

/** The name under which it is found outlives an upgrade; the folder it really lies in does not. */
function folderInPath(node: string, path = ''): string {
  const named = path.split(delimiter).find((folder) => folder.startsWith('/') && leadsTo(join(folder, 'node'), node));
  return named ?? dirname(node);
}

function leadsTo(path: string, target: string): boolean {
  try {
    return realpathSync(path) === realpathSync(target);
  } catch {
    return false;
  }
}

/** Places that a unit for the whole machine does not see (ProtectHome=, PrivateTmp=). */
const HIDDEN = /^\/(?:home|root|run\/user|tmp|var\/tmp)(?=\/)/;

/** Refuses to have the whole machine run what a user could change, or the service could not read. Throws CommandFailure. */
export function checkForMachine({ files }: Program): void {
  for (const file of files) {
    for (const start of new Set([file, realpathSync(file)])) {
      const hidden = HIDDEN.exec(start)?.[0];
      if (hidden !== undefined) throw notForMachine(`a service of the machine does not see ${hidden}`);
      for (let path = start; ; path = dirname(path)) {
        const why = weakness(path);
        if (why !== undefined) throw notForMachine(`${path} ${why}`);
        if (path === dirname(path)) break;
      }
    }
  }
}

function weakness(path: string): string | undefined {
  const seen = statSync(path);
  if (seen.uid !== 0) return `belongs to user ${seen.uid}`;
  if ((seen.mode & 0o022) !== 0) return 'can be written by others than root';
  const needed = seen.isDirectory() ? 0o005 : 0o004;
  return (seen.mode & needed) === needed ? undefined : 'cannot be read by others than root';
}

function notForMachine(why: string): CommandFailure {
  return new CommandFailure(
    EXIT.failed,
    `${why}: for --system, install Sallyport where root alone can write and everybody can read, such as /opt or by npm install -g; or use --user`,
  );
}
