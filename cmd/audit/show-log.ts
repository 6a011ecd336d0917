// `sallyport log`: rows of the log, oldest first, and with --follow the new ones whenever the store was changed.
// Must not write to the store.
import type { AuditRow } from '../../src/store/audit/entry.ts';
import { type AuditQuery, eachRow, newestRows } from '../../src/store/audit/search.ts';
import type { Store } from '../../src/store/open.ts';
import { watchStore } from '../../src/store/watch.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../failure.ts';
import { writeOut } from '../rules/input.ts';
import { exchangeLine } from './line.ts';
import { parseLimit, parseSince, readingLog } from './opened.ts';
import { rowJson } from './row-json.ts';

const NEWEST = 20;
const LOOK_MS = 200;

type Show = (row: AuditRow) => Promise<boolean>;

/** Ends with its rows, with its reader, or with --follow when it is interrupted. */
export async function showLog({ args, invocation, json, terminal }: Call): Promise<number> {
  const { NO_COLOR, TERM } = invocation.environment;
  const hasColour = terminal.isTty && !NO_COLOR && TERM !== 'dumb';
  const sinceMs = parseSince(args.since, Date.now());
  const query: AuditQuery = {
    kinds: ['exchange'],
    ...(sinceMs !== undefined && { sinceMs }),
    ...Object.fromEntries(['client', 'host', 'verdict'].flatMap((name) => (args[name] === undefined ? [] : [[name, args[name]]]))),
  };
  const limit = args.limit !== undefined ? parseLimit(args.limit) : sinceMs === undefined ? NEWEST : undefined;
  const show: Show = (row) => writeOut(`${json ? JSON.stringify(rowJson(row)) : exchangeLine(row, hasColour)}\n`);
  return readingLog(invocation, async (store) => {
    let last = 0;
    for (const row of limit === undefined ? eachRow(store, query) : newestRows(store, query, limit).reverse()) {
      if (!(await show(row))) return EXIT.ok;
      last = row.seq;
    }
    if (args.follow) await follow(store, { ...query, after: last }, show);
    else if (last === 0 && !json) terminal.err('no such exchange yet');
    return EXIT.ok;
  });
}

/** Resolves when the reader has gone or somebody interrupts. */
async function follow(store: Store, query: AuditQuery, show: Show): Promise<void> {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let { after = 0 } = query;
  let busy = false;
  let isStale = false;
  const look = async (): Promise<void> => {
    isStale = true;
    if (busy) return;
    busy = true;
    while (isStale) {
      isStale = false;
      for (const row of eachRow(store, { ...query, after })) {
        after = row.seq;
        if (!(await show(row))) end();
      }
    }
    busy = false;
  };
  const schedule = (task: () => void, delayMs: number) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  };
  const watch = watchStore(store, { everyMs: LOOK_MS, schedule, onChange: () => void look() });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  await look();
  await ended;
  watch.close();
}
