// A daemon in a process of its own: started, waited for until it listens, then left alone. Must not pass settings on the
// command line, where everybody could read them: they go through the channel between the two processes.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Config } from '../src/config.ts';
import { SECRET_VARIABLES } from '../src/proxy/references/kinds.ts';
import { parseTemplate, variablesOf } from '../src/rules/template.ts';
import { openHome } from '../src/store/home.ts';
import { withCompileCache } from './compile-cache.ts';
import { CommandFailure, EXIT, type Explained } from './failure.ts';
import { checkFirstStart } from './first-start.ts';
import { logPath, openLogFile } from './log-sink.ts';
import { nodeOptions } from './node-options.ts';
import { withPassphrase } from './passphrase.ts';
import { announce, checkReadyPlace, type Ready } from './ready.ts';
import { type Invocation, loadSettings } from './settings.ts';
import { variablesInVault } from './vault/names.ts';

/** What the child is told. */
export interface Order {
  readonly invocation: Invocation;
  readonly isEphemeral: boolean;
}

/** What the child answers, once. */
export type Answer = { readonly ready: Ready } | Explained;

const START_MS = 30_000;

/** Starts the daemon and waits until it listens. Rejects with CommandFailure and the child's own line. */
export async function startBackground(invocation: Invocation, isEphemeral: boolean): Promise<Ready> {
  // Mistakes in the settings are found here, where the user sees them at once.
  const loaded = loadSettings(invocation);
  const { config } = loaded;
  const { home } = config;
  if (!isEphemeral) checkReadyPlace(config);
  await checkFirstStart(loaded, isEphemeral);
  openHome(home);
  const told = await withPassphrase(invocation);
  const log = openLogFile(home);
  const child = launch(home, log, withoutOurs(invocation.environment, config));
  closeSync(log);
  try {
    const answer = await answerOf(child, { invocation: told, isEphemeral }, home);
    if (!('ready' in answer)) throw new CommandFailure(answer.exitCode, answer.line, answer.reason);
    // Here, since the descriptor is ours and the child has none of it.
    if (!isEphemeral) announce(config, answer.ready);
    return answer.ready;
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** The other side: gets its order. Must be the first thing the child does. */
export function takeOrder(): Promise<Order> {
  return new Promise((resolve, reject) => {
    if (!process.send) {
      reject(new CommandFailure(EXIT.usage, 'this command is for `start` alone'));
      return;
    }
    process.once('message', (message) => resolve(message as Order));
    process.once('disconnect', () => reject(new CommandFailure(EXIT.failed, 'whoever started this daemon has gone')));
  });
}

/** The other side: answers and lets go of its starter. */
export function giveAnswer(answer: Answer): Promise<void> {
  // The typings leave out the form with two arguments.
  const send = process.send as ((message: Answer, sent: () => void) => void) | undefined;
  return new Promise((resolve) => {
    send?.call(process, answer, () => {
      process.removeAllListeners('disconnect');
      if (process.connected) process.disconnect?.();
      resolve();
    });
  });
}

/** Keys and settings go through the channel: what a process was started with stays readable in the system's tables as long as it lives. */
function withoutOurs(environment: Invocation['environment'], { home, inject }: Config): Invocation['environment'] {
  const injected = inject.flatMap(({ value }) => variablesOf(parseTemplate(value)));
  const keys = new Set([...SECRET_VARIABLES, ...injected, ...variablesInVault(home)]);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !keys.has(name) && !name.startsWith('SALLYPORT_')));
}

/** No core dumps, no debugger by signal, nothing from NODE_OPTIONS: its memory holds keys. */
function launch(home: string, log: number, environment: Invocation['environment']): ChildProcess {
  const script = join(import.meta.dirname, `sallyport${extname(import.meta.filename)}`);
  const node = [...nodeOptions(), script, 'daemon'];
  const { NODE_OPTIONS: _, ...env } = environment;
  const options = {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'] as ['ignore', number, number, 'ipc'],
    cwd: home,
    env: withCompileCache(env) as NodeJS.ProcessEnv,
  };
  if (process.platform === 'win32') return spawn(process.execPath, node, { ...options, windowsHide: true });
  return spawn('/bin/sh', ['-c', 'ulimit -c 0; exec "$0" "$@"', process.execPath, ...node], options);
}

function answerOf(child: ChildProcess, order: Order, home: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (what: string) => reject(new CommandFailure(EXIT.failed, `${what}; see ${logPath(home)}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`the daemon did not listen within ${START_MS / 1000} s`);
    }, START_MS);
    child.once('message', (message) => {
      clearTimeout(timer);
      resolve(message as Answer);
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      fail(`the daemon could not be started (${error.message})`);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`the daemon ended while it started (${signal ?? `exit code ${code}`})`);
    });
    child.send(order, (error) => {
      // The exit says more than a channel that is closed.
      if (error && child.exitCode === null && child.signalCode === null) child.kill();
    });
  });
}
