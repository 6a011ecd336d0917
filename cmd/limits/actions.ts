// The actions of `sallyport limits` and `sallyport breaker`, each from a call to its exit code.
// Must not decide what a state means: the daemon holds them.
import { controlOf, NotRunning } from '../../src/proxy/control/call.ts';
import type { LimitRow, Limits } from '../../src/proxy/control/messages.ts';
import { isHost, named, RESETS } from '../../src/proxy/egress/flow-view.ts';
import { openKeptStates } from '../../src/store/kept-states.ts';
import { changeStore } from '../change-store.ts';
import type { Call } from '../command.ts';
import { EXIT, usage } from '../failure.ts';
import { homeOf } from '../settings.ts';
import { columns } from '../table.ts';

/** Which machines a command is about. */
export type What = keyof typeof RESETS;

/** What comes of the word on the command line; without one it shows. */
export function limitsAction(what: What): (call: Call) => Promise<number> {
  return (call) => (call.args.action === 'reset' ? reset(what, call) : show(what, call));
}

async function show(what: What, { args, json, invocation, terminal }: Call): Promise<number> {
  const host = args.host as string | undefined;
  const told = await controlOf(homeOf(invocation)).limits();
  const machines: readonly string[] = RESETS[what];
  const rows = told.rows.filter((row) => machines.includes(row.machine) && (host === undefined || isHost(row.host, host)));
  const counts = countsOf(what, told);
  if (json) terminal.out(JSON.stringify({ rows, counts }));
  else terminal.out([rows.length === 0 ? NOTHING[what] : table(rows, Date.now()), ...said(counts)].join('\n'));
  return EXIT.ok;
}

async function reset(what: What, { args, json, invocation, terminal }: Call): Promise<number> {
  const host = (args.host as string | undefined)?.toLowerCase();
  if (host === undefined && args.all !== true) throw usage(`${what} reset which? Name a host, or give --all`);
  if (host !== undefined && args.all === true) throw usage('--all goes without a host');
  const count = await atRest(what, host, homeOf(invocation), invocation);
  const of = host === undefined ? '' : ` of ${host}`;
  terminal.out(
    json
      ? JSON.stringify({ reset: count })
      : count === 0
        ? `nothing to take back${of}`
        : `took back ${count} ${count === 1 ? 'state' : 'states'}${of}`,
  );
  return EXIT.ok;
}

/** Asks the daemon; where none runs, what it has kept goes. */
async function atRest(what: What, host: string | undefined, home: string, invocation: Call['invocation']): Promise<number> {
  try {
    return await controlOf(home).reset(what, host);
  } catch (thrown) {
    if (!(thrown instanceof NotRunning)) throw thrown;
  }
  const { count } = await changeStore(invocation, ({ store }) => {
    const keeper = openKeptStates(store, Date.now);
    const all = RESETS[what].flatMap((machine) => keeper.load(machine));
    const rows = all.filter(({ key }) => host === undefined || isHost(named(key).host, host));
    for (const { machine, key } of rows) keeper.drop(machine, key);
    return { action: `${what} reset`, subject: host ?? '', before: undefined, after: { reset: rows.length }, count: rows.length };
  });
  return count;
}

const NOTHING = {
  limits: 'no limit is known yet, and nobody is asked to pause: requests go as they come',
  breaker: 'no breaker has anything to tell: no call of a model has ended since the start',
} as const;

function table(rows: readonly LimitRow[], nowMs: number): string {
  const cells = rows.map(({ host, machine, model, credential, state, untilMs, waiting, detail }) => ({
    host: host.replace(/:443$/, ''),
    what: machine === 'way' ? 'connections' : machine,
    model,
    credential: credential.slice(0, 6),
    state,
    until: untilMs > nowMs ? `${Math.ceil((untilMs - nowMs) / 1000)} s` : '',
    waiting: waiting === 0 ? '' : String(waiting),
    detail,
  }));
  return columns(['host', 'what', 'model', 'credential', 'state', 'until', 'waiting', 'detail'], cells);
}

/** What belongs to which command, by the second part of a count's name. */
const OF_BREAKER = new Set(['breaker', 'way']);

function countsOf(what: What, { counts }: Limits): Readonly<Record<string, number>> {
  const isBreaker = (name: string) => OF_BREAKER.has(name.split(':')[1] ?? '');
  return Object.fromEntries(Object.entries(counts).filter(([name]) => isBreaker(name) === (what === 'breaker')));
}

const WORDS: Readonly<Record<string, string>> = {
  refused: 'refused',
  waited: 'made to wait',
  'would-wait': 'would have waited',
  'would-hold': 'would have been held',
  'would-join': 'would have joined another',
  'would-retry': 'would have been dialled once more',
  'would-lock': "would have been given the provider's last answer",
  joined: 'joined another',
  retried: 'dialled once more',
  locked: "given the provider's last answer",
};

/** E.g. `since the start: 3 would have waited (cooldown), 1 refused (limiter)`. */
function said(counts: Readonly<Record<string, number>>): string[] {
  const parts = Object.entries(counts).map(([name, count]) => {
    const [word = '', by] = name.split(':');
    return `${count} ${WORDS[word] ?? word}${by === undefined ? '' : ` (${by === 'way' ? 'connections' : by})`}`;
  });
  return parts.length === 0 ? [] : [`since the start: ${parts.join(', ')}`];
}
