// Shows the last exchanges side by side: what the client sent and what the provider got.
// Must not know values: names, fingerprints and hashes are all there is.
import { controlOf } from '../../src/proxy/control/call.ts';
import type { FidelityReport } from '../../src/proxy/fidelity.ts';
import type { Command } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { homeOf } from '../settings.ts';

/** `sallyport fidelity [HOST]`. */
export const fidelity: Command = {
  name: 'fidelity [host]',
  summary: 'compare what clients sent with what providers got',
  positionals: { host: { describe: 'only exchanges with this host' } },
  settings: 'home',
  options: { last: { type: 'string', describe: 'how many exchanges [N]', default: '1' } },
  examples: [
    ['fidelity', 'the last exchange'],
    ['fidelity api.anthropic.com --last 3', 'the last three with that host'],
  ],
  run: async ({ args, json, invocation, terminal }) => {
    const last = Number(args.last);
    if (!Number.isInteger(last) || last < 1) throw new CommandFailure(EXIT.usage, '--last takes a whole number, 1 or more');
    const host = args.host as string | undefined;
    const reports = (await controlOf(homeOf(invocation)).fidelity(host?.toLowerCase())).slice(0, last);
    if (json) terminal.out(JSON.stringify(reports));
    else if (reports.length === 0) terminal.out(`no exchange${host === undefined ? '' : ` with ${host}`} yet`);
    else terminal.out(reports.map(sideBySide).join('\n\n'));
    return EXIT.ok;
  },
};

/** One exchange as text. Rows that differ are marked `!`. */
export function sideBySide(r: FidelityReport): string {
  const { tls } = r;
  const rows: [string, string, string][] = [];
  if (tls) {
    rows.push(['JA4', tls.client?.ja4 ?? '-', tls.upstream?.ja4 ?? '-']);
    rows.push(['JA3', tls.client?.ja3 ?? '-', tls.upstream?.ja3 ?? '-']);
    rows.push(['TLS, ALPN', '', `${tls.version}, ${tls.alpn ?? 'none'}`]);
  }
  if (r.h2) {
    const text = (settings: readonly (readonly [number, number])[]) => settings.map(([id, value]) => `${id}=${value}`).join(' ');
    rows.push(['H2 settings', text(r.h2.client), text(r.h2.upstream)]);
    rows.push(['H2 window', `+${r.h2.windowIncrement}`, `+${r.h2.windowIncrement}`]);
  }
  for (let i = 0; i < Math.max(r.clientFields.length, r.upstreamFields.length); i++) {
    rows.push([i === 0 ? 'fields' : '', r.clientFields[i] ?? '', r.upstreamFields[i] ?? '']);
  }
  rows.push(['body', short(r.clientBody), short(r.upstreamBody)]);
  const widths = [0, 1].map((column) => Math.max(8, ...rows.map((row) => row[column]!.length)));
  const line = ([name, left, right]: readonly [string, string, string], mark: string) =>
    `  ${mark} ${name.padEnd(widths[0]!)}  ${left.padEnd(widths[1]!)}  ${right}`.trimEnd();
  const edits = Object.entries(r.edits).map(([kind, count]) => `${kind} ${count}`);
  return [
    `${new Date(r.atMs).toISOString()}  ${r.method} https://${r.host}${r.path}  ${r.protocol}  ${r.id}`,
    line(['', 'client', 'upstream'], ' '),
    ...rows.map((row) => line(row, row[1] === row[2] || (row[1] === '' && row[0] === 'TLS, ALPN') ? ' ' : '!')),
    `    TLS hello: ${r.equality}${tls && tls.differs.length > 0 ? `; differs in ${tls.differs.join(', ')}` : ''}`,
    `    edits: ${edits.length > 0 ? `${edits.join(', ')} (mask)` : 'none'}`,
  ].join('\n');
}

function short(hash: string | undefined): string {
  return hash === undefined ? 'streamed' : `sha256 ${hash.slice(0, 16)}…`;
}
