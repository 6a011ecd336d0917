// What profiles may still use, asked before each call of a model, and what they have used, told after it. Requests a minute are refused over
// their limit; budgets of a day are warned about or refused, as the profile says. The clock is asked each time, so one that is set back or
// forward is believed. It must not know requests, nor where sums are written.
import { Fault } from '../../fault.ts';
import type { Profile } from '../profile.ts';
import { type Bucket, takeOne } from './bucket.ts';
import { dayEnd, dayOf, localTime, type Zone } from './day.ts';
import { dollars, type PriceOf } from './price.ts';
import { type Budget, budgetsOf, type Spent, spentOf } from './spent.ts';
import type { Tally, UsageRow } from './tally.ts';

/** What is to be said, each once. */
export type MeterNews =
  | { readonly kind: 'over'; readonly profile: Profile; readonly budget: Budget }
  | { readonly kind: 'unpriced'; readonly profile: Profile; readonly model: string };

/** What a meter is made of. */
export interface MeterOptions {
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly zone: Zone;
  /** Asked anew each time. */
  readonly priceOf: () => PriceOf;
  readonly tally: Tally;
  /** Sums have changed, and want to be written down soon. */
  readonly onCount: () => void;
  readonly tell: (news: MeterNews) => void;
}

/** The budgets of a profile today. */
export interface Standing {
  readonly budgets: readonly Budget[];
  /** Models without a price, where there is a budget of money. */
  readonly unpriced: readonly string[];
  /** When a budget that is used up is free again: the end of the local day, ms. */
  readonly freeAtMs: number;
}

/** What was used, without whose and when. */
export type Use = Omit<UsageRow, 'day' | 'profile'>;

/** The meter. */
export interface Meter {
  /** One more request. Throws Fault over-budget, rate-limited. */
  admit(profile: Profile): void;
  /** The same without counting one. Throws Fault over-budget. */
  goOn(profile: Profile): void;
  count(profile: Profile, use: Use): void;
  standing(profile: Profile): Standing;
}

/** Opens the meter. */
export function openMeter({ now, zone, priceOf, tally, onCount, tell }: MeterOptions): Meter {
  const buckets = new Map<string, Bucket>();
  /** By profile: what its rows came to, and by which prices. */
  const last = new Map<string, { readonly rows: readonly UsageRow[]; readonly priceOf: PriceOf; readonly spent: Spent }>();
  /** By what was said: the day. */
  const said = new Map<string, string>();

  let minute: number | undefined;
  let day = '';

  /** Clocks change with a minute, and days do. */
  function today(): string {
    const nowMs = now();
    const current = Math.floor(nowMs / 60_000);
    if (current !== minute) day = dayOf(nowMs, zone);
    minute = current;
    return day;
  }

  function once(what: readonly string[], when: string, news: MeterNews): void {
    const key = JSON.stringify(what);
    if (said.get(key) === when) return;
    said.set(key, when);
    tell(news);
  }

  function spentToday({ name }: Profile): Spent {
    const rows = tally.rows(today(), name);
    const prices = priceOf();
    const known = last.get(name);
    if (known?.rows === rows && known.priceOf === prices) return known.spent;
    const spent = spentOf(rows, prices);
    last.set(name, { rows, priceOf: prices, spent });
    return spent;
  }

  /** The first budget that is used up. */
  function overOf(profile: Profile): Budget | undefined {
    const { tokensPerDay, moneyPerDay } = profile;
    if (tokensPerDay === undefined && moneyPerDay === undefined) return undefined;
    const spent = spentToday(profile);
    for (const model of unpricedOf(profile, spent)) once(['unpriced', profile.name, model], '', { kind: 'unpriced', profile, model });
    const over = budgetsOf(profile, spent).filter(({ isOver }) => isOver);
    for (const budget of over) once(['over', profile.name, budget.name], today(), { kind: 'over', profile, budget });
    return over[0];
  }

  function goOn(profile: Profile): void {
    const over = overOf(profile);
    if (!over || profile.overBudget === 'warn') return;
    const freeAtMs = dayEnd(now(), zone);
    const detail = `profile ${profile.name}: ${usedUp(over)}, free again at ${localTime(freeAtMs, zone)}`;
    throw new Fault('over-budget', detail, { retryAfterMs: freeAtMs - now() });
  }

  return {
    admit(profile) {
      goOn(profile);
      const { name, requestsPerMinute } = profile;
      if (requestsPerMinute === undefined) return;
      const { bucket, waitMs } = takeOne(buckets.get(name), requestsPerMinute, now());
      buckets.set(name, bucket);
      if (waitMs === 0) return;
      const detail = `profile ${name}: ${requestsPerMinute} ${requestsPerMinute === 1 ? 'request' : 'requests'} a minute`;
      throw new Fault('rate-limited', detail, { retryAfterMs: waitMs });
    },
    goOn,
    count(profile, use) {
      tally.add({ ...use, day: today(), profile: profile.name });
      onCount();
      overOf(profile);
    },
    standing(profile) {
      const spent = spentToday(profile);
      return { budgets: budgetsOf(profile, spent), unpriced: unpricedOf(profile, spent), freeAtMs: dayEnd(now(), zone) };
    },
  };
}

function unpricedOf({ moneyPerDay }: Profile, { unpriced }: Spent): readonly string[] {
  return moneyPerDay === undefined ? [] : unpriced;
}

function usedUp({ name, used, limit }: Budget): string {
  return name === 'tokens' ? `${used} of ${limit} tokens of today are used` : `${dollars(used)} of ${dollars(limit)} of today are spent`;
}
