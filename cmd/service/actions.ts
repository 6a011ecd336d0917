// The actions of `service`. All that changes the system goes through the journal, which `uninstall` takes back.
// Must not know how systemd or launchd are spoken to.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { hostPort } from '../../src/host-port.ts';
import { listenTrouble } from '../../src/proxy/control/free-port.ts';
import { makeChange } from '../changes/act.ts';
import { look } from '../changes/files.ts';
import { type Hands, mustRun, ownHands } from '../changes/hands.ts';
import { type Journal, openJournal } from '../changes/journal.ts';
import { undoAll } from '../changes/undo.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT, listenFailure, usage } from '../failure.ts';
import { homeOf, type Invocation, loadSettings } from '../settings.ts';
import { speaksItself } from '../supervisor/notify.ts';
import { type Keeper, type Kept, keyOf, type Scope } from './keeper.ts';
import { launchd } from './launchd.ts';
import { checkForMachine, ownProgram } from './program.ts';
import { systemd } from './systemd.ts';

/** What the actions reach the machine by; tests hand in their own. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly hands: Hands;
  /** '' but in tests. */
  readonly rootFolder: string;
  /** The folder of the commands, and the program that runs them. */
  readonly here: string;
  readonly node: string;
}

/** The machine we run on. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    hands: ownHands(process.env),
    rootFolder: '',
    here: join(import.meta.dirname, '..'),
    node: process.execPath,
  };
}

/** By action: the exit code. */
export const ACTIONS = { install, uninstall, status, logs };

const DEFAULT_LINES = 100;

async function install(call: Call, machine: Machine): Promise<number> {
  const { scope, keeper } = await opened(call, machine);
  const { kept, address } = whatToKeep(call.invocation, scope, keeper.environment, machine);
  const order = keeper.order(kept);
  const journal = openJournal(homeOf(call.invocation));
  const { terminal } = call;
  const earlier = isInForce(journal, scope);
  const isSame = (order.write ?? []).every(({ path, content }) => look(path)?.content.equals(Buffer.from(content)) === true);
  // What runs now would hold on to the old port.
  if (earlier && !isSame) await takenBack(call, scope, machine);
  if (!earlier || !isSame) await checkPort(address);
  let outcome = await makeChange(journal, order, terminal.err, machine.hands);
  const before = await keeper.look(machine.hands);
  if (outcome === 'unchanged' && !before.isRunning) {
    for (const run of keeper.start) await mustRun(run, { hands: machine.hands, tell: terminal.err });
    outcome = 'made';
  }
  const after = outcome === 'made' ? await keeper.look(machine.hands) : before;
  if (call.json) terminal.out(JSON.stringify({ changed: outcome === 'made', scope, listen: kept.listen, ...after }));
  else if (outcome === 'unchanged') terminal.out(`nothing to change: ${after.path} is in place, ${after.summary}`);
  else
    terminal.out(
      [`installed: ${after.path}, ${after.summary}; it listens on ${kept.listen}`, ...keeper.hints.map((hint) => `  ${hint}`)].join('\n'),
    );
  return EXIT.ok;
}

async function uninstall(call: Call, machine: Machine): Promise<number> {
  const { scope, keeper } = await opened(call, machine);
  const { terminal } = call;
  const purge = call.args.purge === true ? keeper.purge : undefined;
  if (call.args.purge === true && !purge) throw usage('--purge is for --system: the home of a user is not the service’s own');
  const journal = openJournal(homeOf(call.invocation));
  const isOurs = isInForce(journal, scope);
  const { isInstalled, path } = await keeper.look(machine.hands);
  if (!isOurs && isInstalled)
    throw new CommandFailure(EXIT.failed, `${path} was not installed by this home (${journal.home}): take it away by the way it came`);
  const doing = { hands: machine.hands, tell: terminal.err };
  if (isOurs) for (const run of purge?.before ?? []) await mustRun(run, doing);
  const done = isOurs && (await takenBack(call, scope, machine));
  if (done) for (const run of purge?.after ?? []) await mustRun(run, doing);
  if (call.json) terminal.out(JSON.stringify({ changed: done, scope, purged: purge?.what }));
  else if (!done) terminal.out('nothing to change: no service is installed');
  else if (keeper.purge && !purge) terminal.out(`left in place: ${keeper.purge.what}`);
  return EXIT.ok;
}

