// Runs a program that prints a secret: no shell, nothing on its input, its error output thrown away since it may hold what nobody
// should read. When it takes too long or prints too much it ends, with whatever it started.
import { type ChildProcess, spawn } from 'node:child_process';
import { Unresolved, withoutLineEnd } from './reference.ts';

/** How a program is run. */
export interface RunOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What to do where it is not found. */
  readonly otherwise: string | undefined;
  readonly signal: AbortSignal;
}

const MAX_BYTES = 64 * 1024;

/** What it printed, as UTF-8 without the last line end. Rejects with Unresolved for any other end than exit code 0; with the signal's reason when it aborts. */
export function run(words: readonly string[], { environment, otherwise, signal }: RunOptions): Promise<string> {
  const [program = '', ...rest] = words;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // A group of its own, so that it can be ended with all that it started.
    const child = spawn(program, rest, { detached: GROUPS, stdio: ['ignore', 'pipe', 'ignore'], env: environment as NodeJS.ProcessEnv });
    const pieces: Buffer[] = [];
    let size = 0;
    const settle = (act: () => void) => {
      signal.removeEventListener('abort', abort);
      act();
    };
    const end = (why: unknown) => {
      kill(child);
      // Something that left the group may hold the other end, and is not waited for.
      child.stdout?.destroy();
      settle(() => reject(why));
    };
    const abort = () => end(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    child.once('error', (error) => settle(() => reject(new Unresolved(whyNot(program, error, otherwise)))));
    child.stdout?.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > MAX_BYTES) end(new Unresolved(`${program} printed more than 64 KiB`));
      else pieces.push(piece);
    });
    child.once('close', (code, killed) =>
      settle(() => {
        if (code === 0) resolve(withoutLineEnd(Buffer.concat(pieces).toString()));
        else reject(new Unresolved(`${program} ended with ${killed ?? `exit code ${code}`}; run it in a terminal to see why`));
      }),
    );
  });
}

const GROUPS = process.platform !== 'win32';

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (GROUPS) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // It had ended.
  }
}

function whyNot(program: string, { code }: NodeJS.ErrnoException, otherwise: string | undefined): string {
  if (code === 'ENOENT') return `the program ${program} was not found${otherwise === undefined ? '' : `: ${otherwise}`}`;
  return `the program ${program} cannot be run (${code})`;
}
