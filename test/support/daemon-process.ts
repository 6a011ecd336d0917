// The real daemon as its own process: cmd/sallyport start --foreground with a fresh home and a port of its own choosing.
// For what only a process has: signals, exit codes, files, standard error.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Address } from './client.ts';

export interface DaemonProcessOptions {
  /** Kept by the caller; a fresh one is made and removed without it. */
  readonly home?: string;
  /** Where every name is dialled. */
  readonly upstream?: Address;
  /** PEM of further roots for upstreams. */
  readonly upstreamCa?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly startMs?: number;
}

export interface DaemonProcess extends Address {
  /** PEM that clients must trust. */
  readonly ca: string;
  readonly home: string;
  /** Path of the control socket. */
  readonly control: string;
  readonly child: ChildProcess;
  /** Standard output and error so far. */
  output(): string;
  /** Signals and waits for the exit; gives the exit code, or the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

export const LAUNCHER = join(import.meta.dirname, '../../cmd/sallyport');

/** Starts the daemon and waits for its ready file. Rejects with its output when it ends first. */
export async function startDaemonProcess(options: DaemonProcessOptions = {}): Promise<DaemonProcess> {
  const scratch = mkdtempSync(join(tmpdir(), 'sp-start-'));
  const home = options.home ?? join(scratch, 'home');
  const ready = join(scratch, 'ready.json');
  const args = ['start', '--foreground', '--home', home, '--listen', '127.0.0.1:0', '--ready-file', ready];
  if (options.upstream) args.push('--connect-to', `*=${options.upstream.host}:${options.upstream.port}`);
  if (options.upstreamCa) {
    const file = join(scratch, 'upstream-ca.pem');
    writeFileSync(file, options.upstreamCa);
    args.push('--upstream-ca', file);
  }
  const env = { PATH: process.env.PATH ?? '', HOME: scratch, ...options.env };
  const child = spawn(LAUNCHER, [...args, ...(options.args ?? [])], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (d: Buffer) => chunks.push(d));
  child.stderr.on('data', (d: Buffer) => chunks.push(d));
  const output = () => Buffer.concat(chunks).toString();
  const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);

  const facts = await readyFacts(ready, child, options.startMs ?? 15_000);
  if (!facts) {
    child.kill('SIGKILL');
    const code = await exited;
    rmSync(scratch, { recursive: true, force: true });
    throw new Error(`the daemon did not become ready (${code}): ${output()}`);
  }
  const { host, port } = parseListen(facts.listen);
  return {
    host,
    port,
    ca: readFileSync(facts.ca, 'utf8'),
    home,
    control: facts.control,
    child,
    output,
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const code = await exited;
      rmSync(scratch, { recursive: true, force: true });
      return code;
    },
  };
}

interface ReadyFacts {
  readonly listen: string;
  readonly ca: string;
  readonly control: string;
}

async function readyFacts(file: string, child: ChildProcess, limitMs: number): Promise<ReadyFacts | undefined> {
  const end = performance.now() + limitMs;
  while (child.exitCode === null && child.signalCode === null && performance.now() < end) {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as ReadyFacts;
    } catch {
      await pause(20);
    }
  }
  return undefined;
}

function parseListen(text: string): Address {
  const m = /^(?:https?:\/\/)?(.+):(\d+)\/?$/.exec(text)!;
  return { host: m[1]!, port: Number(m[2]) };
}
