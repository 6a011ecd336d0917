// Usage and budgets as the daemon has them: the sums of the store, the meter over them, and what there is to say in the log and in `status`.
// Must not decide who is refused: the meter does.
import type { Logger } from 'pino';
import type { Config } from '../../src/config.ts';
import type { BudgetRow, UsageState } from '../../src/proxy/control/messages.ts';
import { dayOf, daysBefore } from '../../src/rules/budget/day.ts';
import { type Meter, type MeterNews, openMeter } from '../../src/rules/budget/meter.ts';
import { compilePrices, dollars, type PriceOf } from '../../src/rules/budget/price.ts';
import { spentOf } from '../../src/rules/budget/spent.ts';
import type { Store } from '../../src/store/open.ts';
import type { Profiles } from '../../src/store/profiles.ts';
import { openUsage } from '../../src/store/usage.ts';
import { unreffed } from '../timers.ts';
import { localZone } from './local-zone.ts';
import { priceTable } from './price-table.ts';

/** The parts that are used. */
export interface Budgets {
  readonly meter: Meter;
  /** For `status`: the profiles that have a budget. */
  rows(): readonly BudgetRow[];
  /** For `status`: what each provider has cost today, in USD; left out where a price is missing. */
  spentToday(): Readonly<Record<string, number>>;
  /** For `usage`: what was counted is written down first. */
  state(): UsageState;
  /** Lets go of days that are older than the audit log may be. */
  forgetOld(): void;
}

/** What they are made of. */
export interface BudgetsOptions {
  readonly store: Store;
  readonly profiles: Profiles;
  /** Asked anew each time. */
  readonly config: () => Config;
  readonly log: Logger;
  readonly now: () => number;
  readonly opening: AsyncDisposableStack;
}

/** Opens them; `opening` writes what is left when it closes. */
export function openBudgets({ store, profiles, config, log, now, opening }: BudgetsOptions): Budgets {
  const usage = openUsage(store, {
    schedule: unreffed,
    onTrouble: ({ failing, cause }) => {
      if (failing) log.error({ err: cause }, 'usage cannot be written down; exchanges go on, a restart forgets what was counted since');
      else log.info('usage is written down again');
    },
  });
  opening.defer(() => usage.close());
  let compiled: { readonly from: Config['prices']; readonly priceOf: PriceOf } | undefined;
  const priceOf = (): PriceOf => {
    const { prices } = config();
    if (compiled?.from !== prices) compiled = { from: prices, priceOf: compilePrices(priceTable(config())) };
    return compiled.priceOf;
  };
  const meter = openMeter({ now, zone: localZone, priceOf, tally: usage.tally, onCount: usage.changed, tell: (news) => tell(log, news) });
  const forgetOld = () => usage.forget(daysBefore(dayOf(now(), localZone), config().audit.keep_days!));
  forgetOld();
  return {
    meter,
    rows: () =>
      profiles.list().flatMap((profile) => {
        const { budgets, unpriced, freeAtMs } = meter.standing(profile);
        const { name, overBudget } = profile;
        return budgets.map((budget) => ({
          ...budget,
          profile: name,
          overBudget,
          freeAtMs,
          unpriced: budget.name === 'money' ? unpriced : [],
        }));
      }),
    spentToday: () => {
      const today = dayOf(now(), localZone);
      const rows = profiles.list().flatMap(({ name }) => usage.tally.rows(today, name));
      return Object.fromEntries(
        [...Map.groupBy(rows, ({ provider }) => provider)].flatMap(([provider, own]) => {
          const { usd, unpriced } = spentOf(own, priceOf());
          return unpriced.length === 0 ? [[provider, usd]] : [];
        }),
      );
    },
    state: () => ({ isWritten: usage.flush(), prices: priceTable(config()) }),
    forgetOld,
  };
}

function tell(log: Logger, news: MeterNews): void {
  const profile = news.profile.name;
  if (news.kind === 'unpriced') {
    log.warn(
      { profile, model: news.model },
      'a model has no price, so what it costs is in no budget: name one under prices in the configuration',
    );
  } else {
    const { name, used, limit } = news.budget;
    const facts = name === 'money' ? { used: dollars(used), limit: dollars(limit) } : { used, limit };
    const then = news.profile.overBudget === 'refuse' ? 'its requests are refused until midnight' : 'its requests go on';
    log.warn({ profile, budget: name, ...facts }, `a profile has used up a budget of today: ${then}`);
  }
}
