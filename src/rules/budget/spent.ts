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
  let amounts = NO_AMOUNTS;
  let sum = 0;
  const unpriced = new Set<string>();
  for (const row of rows) {
    amounts = addAmounts(amounts, row);
    const usd = rowCost(row, priceOf);
    if (usd === undefined) unpriced.add(row.model);
    else sum += usd;
  }
  return { ...amounts, usd: rounded(sum), unpriced: [...unpriced].sort() };
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
