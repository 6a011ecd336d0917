// The live view: a line on the daemon, a row a provider, and a line for whatever holds requests up. It fits the width it is given: columns
// that matter less are left out first. Must not know what draws it, nor let text of a provider's steer the terminal.
import type { FlowRow, Status } from '../../src/proxy/control/messages.ts';
import type { Spread, TrafficRow } from '../../src/rules/traffic.ts';
import { count, milliseconds, span } from '../figures.ts';
import { inOneLine } from '../rules/picture.ts';

/** What it is drawn for. */
export interface View {
  /** Columns. */
  readonly width: number;
  /** Lines. */
  readonly height: number;
  readonly hasColour: boolean;
}

/** The part of a status that is shown. */
export type Shown = Pick<Status, 'draining' | 'listen' | 'startedAtMs' | 'connections' | 'exchanges' | 'traffic' | 'flow' | 'spentToday'>;

/** Lines without their ends. */
export function livePicture(status: Shown, nowMs: number, view: View): readonly string[] {
  const { draining, startedAtMs, listen, connections, exchanges } = status;
  const facts = [
    `${draining ? 'stopping' : 'running'} for ${span(nowMs - startedAtMs)} on ${listen}`,
    counted(connections, 'connection'),
    `${counted(exchanges, 'exchange')} running`,
  ];
  const held = heldUp(status.flow ?? [], nowMs).map((line) => inOneLine(line, view.width));
  const lines = [
    inOneLine(facts.join(', '), view.width),
    '',
    ...providerTable(status, nowMs, view),
    ...(held.length > 0 ? ['', ...held] : []),
  ];
  if (lines.length <= view.height) return lines;
  const more = lines.length - view.height + 1;
  return [...lines.slice(0, view.height - 1), inOneLine(`and ${counted(more, 'line')} more`, view.width)];
}

/** A row a provider; one line where there are none. */
export function providerTable(status: Shown, nowMs: number, view: Omit<View, 'height'>): readonly string[] {
  const lanes = lanesOf(status);
  if (lanes.length === 0) return ['no exchange yet'];
  const columns = fitting(
    COLUMNS.filter(({ needs }) => needs === undefined || status[needs] !== undefined).map((column) => {
      const cells = [column.head, ...lanes.map((lane) => column.cell(lane, nowMs))];
      return { ...column, cells, width: Math.max(...cells.map((cell) => cell.length)) };
    }),
    view.width,
  );
  const paint = (text: string, code: string | undefined) => (view.hasColour && code ? `\u001B[${code}m${text}\u001B[0m` : text);
  return [undefined, ...lanes].map((lane, row) =>
    columns
      .map(({ cells, width, isLeft, colour }, i) => {
        const cell = cells[row]!;
        const text = !isLeft ? cell.padStart(width) : i === columns.length - 1 ? cell : cell.padEnd(width);
        return paint(text, lane ? colour?.(lane) : DIM);
      })
      .join(GAP),
  );
}

/** A provider, or a host of none that is known. */
interface Lane {
  readonly name: string;
  readonly traffic: TrafficRow | undefined;
  readonly worst: FlowRow | undefined;
  readonly waiting: number;
  readonly spent: number | undefined;
}

interface Column {
  readonly head: string;
  readonly cell: (lane: Lane, nowMs: number) => string;
  /** The highest goes first where there is no room. */
  readonly rank: number;
  readonly isLeft?: true;
  readonly colour?: (lane: Lane) => string | undefined;
  /** Left out while the daemon does not say this. */
  readonly needs?: 'flow' | 'spentToday';
}

const GAP = '  ';
/** A host of no provider that is known may have a long one. */
const MAX_NAME = 24;
const DIM = '2';
/** From all well to the worst. */
const STATES: readonly FlowRow['state'][] = ['ok', 'probing', 'half-open', 'cooling', 'open', 'locked'];
const COLOURS: Readonly<Record<FlowRow['state'], string>> = {
  ok: '32',
  probing: '33',
  'half-open': '33',
  cooling: '33',
  open: '31',
  locked: '31',
};

const COLUMNS: readonly Column[] = [
  { head: 'provider', cell: ({ name }) => inOneLine(name, MAX_NAME), rank: 0, isLeft: true },
  {
    head: 'state',
    cell: ({ worst }, nowMs) => (worst ? stateText(worst, nowMs) : 'ok'),
    rank: 1,
    isLeft: true,
    colour: ({ worst }) => COLOURS[worst?.state ?? 'ok'],
    needs: 'flow',
  },
  { head: 'req/min', cell: ({ traffic }) => String(traffic?.perMinute ?? 0), rank: 2 },
  { head: 'added p50/p95 ms', cell: ({ traffic }) => spread(traffic?.added), rank: 5 },
  { head: 'first byte p50/p95 ms', cell: ({ traffic }) => spread(traffic?.firstByte), rank: 4 },
  {
    head: 'tokens in/out',
    cell: ({ traffic }) => (traffic ? `${count(traffic.tokensIn)}/${count(traffic.tokensOut)}` : '-'),
    rank: 6,
  },
  { head: 'USD today', cell: ({ spent }) => (spent === undefined ? '-' : spent.toFixed(2)), rank: 7, needs: 'spentToday' },
  { head: 'waiting', cell: ({ waiting }) => String(waiting), rank: 3, needs: 'flow' },
];

function lanesOf({ traffic, flow = [], spentToday = {} }: Shown): readonly Lane[] {
  const nameOf = ({ provider, host }: FlowRow) => provider || host;
  const names = [...new Set([...traffic.map(({ provider }) => provider || 'other'), ...flow.map(nameOf)])].sort();
  return names.map((name) => {
    const own = flow.filter((row) => nameOf(row) === name);
    return {
      name,
      traffic: traffic.find(({ provider }) => (provider || 'other') === name),
      worst: own.toSorted((a, b) => STATES.indexOf(b.state) - STATES.indexOf(a.state))[0],
      waiting: own.reduce((sum, { waiting }) => sum + waiting, 0),
      spent: spentToday[name],
    };
  });
}

/** Without the columns that there is no room for. */
function fitting<C extends Column & { readonly width: number }>(columns: readonly C[], room: number): readonly C[] {
  const total = columns.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length);
  if (total <= room || columns.length === 1) return columns;
  const least = Math.max(...columns.map(({ rank }) => rank));
  return fitting(
    columns.filter(({ rank }) => rank !== least),
    room,
  );
}

/** What is not well, or waited for: which host or models, until when, and why. */
function heldUp(flow: readonly FlowRow[], nowMs: number): readonly string[] {
  return flow
    .filter(({ state, waiting }) => state !== 'ok' || waiting > 0)
    .map((row) => {
      const waits = row.waiting > 0 ? `, ${row.waiting} ${row.waiting === 1 ? 'waits' : 'wait'}` : '';
      return `${[row.host, row.model].filter(Boolean).join(' ')}: ${stateText(row, nowMs)}${waits}${row.why === '' ? '' : `: ${row.why}`}`;
    });
}

function stateText({ state, untilMs }: FlowRow, nowMs: number): string {
  return untilMs === undefined || untilMs <= nowMs ? state : `${state} ${span(Math.ceil((untilMs - nowMs) / 1000) * 1000)}`;
}

function spread(of: Spread | undefined): string {
  return of ? `${milliseconds(of.p50)}/${milliseconds(of.p95)}` : '-';
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
