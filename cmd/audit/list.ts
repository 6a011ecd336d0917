// `sallyport audit list`: who changed what, oldest first.
// Must not show exchanges: `sallyport log` does.
import { type Change, changeOf } from '../../src/store/audit/entry.ts';
import { newestRows } from '../../src/store/audit/search.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../failure.ts';
import { clock, parseLimit, parseSince, readingLog } from './opened.ts';

/** Prints changes; with --json one JSON object a line. */
export async function listChanges({ args, invocation, json, terminal }: Call): Promise<number> {
  const sinceMs = parseSince(args.since, Date.now());
  const limit = parseLimit(args.limit ?? '100');
  return readingLog(invocation, async (store) => {
    const query = { kinds: ['change' as const], ...(sinceMs !== undefined && { sinceMs }) };
    const rows = newestRows(store, query, limit).reverse();
    for (const row of rows) {
      const change = changeOf(row);
      const at = new Date(row.atMs).toISOString();
      terminal.out(json ? JSON.stringify({ row: row.seq, at, ...change }) : `${clock(row.atMs)}  uid ${change.who}  ${inWords(change)}`);
    }
    if (rows.length === 0 && !json) terminal.out('no change was recorded');
    return EXIT.ok;
  });
}

/** `reload  idle_seconds: 600 -> 60`: members that differ, or both values whole. */
export function inWords({ what, before, after }: Change): string {
  const [was, is] = [members(before), members(after)];
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const differ = names.filter((name) => text(was[name]) !== text(is[name]));
  const said = differ.map((name) => `${name === '' ? '' : `${name}: `}${text(was[name])} -> ${text(is[name])}`);
  return [what, said.join(', ')].filter((part) => part !== '').join('  ');
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : { '': value };
}

function text(value: unknown): string {
  if (value === undefined || value === '') return 'nothing';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
