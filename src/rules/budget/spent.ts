// What a profile has used of its budgets on a day: tokens, and money as far as prices are known.
// It must not know what happens to whoever is over one.
import type { Profile } from '../profile.ts';
import { costOf, type PriceOf, rounded } from './price.ts';
import { type Amounts, addAmounts, NO_AMOUNTS, type UsageRow } from './tally.ts';

/** The sums of some rows. */
export interface Spent extends Amounts {
  /** USD, of those models whose price is known. */
  readonly usd: number;
  /** Models that took tokens and have no price, in order. */
  readonly unpriced: readonly string[];
}

/** One budget of a day. */
export interface Budget {
  readonly name: 'tokens' | 'money';
  /** Tokens, or USD. */
  readonly used: number;
  readonly limit: number;
  readonly isOver: boolean;
}

/** The sums of rows, priced. */
export function spentOf(rows: readonly UsageRow[], priceOf: PriceOf): Spent {
  const costs = rows.map((row) => ({ row, usd: rowCost(row, priceOf) }));
  const unpriced = costs.filter(({ usd }) => usd === undefined).map(({ row }) => row.model);
  return {
    ...rows.reduce(addAmounts, NO_AMOUNTS),
    usd: rounded(costs.reduce((sum, { usd = 0 }) => sum + usd, 0)),
    unpriced: [...new Set(unpriced)].sort(),
  };
}

/** USD; undefined where tokens were taken at a price nobody knows. */
export function rowCost(row: UsageRow, priceOf: PriceOf): number | undefined {
  const price = priceOf(row.model);
  if (price) return costOf(price, row);
  return row.tokensIn + row.tokensOut === 0 ? 0 : undefined;
}

/** The budgets that a profile has. One that is reached is used up. */
export function budgetsOf({ tokensPerDay, moneyPerDay }: Profile, { tokensIn, tokensOut, usd }: Spent): readonly Budget[] {
  const one = (name: Budget['name'], used: number, limit: number | undefined): readonly Budget[] =>
    limit === undefined ? [] : [{ name, used, limit, isOver: used >= limit }];
  return [...one('tokens', tokensIn + tokensOut, tokensPerDay), ...one('money', usd, moneyPerDay)];
}