async function status(call: Call, machine: Machine): Promise<number> {
  const { scope, keeper } = await opened(call, machine);
  const state = await keeper.look(machine.hands);
  const { terminal, json } = call;
  if (json) terminal.out(JSON.stringify({ scope, ...state }));
  else if (!state.isInstalled) terminal.out(`not installed; ${terminal.self} service install --${scope} does it`);
  else {
    const pid = state.pid === undefined ? '' : `, pid ${state.pid}`;
    terminal.out(`${state.summary}, ${state.isEnabled ? 'enabled' : 'not enabled'}${pid}\n  ${state.path}`);
  }
  return state.isRunning ? EXIT.ok : EXIT.notRunning;
}

async function logs(call: Call, machine: Machine): Promise<number> {
  const { keeper } = await opened(call, machine);
  const lines = String(call.args.lines ?? DEFAULT_LINES);
  if (!/^\d{1,9}$/.test(lines)) throw usage(`--lines takes a number, not «${lines}»`);
  const how = { follow: call.args.follow === true, lines: Number(lines), json: call.json, home: homeOf(call.invocation) };
  const [program = '', ...words] = keeper.logs(how);
  const path = machine.hands.find(program);
  if (path === undefined) throw new CommandFailure(EXIT.failed, `${program} is not there: it shows the log of the service`);
  const child = spawn(path, words, { stdio: 'inherit' });
  // Ctrl-C ends the program that follows; we end with it.
  const wait = () => {};
  process.on('SIGINT', wait);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code ?? EXIT.ok;
  } finally {
    process.off('SIGINT', wait);
  }
}

async function opened({ args, invocation }: Call, { platform, hands, rootFolder }: Machine): Promise<{ scope: Scope; keeper: Keeper }> {
  if (args.user === true && args.system === true) throw usage('--user or --system, not both');
  const scope = args.system === true || (args.user !== true && hands.userId === 0) ? 'system' : 'user';
  if (scope === 'system' && invocation.flags.home !== undefined && args.action === 'install')
    throw usage('--home is for --user: a service of the machine has its own');
  const around = {
    scope,
    userHome: invocation.userHome,
    userId: hands.userId ?? 0,
    environment: invocation.environment,
    rootFolder,
  } as const;
  const keeper = platform === 'linux' ? systemd(around) : platform === 'darwin' ? launchd(around) : undefined;
  const why = keeper === undefined ? 'a service is set up by hand on this system' : await keeper.absent(hands);
  if (keeper === undefined || why !== undefined)
    throw new CommandFailure(EXIT.failed, `${why}; docs/service.md tells how, and sallyport start needs none`);
  return { scope, keeper };
}

/** The settings that the service will read, as far as its description needs them. */
function whatToKeep(
  invocation: Invocation,
  scope: Scope,
  environment: Invocation['environment'],
  { here, node, rootFolder }: Machine,
): { kept: Kept; address: Address } {
  const program = ownProgram(here, node, invocation.environment.PATH);
  if (scope === 'system' && rootFolder === '') checkForMachine(program);
  const { config, file } = loadSettings({ ...invocation, environment });
  if (config.listen.port === 0) throw usage('listen: a service needs a port of its own; 0 picks another one each time');
  const isNamed = invocation.configFile !== undefined || environment.SALLYPORT_CONFIG !== undefined;
  const kept = {
    program,
    home: scope === 'user' ? homeOf(invocation) : undefined,
    configFile: isNamed ? file : undefined,
    listen: hostPort(config.listen),
    speaksItself: speaksItself(),
  };
  return { kept, address: config.listen };
}

type Address = { readonly host: string; readonly port: number };

/** What listens there now would keep the service from it. */
async function checkPort(address: Address): Promise<void> {
  const code = await listenTrouble(address.host, address.port);
  const failure = code === undefined ? undefined : listenFailure({ code }, address);
  if (failure) throw new CommandFailure(EXIT.failed, `${failure.message}; a daemon of yours ends by sallyport stop`);
}

function isInForce(journal: Journal, scope: Scope): boolean {
  return journal.inForce('service').some(({ key }) => key === keyOf(scope));
}

/** Whether there was anything. Throws CommandFailure for the first change that could not be taken back. */
async function takenBack(call: Call, scope: Scope, { hands }: Machine): Promise<boolean> {
  const journal = openJournal(homeOf(call.invocation));
  const { done, failed } = await undoAll(journal, 'service', call.terminal.err, hands, ({ key }) => key === keyOf(scope));
  if (failed.length > 0) throw new CommandFailure(EXIT.failed, failed[0]!);
  return done.length > 0;
}
