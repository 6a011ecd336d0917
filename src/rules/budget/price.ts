// What tokens cost: the price of a model from a table of patterns, and sums of money. A model without a price costs an unknown amount, never
// nothing. It must not know where a table comes from.
import { compileNames } from '../names.ts';
import type { Amounts } from './tally.ts';

/** USD per million tokens. Cached tokens cost what others do where their price is not named. */
export interface Price {
  readonly input: number;
  readonly output: number;
  readonly cachedInput?: number | undefined;
  readonly cacheWrite?: number | undefined;
}

/** Prices by a pattern of names with `*`; the first that matches holds. */
export type PriceTable = readonly (readonly [pattern: string, price: Price])[];

/** The price of a model; undefined where the table has none. */
export type PriceOf = (model: string) => Price | undefined;

/** Names that are remembered. */
const MOST = 1000;

/** The table as a question. What was asked once is answered at once. */
export function compilePrices(table: PriceTable): PriceOf {
  const rows = table.map(([pattern, price]) => ({ matches: compileNames([pattern]), price }));
  const known = new Map<string, Price | undefined>();
  return (model) => {
    if (known.has(model)) return known.get(model);
    const price = rows.find(({ matches }) => matches(model))?.price;
    if (known.size >= MOST) known.clear();
    known.set(model, price);
    return price;
  };
}

/** USD. */
export function costOf(price: Price, { tokensIn, cachedIn, cacheWriteIn, tokensOut }: Omit<Amounts, 'requests'>): number {
  const plain = Math.max(0, tokensIn - cachedIn - cacheWriteIn);
  const { input, output, cachedInput = input, cacheWrite = input } = price;
  return rounded((plain * input + cachedIn * cachedInput + cacheWriteIn * cacheWrite + tokensOut * output) / 1_000_000);
}

/** To a billionth, so that a sum of amounts that make a dollar is a dollar. */
export function rounded(usd: number): number {
  return Math.round(usd * 1e9) / 1e9;
}

/** `$4.50`, with more digits where there would be none to see. */
export function dollars(usd: number): string {
  return `$${usd.toFixed(usd !== 0 && usd < 0.01 ? 6 : 2)}`;
}
