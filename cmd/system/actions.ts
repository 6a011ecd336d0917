// What `system` does: each place that is of use on this machine is told of the proxy, through the journal, and told back. One that fails does not
// keep the others. Must not know any place.
import { homedir } from 'node:os';
import { controlOf } from '../../src/proxy/control/call.ts';
import type { ConfigRow, Connection } from '../../src/proxy/control/messages.ts';
import { type Hands, ownHands } from '../changes/hands.ts';
import { type Journal, openJournal } from '../changes/journal.ts';
import { undoAll } from '../changes/undo.ts';
import { clientEnvironment } from '../client-environment.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT, explain } from '../failure.ts';
import { homeOf } from '../settings.ts';
import { putPlan } from './put.ts';
import type { Machine, Mode, Reachable, SystemSetting } from './setting.ts';
import { SYSTEM_SETTINGS } from './settings.ts';

type Action = (call: Call, machine?: Machine) => Promise<number>;

/** By the word behind `system`. */
export const SYSTEM_ACTIONS = { on, off, status } satisfies Record<string, Action>;

/** What came of one place. */
interface Row {
  readonly name: string;
  readonly outcome: 'made' | 'unchanged' | 'unfit' | 'failed';
  /** What was done, or why not. */
  readonly text: string;
}

async function on({ args, json, invocation, terminal }: Call, machine: Machine = thisMachine()): Promise<number> {
  const home = homeOf(invocation);
  const mode: Mode = args.all === true ? 'all' : 'pac';
  const proxy = await proxyOf(home, invocation.environment);
  const journal = openJournal(home);
  const rows: Row[] = [];
  for (const setting of SYSTEM_SETTINGS) rows.push(await putOne(setting, mode, { journal, machine, proxy, tell: terminal.err }));
  // What the other mode had written, or what is no longer of use here.
  const kept = rows.filter(({ outcome }) => outcome !== 'unfit').map(({ name }) => name);
  const { failed } = await undoAll(journal, 'system', terminal.err, machine.hands, ({ key }) => !kept.includes(key));
  if (json) terminal.out(JSON.stringify({ mode, settings: rows, failed }));
  else {
    for (const { outcome, text } of rows) if (outcome === 'made' || outcome === 'unchanged') terminal.out(`${MARKS[outcome]}: ${text}`);
    if (kept.length > 0) terminal.out(`back to how it was: ${terminal.self} system off`);
  }
  for (const { outcome, text } of rows) if (outcome === 'failed') terminal.err(`sallyport: ${text}`);
  for (const line of failed) terminal.err(`sallyport: ${line}`);
  if (kept.length > 0) return rows.some(({ outcome }) => outcome === 'failed') || failed.length > 0 ? EXIT.failed : EXIT.ok;
  const why = rows.map(({ name, text }) => `${name}: ${text}`).join('; ');
  const byHand = mode === 'pac' ? `give programs the PAC file ${proxy.pacUrl} by hand` : 'sallyport env prints variables to set by hand';
  throw new CommandFailure(EXIT.failed, `nothing here takes such a setting (${why}); ${byHand}`);
}

const MARKS = { made: 'set', unchanged: 'set already' } as const;

interface Place {
  readonly journal: Journal;
  readonly machine: Machine;
  readonly proxy: Reachable;
  readonly tell: (line: string) => void;
}

async function putOne(setting: SystemSetting, mode: Mode, { journal, machine, proxy, tell }: Place): Promise<Row> {
  const { name } = setting;
  try {
    const unfit = await setting.unfit(mode, machine, proxy);
    if (unfit !== undefined) return { name, outcome: 'unfit', text: unfit };
    const plan = await setting.plan(mode, machine, proxy);
    return { name, outcome: await putPlan(journal, name, plan, { hands: machine.hands, tell }), text: plan.what };
  } catch (thrown) {
    return { name, outcome: 'failed', text: explain(thrown).line };
  }
}

async function off({ json, invocation, terminal }: Call, machine: Machine = thisMachine()): Promise<number> {
  const { done, left, failed } = await undoAll(openJournal(homeOf(invocation)), 'system', terminal.err, machine.hands);
  if (json) terminal.out(JSON.stringify({ done, left, failed }));
  else if (done.length + failed.length === 0) terminal.out('nothing was set from here');
  for (const line of failed) terminal.err(`sallyport: ${line}`);
  return failed.length === 0 ? EXIT.ok : EXIT.failed;
}

async function status({ json, invocation, terminal }: Call): Promise<number> {
  const entries = openJournal(homeOf(invocation)).inForce('system').toReversed();
  if (json) terminal.out(JSON.stringify({ settings: entries.map(({ key, what, isDone }) => ({ name: key, what, isDone })) }));
  else {
    for (const { what, isDone } of entries) terminal.out(isDone ? what : `${what}: interrupted; ${terminal.self} system off, or on again`);
    if (entries.length === 0) terminal.out('nothing is set from here');
  }
  return EXIT.ok;
}

function thisMachine(): Machine {
  const hands: Hands = ownHands(process.env);
  return { hands, platform: process.platform, environment: process.env, userHome: homedir(), root: '/' };
}

/** Of the daemon that runs: a system that is led to nobody reaches nothing. Throws CommandFailure where what is set would not last or not work. */
async function proxyOf(home: string, inherited: Readonly<Record<string, string | undefined>>): Promise<Reachable> {
  const client = controlOf(home);
  const [connection, rows] = [await client.connection(), await client.config()];
  const url = new URL(connection.proxyUrl);
  const [host, port] = [url.hostname.replace(/^\[(.*)\]$/, '$1'), Number(url.port)];
  refusePassing(connection, rows, port);
  const allowed = rows.find(({ key }) => key === 'allow_uids')?.value.split(', ') ?? [];
  return {
    host,
    port,
    url: connection.proxyUrl,
    hasPassword: url.password !== '',
    pacUrl: `http://${url.host}/proxy.pac`,
    change: clientEnvironment(home, connection, inherited, false),
    caPath: connection.caPath,
    serves: (uid) => allowed.includes('any') || allowed.includes(String(uid)) || (allowed.includes('self') && uid === process.getuid?.()),
  };
}

function refusePassing({ needsToken }: Connection, rows: readonly ConfigRow[], port: number): void {
  const listen = rows.find(({ key }) => key === 'listen')?.value ?? '';
  if (Number(listen.slice(listen.lastIndexOf(':') + 1)) !== port)
    throw new CommandFailure(
      EXIT.failed,
      `the daemon listens on port ${port} only until it ends (listen is ${listen}): name a port, then start it anew`,
    );
  if (needsToken)
    throw new CommandFailure(EXIT.failed, 'the daemon asks for a token, which such settings cannot bring: add self to allow_uids first');
}
