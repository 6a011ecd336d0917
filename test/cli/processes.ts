// Programs that a stage runs: started in a group of their own, waited for, and ended with all they started.
// Must not know what they are.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

/** A program that runs, and what it has said so far. */
export interface Run {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** Starts a program in a group of its own, with exactly these variables; `input` is all it finds on standard input. `uid`: as that user. */
export function start(command: readonly string[], cwd: string, env: Readonly<Record<string, string>>, input?: string, uid?: number): Run {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const child = spawn(command[0]!, command.slice(1), {
    cwd,
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(uid && { uid, gid: uid }),
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  child.stdout.on('data', (d: Buffer) => out.push(d));
  child.stderr.on('data', (d: Buffer) => err.push(d));
  child.on('error', (error) => err.push(Buffer.from(String(error))));
  return { child, stdout: () => Buffer.concat(out).toString(), stderr: () => Buffer.concat(err).toString() };
}

/** Waits for the end, then ends what is left of the group. True when time was up. */
export async function ended(child: ChildProcess, limitMs: number): Promise<boolean> {
  const gone =
    child.exitCode !== null || child.signalCode !== null || child.pid === undefined
      ? Promise.resolve()
      : once(child, 'exit').then(() => {});
  const late = new AbortController();
  const timedOut = await Promise.race([gone.then(() => false), pause(limitMs, true, { signal: late.signal }).catch(() => false)]);
  late.abort();
  if (timedOut) {
    signalGroup(child, 'SIGTERM');
    await Promise.race([gone, pause(3_000)]);
  }
  signalGroup(child, 'SIGKILL');
  await gone;
  return timedOut;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid) process.kill(-child.pid, signal);
  } catch {
    // The group is empty.
  }
}
