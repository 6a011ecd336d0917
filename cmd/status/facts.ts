// `sallyport status`: what the daemon is doing, a fact a line, and how each provider fares.
// Must not ask the daemon itself.
import type { BudgetRow, Status } from '../../src/proxy/control/messages.ts';
import { localTime } from '../../src/rules/budget/day.ts';
import { dollars } from '../../src/rules/budget/price.ts';
import { span } from '../figures.ts';
import { localZone } from '../usage/local-zone.ts';
import { providerTable } from './picture.ts';

/** For people, without a line end. */
export function statusText(s: Status, nowMs: number): string {
  const totals = Object.entries(s.totals).sort(([a], [b]) => a.localeCompare(b, 'en'));
  const rows: [string, string][] = [
    ['state', s.draining ? 'stopping' : 'running'],
    ['listens on', s.listen],
    ...(s.transparent.length > 0 ? [['redirected to', s.transparent.join(', ')] satisfies [string, string]] : []),
    ...(s.metricsUrl === undefined ? [] : [['metrics', s.metricsUrl] satisfies [string, string]]),
    ['home', s.home],
    ['process', `${s.pid}, version ${s.version}, for ${span(nowMs - s.startedAtMs)}`],
    ...(s.vaultLocked === undefined ? [] : [['vault', s.vaultLocked] satisfies [string, string]]),
    ['CA', `${Math.floor((s.caExpiresAtMs - nowMs) / 86_400_000)} days left`],
    ['connections', s.tunnels > 0 ? `${s.connections}, ${s.tunnels} of them tunnels` : String(s.connections)],
    ['exchanges', `${s.exchanges} running`],
    ...totals.map(([name, count]): [string, string] => [`  ${name}`, String(count)]),
  ];
  rows.push(...s.budgets.map(budgetRow));
  if (s.recordsDropped > 0) rows.push(['records lost', String(s.recordsDropped)]);
  const width = Math.max(...rows.map(([name]) => name.length));
  const facts = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const table = providerTable(s, nowMs, { width: Number.POSITIVE_INFINITY, hasColour: false });
  return [...facts, ...(s.traffic.length > 0 ? ['', ...table] : [])].join('\n');
}

function budgetRow({ profile, name, used, limit, isOver, overBudget, freeAtMs, unpriced }: BudgetRow): [string, string] {
  const amounts = name === 'money' ? `${dollars(used)} of ${dollars(limit)}` : `${used} of ${limit} tokens`;
  const unknown = unpriced.length > 0 ? `, without ${unpriced.join(', ')}, which has no price` : '';
  const over = isOver
    ? `, used up: requests ${overBudget === 'refuse' ? `are refused until ${localTime(freeAtMs, localZone)}` : 'go on'}`
    : '';
  return [`budget ${profile}`, `${amounts} today${over}${unknown}`];
}
