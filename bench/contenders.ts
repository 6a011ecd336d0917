// Who is compared: nothing in between, http-mitm-proxy, mockttp and Sallyport as it is started from a checkout, each in its own process.
// Must not know what is measured.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** A running contender. */
export interface Running {
  /** undefined: no proxy. */
  readonly proxyPort: number | undefined;
  readonly pid: number | undefined;
  /** From spawn to listening, ms. */
  readonly startMs: number | undefined;
  stop(): Promise<void>;
}

/** Everyone's common ground: a folder with upstream.pem (its CA: ca.pem), and the name the upstream answers to. */
export interface Ground {
  readonly work: string;
  readonly host: string;
}

/** Name -> how to start it, in the order of the table. */
export const CONTENDERS: Readonly<Record<string, (ground: Ground) => Promise<Running>>> = {
  direct: async () => ({ proxyPort: undefined, pid: undefined, startMs: undefined, stop: async () => {} }),
  'http-mitm-proxy': (ground) => startPeer('http-mitm-proxy', ground),
  mockttp: (ground) => startPeer('mockttp', ground),
  sallyport: startSallyport,
};

const here = import.meta.dirname;

async function startPeer(name: string, { work }: Ground): Promise<Running> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [join(here, 'peers', `${name}.ts`), work, join(work, 'ca.pem')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const proxyPort = Number(await firstLine(child));
  return { proxyPort, pid: child.pid, startMs: performance.now() - startedMs, stop: () => stop(child, 'SIGKILL') };
}

async function startSallyport({ work, host }: Ground): Promise<Running> {
  const ready = join(work, 'ready.json');
  rmSync(ready, { force: true });
  const args = ['start', '--foreground', '--home', join(work, 'home'), '--listen', '127.0.0.1:0', '--ready-file', ready];
  const names = ['--connect-to', `${host}=127.0.0.1`, '--upstream-ca', join(work, 'ca.pem'), '--log-level', 'warn'];
  const startedMs = performance.now();
  const child = spawn(join(here, '../cmd/sallyport'), [...args, ...names], { stdio: ['ignore', 'ignore', 'inherit'] });
  const { listen, pid } = await readyFile(ready, child);
  const startMs = performance.now() - startedMs;
  return { proxyPort: Number(/:(\d+)$/.exec(listen)?.[1]), pid, startMs, stop: () => stop(child, 'SIGTERM') };
}

/** Waits for the daemon's ready file, which is written in one piece or not at all. */
async function readyFile(file: string, child: ChildProcess): Promise<{ listen: string; pid: number }> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`sallyport ended with exit code ${child.exitCode}`);
    if (existsSync(file)) {
      const text = readFileSync(file, 'utf8');
      if (text.includes('}')) return JSON.parse(text);
    }
    await wait(2);
  }
}

/** The first line a child prints. Rejects when it ends without one. */
export async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const part of child.stdout ?? []) {
    text += String(part);
    if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
  }
  throw new Error(`a process ended before it was ready (exit code ${child.exitCode})`);
}

/** Ends a child and waits for its end. */
export async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const ended = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timer);
}
