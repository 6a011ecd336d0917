// A program of somebody else's, run for what it says: an array of arguments and no shell, a deadline for it and all it started, and no more
// than so much of its output. Must not print any of that, which may hold what its environment holds.
import { type ChildProcess, spawn } from 'node:child_process';

/** What a program is run with. */
export interface BoundedOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Written to its standard input, which then ends. */
  readonly input?: string;
  readonly timeoutMs: number;
}

/** How it went. */
export interface Ended {
  /** Undefined: it did not start, was ended by a signal, or was late. */
  readonly exitCode: number | undefined;
  readonly isLate: boolean;
  /** The first 64 KiB of each. */
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_BYTES = 65_536;

/** Never rejects. Whatever it started dies with it when it is late. */
export function runBounded(file: string, args: readonly string[], options: BoundedOptions): Promise<Ended> {
  return new Promise((resolve) => {
    const failed = { exitCode: undefined, isLate: false, stdout: '', stderr: '' };
    let child: ChildProcess;
    try {
      child = spawn(file, args, {
        cwd: options.cwd,
        env: options.environment as NodeJS.ProcessEnv,
        stdio: ['pipe', 'pipe', 'pipe'],
        // A group of its own, so that a wrapper's children can be ended with it.
        detached: process.platform !== 'win32',
        windowsHide: true,
      });
    } catch {
      // Windows starts no .cmd file this way, and nobody a name with a NUL in it.
      return resolve(failed);
    }
    const [stdout, stderr] = [keep(child.stdout!), keep(child.stderr!)];
    const end = (exitCode: number | undefined, isLate: boolean) => {
      clearTimeout(timer);
      for (const stream of [child.stdin!, child.stdout!, child.stderr!]) stream.destroy();
      child.unref();
      resolve({ exitCode, isLate, stdout: stdout(), stderr: stderr() });
    };
    const timer = setTimeout(() => {
      kill(child);
      end(undefined, true);
    }, options.timeoutMs);
    child.once('error', () => end(undefined, false));
    child.once('close', (code) => end(code ?? undefined, false));
    child.stdin!.on('error', () => undefined);
    child.stdin!.end(options.input ?? '');
  });
}

function keep(stream: NodeJS.ReadableStream): () => string {
  const pieces: Buffer[] = [];
  let size = 0;
  stream.on('error', () => undefined);
  stream.on('data', (piece: Buffer) => {
    if (size < MAX_BYTES) pieces.push(piece.subarray(0, MAX_BYTES - size));
    size += piece.length;
  });
  return () => Buffer.concat(pieces).toString('utf8');
}

function kill(child: ChildProcess): void {
  try {
    if (process.platform !== 'win32' && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // It has ended just now.
  }
}
