// What `transparent` does: the table of nftables put in place through the journal, taken back, looked at. Everything that would make it
// useless or a circle is refused before. Must not know how the daemon serves what is redirected.
import { controlOf, NotRunning } from '../../src/proxy/control/call.ts';
import type { ConfigRow, Status } from '../../src/proxy/control/messages.ts';
import { makeChange } from '../changes/act.ts';
import { carryOut, type Hands, ownHands, refuseWithoutRoot, shown } from '../changes/hands.ts';
import { openJournal } from '../changes/journal.ts';
import { undoAll } from '../changes/undo.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { homeOf } from '../settings.ts';
import { type Given, readSelection, selects } from './selection.ts';
import { REMOVAL, type Selection, TABLE, tableText } from './table.ts';

/** The one change there is. */
const KEY = 'nftables';
const LOOK = { argv: ['nft', 'list', 'table', ...TABLE.split(' ')], root: true } as const;

type Action = (call: Call, hands?: Hands) => Promise<number>;

/** By the word behind `transparent`. */
export const TRANSPARENT_ACTIONS = { on, off, status, show } satisfies Record<string, Action>;

async function on({ args, json, invocation, terminal }: Call, hands: Hands = ownHands(process.env)): Promise<number> {
  refuseElsewhere();
  const home = homeOf(invocation);
  const client = controlOf(home);
  const [running, rows] = [await client.status(), await client.config()];
  const selection = await readSelection(args as Given, hands);
  const port = secondPort(running, rows);
  refuseCircle(selection, running.pid);
  refuseUnserved(selection, rows);
  if (hands.find('nft') === undefined)
    throw new CommandFailure(EXIT.failed, 'nft is not here: install the package nftables, then try again');
  const manual = `${showing(args as Given)} prints the table: pipe it to nft -f - as root`;
  refuseWithoutRoot(hands, manual);
  const journal = openJournal(home);
  const found = journal.inForce('transparent').find(({ key }) => key === KEY);
  // The kernel forgets tables when it starts anew, and anybody may take one away; the journal would still call it done.
  if (found?.isDone && !(await isInForce(hands, terminal.err))) journal.revise({ ...found, isDone: false });
  const outcome = await makeChange(
    journal,
    {
      by: 'transparent',
      key: KEY,
      what: `HTTPS of ${described(selection)} is redirected to port ${port} (nftables table ${TABLE})`,
      run: [{ argv: ['nft', '-f', '-'], input: tableText(selection, port), root: true }],
      undoBefore: [{ argv: ['nft', REMOVAL], root: true }],
      manual,
    },
    terminal.err,
    hands,
  );
  if (json) terminal.out(JSON.stringify({ outcome, ...selection, port }));
  else if (outcome === 'unchanged') terminal.out(`HTTPS of ${described(selection)} is redirected to port ${port} already`);
  else {
    terminal.out(
      `HTTPS of ${described(selection)} is redirected to port ${port}, until this machine starts anew or: ${terminal.self} transparent off`,
    );
    terminal.out(`programs have to trust ${(await client.connection()).caPath}; whatever else they ask for is led through unread`);
  }
  return EXIT.ok;
}

async function off({ json, invocation, terminal }: Call, hands: Hands = ownHands(process.env)): Promise<number> {
  const { done, failed } = await undoAll(openJournal(homeOf(invocation)), 'transparent', terminal.err, hands);
  if (json) terminal.out(JSON.stringify({ done, failed }));
  else if (done.length + failed.length === 0) terminal.out('nothing is redirected from here');
  for (const line of failed) terminal.err(`sallyport: ${line}`);
  return failed.length === 0 ? EXIT.ok : EXIT.failed;
}

