// Runs a command through the proxy: the right variables, the user's own terminal, the command's own exit code. Says nothing
// on standard output, which belongs to the command.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { flagName } from '../../src/config.ts';
import { didYouMean } from '../../src/nearest.ts';
import { type ControlClient, controlOf, NotRunning } from '../../src/proxy/control/call.ts';
import type { Connection } from '../../src/proxy/control/messages.ts';
import { variablesFor } from '../../src/rules/key-shapes.ts';
import { secretValues } from '../../src/secret-name.ts';
import { withToken } from '../address.ts';
import { startBackground } from '../background.ts';
import { clientEnvironment } from '../client-environment.ts';
import type { Call, Command } from '../command.ts';
import { changed, withoutKeys } from '../environment.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { loadSettings } from '../settings.ts';

/** `sallyport run -- COMMAND`. The exit code is the command's. */
export const run: Command = {
  name: 'run',
  summary: 'run a command through the proxy, starting a daemon for it if there is none',
  settings: 'all',
  takesCommand: true,
  options: {
    profile: { type: 'string', describe: 'the profile that the command is to have [NAME]' },
    with: {
      type: 'string',
      describe: 'credentials of the vault: their variables hold placeholders [NAME,…]',
      isList: true,
      names: async (invocation) => (await import('../vault/names.ts')).entryNames(invocation),
    },
    'keep-attribution': {
      type: 'boolean',
      describe: "leave Claude Code's attribution header on, although masking makes its checksum stale",
    },
  },
  examples: [
    ['run -- claude', 'Claude Code, masked'],
    ['run -- codex exec "explain this folder"', 'arguments go through as they are'],
    ['run --profile work -- codex', 'with a profile of its own, and a token for as long as it runs'],
    ['run --with openai -- codex', 'the client holds a placeholder of the vault; the key is put in on the way'],
    ['run --mask email=off -- gemini', 'with settings of its own, where no daemon runs yet'],
  ],
  run: async (call) => {
    const { args, rest, invocation, terminal } = call;
    if (rest.length === 0) throw new CommandFailure(EXIT.usage, `run what? As in: ${terminal.self} run -- claude`);
    const { home } = loadSettings(invocation).config;
    const client = controlOf(home);
    const held = await daemonFor(call, client, home);
    try {
      const connection = await client.connection();
      if (connection.closed !== undefined) throw new CommandFailure(EXIT.failed, `no AI host can be reached: ${connection.closed}`);
      const own = held.token === undefined ? connection : { ...connection, proxyUrl: withToken(connection.proxyUrl, held.token) };
      const change = clientEnvironment(home, own, invocation.environment, args['keep-attribution'] === true);
      const environment = { ...changed(invocation.environment, change), ...heldFor(args.with, connection) };
      return await outcome(rest[0]!, rest.slice(1), withoutKeys(environment, allStandIns(connection)));
    } finally {
      held.release();
    }
  },
};

/** What the variables of some credentials hold. Throws CommandFailure. */
function heldFor(names: unknown, { credentials }: Connection): Record<string, string> {
  const wanted = ((names ?? []) as readonly string[]).map((name) => {
    const found = credentials.find((one) => one.name === name);
    if (!found)
      throw new CommandFailure(
        EXIT.failed,
        `there is no credential «${name}»${didYouMean(
          name,
          credentials.map((one) => one.name),
        )}; sallyport vault list shows them`,
      );
    if (found.variable === '')
      throw new CommandFailure(
        EXIT.failed,
        `nobody knows under which variable a client looks for «${name}»: sallyport vault placeholder ${name} prints what it may hold`,
      );
    return found;
  });
  return placeholdersOf(wanted);
}

/** By variable. What one is looked for under first goes before what another is looked for under too. */
function placeholdersOf(credentials: Connection['credentials']): Record<string, string> {
  const under = (names: (variable: string) => readonly string[]) =>
    credentials.flatMap(({ variable, placeholder }) => names(variable).map((name) => [name, placeholder] as const));
  return Object.fromEntries([...under(variablesFor), ...under((variable) => [variable])]);
}

/** A key in the environment that the vault has too gives way to what stands for it. */
function allStandIns({ standIns, credentials }: Connection): Readonly<Record<string, string>> {
  return { ...placeholdersOf(credentials.filter(({ variable }) => variable !== '')), ...standIns };
}

const WAIT_MS = 30_000;

/** Holds the daemon that runs, or one started for us; waits for one that is just ending. */
async function daemonFor({ args, invocation, terminal }: Call, client: ControlClient, home: string): ReturnType<ControlClient['hold']> {
  const end = performance.now() + WAIT_MS;
  let started = false;
  for (;;) {
    try {
      const { draining } = await client.status();
      if (!draining) {
        const held = await client.hold(secretValues(invocation.environment), args.profile as string | undefined);
        if (!started) noteUnused(invocation.flags, terminal);
        return held;
      }
    } catch (thrown) {
      if (!(thrown instanceof NotRunning)) throw thrown;
      started = await startedOrTaken(() => startBackground(invocation, true));
    }
    if (performance.now() > end) throw new CommandFailure(EXIT.failed, `the daemon of ${home} is stopping and does not get done`);
    if (!started) await pause(100);
  }
}

/** True when it was started; false when the home is taken: by one that another command has just started, or that is ending. */
async function startedOrTaken(start: () => Promise<unknown>): Promise<boolean> {
  try {
    await start();
    return true;
  } catch (thrown) {
    if (thrown instanceof CommandFailure && thrown.reason === 'taken') return false;
    throw thrown;
  }
}

function noteUnused(flags: Readonly<Record<string, unknown>>, terminal: Call['terminal']): void {
  const unused = Object.keys(flags).filter((key) => key !== 'home');
  if (unused.length > 0)
    terminal.err(`sallyport: note: a daemon runs already and keeps its own settings; not used: ${unused.map(flagName).join(' ')}`);
}

/** The command's exit code; 128 and the number of the signal that ended it; 127 and 126 as a shell has them. */
function outcome(file: string, args: readonly string[], environment: Record<string, string | undefined>): Promise<number> {
  return new Promise((resolve, reject) => {
    // A terminal sends these to its whole foreground group: the command has had them already.
    const atTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    // Before the command is there: one that is quick to say it is up may be signalled while spawn is still returning.
    const listeners = SIGNALS.map((signal) => {
      const passOn = () => void (atTerminal && FROM_TERMINAL.includes(signal) ? undefined : child.kill(signal));
      process.on(signal, passOn);
      return () => process.off(signal, passOn);
    });
    const child = spawn(file, args, { stdio: 'inherit', env: environment as NodeJS.ProcessEnv });
    const done = (settle: () => void) => {
      for (const off of listeners) off();
      settle();
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? 'command not found' : error.code === 'EACCES' ? 'not executable' : error.message;
      done(() => reject(new CommandFailure(error.code === 'ENOENT' ? 127 : 126, `${file}: ${why}`)));
    });
    child.once('exit', (code, signal) => done(() => resolve(signal === null ? (code ?? 0) : 128 + constants.signals[signal])));
  });
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'];
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];
