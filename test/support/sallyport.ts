// Runs the real launcher as a user would, with a HOME of its own. Must not know what any command does.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { LAUNCHER } from './daemon-process.ts';
import { scratchFolder } from './folder.ts';

export interface Ran {
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface UserOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Written to standard input, which then ends. */
  readonly input?: string;
}

/** A user on this machine: a HOME and a sallyport home of their own. Daemons they leave running are ended with the test. */
export interface User {
  readonly folder: string;
  /** `--home` of every call. */
  readonly home: string;
  /** Runs `sallyport WORDS --home HOME` to its end. `--home` goes before a `--`. */
  run(words: readonly string[], options?: UserOptions): Promise<Ran>;
  /** The same, not waited for. */
  spawn(words: readonly string[], options?: UserOptions): Running;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  stdout(): string;
  stderr(): string;
}

/** A fresh one, gone with the test. */
export function newUser(): User {
  const folder = scratchFolder();
  const home = join(folder, 'home');
  const start = (words: readonly string[], options: UserOptions = {}): Running => {
    const gap = words.indexOf('--');
    const own = gap < 0 ? words : words.slice(0, gap);
    const args = [...own, '--home', home, ...(gap < 0 ? [] : words.slice(gap))];
    // Nothing of the tester's own proxy or CA variables gets in.
    const env = { PATH: process.env.PATH ?? '', HOME: folder, ...options.env };
    const child = spawn(LAUNCHER, args, { cwd: options.cwd ?? folder, env, stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    onTestFinished(() => void child.kill('SIGKILL'));
    const stdout = () => Buffer.concat(out).toString();
    const stderr = () => Buffer.concat(err).toString();
    const ended = once(child, 'close').then(([code, signal]): Ran => ({ code: code ?? signal, stdout: stdout(), stderr: stderr() }));
    return { child, ended, stdout, stderr };
  };
  onTestFinished(() => killDaemon(home));
  return { folder, home, run: (words, options) => start(words, options).ended, spawn: start };
}

/** The process id of the daemon of a home; undefined where none left one. */
export function daemonPid(home: string): number | undefined {
  const file = join(home, 'daemon.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
}

function killDaemon(home: string): void {
  const pid = daemonPid(home);
  if (!pid) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It had ended.
  }
}

/** Words that let the system choose the port. */
export const FREE = ['--listen', '127.0.0.1:0'];

/** Whether the process is there and not merely waiting to be reaped. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z';
  } catch {
    return false;
  }
}

/** JSON that a command printed. */
export function json<T = Record<string, never>>(text: string): T {
  return JSON.parse(text) as T;
}
