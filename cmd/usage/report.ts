// What `sallyport usage` shows: sums by day, profile, provider and model with what they cost, and what is left of each budget of today.
// Must not read anything: rows, profiles and prices are arguments.
import { dollars, type PriceOf } from '../../src/rules/budget/price.ts';
import { budgetsOf, rowCost, type Spent, spentOf } from '../../src/rules/budget/spent.ts';
import type { Amounts, UsageRow } from '../../src/rules/budget/tally.ts';
import type { Profile } from '../../src/rules/profile.ts';
import { columns } from '../table.ts';

/** What there is to show. */
export interface Report {
  /** Local days, both included. */
  readonly from: string;
  readonly today: string;
  readonly rows: readonly UsageRow[];
  readonly profiles: readonly Profile[];
  readonly priceOf: PriceOf;
  /** When budgets of today are free again, ms. */
  readonly freeAtMs: number;
}

/** For programs. `usd` is null where a price is not known. */
export function reportJson({ from, today, rows, profiles, priceOf, freeAtMs }: Report): unknown {
  return {
    from,
    to: today,
    rows: rows.map((row) => ({ ...row, usd: rowCost(row, priceOf) ?? null })),
    budgets: profiles.flatMap((profile) => {
      const spent = spentToday({ rows, today, priceOf }, profile);
      return budgetsOf(profile, spent).map(({ name, used, limit, isOver }) => ({
        profile: profile.name,
        budget: name,
        used,
        limit,
        left: Math.max(0, limit - used),
        isOver,
        overBudget: profile.overBudget,
        freeAtMs,
        unpriced: name === 'money' ? spent.unpriced : [],
      }));
    }),
  };
}

/** For people. */
export function reportText(report: Report): string {
  const { from, today, rows } = report;
  const names = from === today ? COLUMNS : (['day', ...COLUMNS] as const);
  const groups = Map.groupBy(rows, ({ day, profile }) => `${day} ${profile}`);
  const shown = [...groups.values()].flatMap((own) => {
    const lines = own.map((row) => ({
      ...row,
      ...numbers(row),
      model: row.model || 'no model named',
      cost: costText(rowCost(row, report.priceOf)),
    }));
    return own.length > 1 ? [...lines, { ...own[0]!, provider: '', model: 'together', ...numbersOf(spentOf(own, report.priceOf)) }] : lines;
  });
  const table = rows.length === 0 ? `nothing was used ${from === today ? 'today' : `since ${from}`}` : columns(names, shown);
  return [table, ...budgetLines(report)].join('\n');
}

const COLUMNS = ['profile', 'provider', 'model', 'requests', 'in', 'cached', 'written', 'out', 'cost'] as const;

function budgetLines(report: Report): readonly string[] {
  const lines = report.profiles.flatMap((profile) => {
    const spent = spentToday(report, profile);
    const all = budgetsOf(profile, spent).map(({ name, used, limit }) => {
      const text = name === 'money' ? dollars : count;
      const unknown =
        name === 'money' && spent.unpriced.length > 0 ? `, and what ${spent.unpriced.join(', ')} cost, which has no price` : '';
      return `${text(used)} of ${text(limit)}${name === 'money' ? '' : ' tokens'} today, ${text(Math.max(0, limit - used))} left${unknown}`;
    });
    const over = profile.overBudget === 'refuse' ? 'refuses' : 'warns';
    return all.length === 0 ? [] : [`  ${profile.name} (over budget it ${over}): ${all.join('; ')}`];
  });
  return lines.length === 0 ? [] : ['', 'budgets', ...lines];
}

function spentToday({ rows, today, priceOf }: Pick<Report, 'rows' | 'today' | 'priceOf'>, { name }: Profile): Spent {
  return spentOf(
    rows.filter(({ day, profile }) => day === today && profile === name),
    priceOf,
  );
}

function numbersOf(spent: Spent) {
  const known = costText(spent.usd);
  return { ...numbers(spent), cost: spent.unpriced.length > 0 ? `${known} and unknown` : known };
}

function numbers({ requests, tokensIn, cachedIn, cacheWriteIn, tokensOut }: Amounts) {
  return { requests: count(requests), in: count(tokensIn), cached: count(cachedIn), written: count(cacheWriteIn), out: count(tokensOut) };
}

function costText(usd: number | undefined): string {
  return usd === undefined ? 'unknown' : dollars(usd);
}

function count(n: number): string {
  return n.toLocaleString('en');
}
