// The prices in force: those of the configuration first, then the built-in ones.
// Must not know which models were asked.
import type { Config } from '../../src/config.ts';
import type { PriceTable } from '../../src/rules/budget/price.ts';
import { PRICES } from '../../src/rules/prices.ts';

/** In the order in which they are asked. */
export function priceTable({ prices }: Pick<Config, 'prices'>): PriceTable {
  const own = Object.entries(prices).map(([pattern, price]) => {
    const { input, output, cached_input: cachedInput, cache_write: cacheWrite } = price;
    return [pattern, { input, output, cachedInput, cacheWrite }] as const;
  });
  return [...own, ...PRICES];
}