async function status({ json, invocation, terminal }: Call, hands: Hands = ownHands(process.env)): Promise<number> {
  const home = homeOf(invocation);
  const doors = await controlOf(home)
    .status()
    .then(({ transparent }) => transparent)
    .catch((thrown) => {
      if (thrown instanceof NotRunning) return undefined;
      throw thrown;
    });
  const [entry] = openJournal(home).inForce('transparent');
  // Looking takes root as well, and a status asks for no password.
  const inForce = hands.userId === 0 && hands.find('nft') !== undefined ? await isInForce(hands, terminal.err) : undefined;
  if (json) terminal.out(JSON.stringify({ change: entry?.what, isDone: entry?.isDone, inForce, doors: doors ?? [] }));
  else {
    terminal.out(entry ? entry.what : 'nothing is redirected from here');
    const off = `${terminal.self} transparent off`;
    if (entry && !entry.isDone) terminal.out(`  but that was interrupted: ${off}, or on again`);
    else if (entry && inForce === false) terminal.out(`  but the table is not there (a restart of the machine?): ${off}, or on again`);
    else if (!entry && inForce) terminal.out(`  although there is a table ${TABLE}: nft "delete table ${TABLE}" takes it away`);
    if (doors === undefined) terminal.out('no daemon is running: what is redirected is refused until one does');
    else terminal.out(doors.length > 0 ? `the daemon takes redirected connections at ${doors.join(' and ')}` : terminal.typed(NO_DOOR));
  }
  return EXIT.ok;
}

/** For whoever wants to put it in place by hand. */
async function show({ args, json, invocation, terminal }: Call, hands: Hands = ownHands(process.env)): Promise<number> {
  const client = controlOf(homeOf(invocation));
  const selection = await readSelection(args as Given, hands);
  const table = tableText(selection, secondPort(await client.status(), await client.config()));
  terminal.out(json ? JSON.stringify({ table }) : table.trimEnd());
  return EXIT.ok;
}

const NO_DOOR = 'the daemon has no second port: put transparent_port: 8899 into the configuration, then sallyport stop and sallyport start';

function secondPort({ transparent }: Status, rows: readonly ConfigRow[]): number {
  const [door] = transparent;
  if (door === undefined) throw new CommandFailure(EXIT.failed, NO_DOOR);
  if (setting(rows, 'transparent_port') === '0')
    throw new CommandFailure(EXIT.failed, 'transparent_port is 0, which is another port after each start: name one, such as 8899');
  return Number(door.slice(door.lastIndexOf(':') + 1));
}

function refuseElsewhere(): void {
  if (process.platform !== 'linux')
    throw new CommandFailure(EXIT.failed, 'connections can be redirected on Linux only: use sallyport run, or sallyport system on');
}

/** The daemon dials the very hosts that are redirected. */
function refuseCircle(selection: Selection, pid: number): void {
  const by = selects(selection, pid);
  if (by === undefined) return;
  const whose = by === 'uid' ? 'the user that the daemon runs as' : 'the cgroup that the daemon runs in';
  throw new CommandFailure(
    EXIT.failed,
    `that is ${whose}: its own connections would come back to it. Run the daemon as a user of its own, or select a cgroup without it (--cgroup)`,
  );
}

/** A redirected connection can bring neither password nor token. */
function refuseUnserved({ uids }: Selection, rows: readonly ConfigRow[]): void {
  if (setting(rows, 'proxy_auth') === '[set]')
    throw new CommandFailure(EXIT.failed, 'proxy_auth asks for a password, which a redirected connection cannot bring: take it out first');
  const allowed = (setting(rows, 'allow_uids') ?? '').split(', ');
  const unserved = uids.filter((uid) => !allowed.includes(String(uid)));
  if (unserved.length > 0 && !allowed.includes('any'))
    throw new CommandFailure(
      EXIT.failed,
      `the daemon asks user ${unserved.join(', ')} for a token, which a redirected connection cannot bring: add to allow_uids, then sallyport reload`,
    );
}

function setting(rows: readonly ConfigRow[], key: string): string | undefined {
  return rows.find((row) => row.key === key)?.value;
}

async function isInForce(hands: Hands, tell: (line: string) => void): Promise<boolean> {
  return (await carryOut(LOOK, hands, tell)).code === 0;
}

function described({ uids, cgroups }: Selection): string {
  return [
    ...(uids.length > 0 ? [`user ${uids.join(', ')}`] : []),
    ...(cgroups.length > 0 ? [`cgroup ${cgroups.map((path) => `«${path}»`).join(', ')}`] : []),
  ].join(' and ');
}

/** As it can be typed. */
function showing(given: Given): string {
  const words = (['uid', 'user', 'cgroup'] as const).flatMap((name) => (given[name] ? [`--${name}=${given[name].join(',')}`] : []));
  return shown({ argv: ['sallyport', 'transparent', 'show', ...words] });
}
