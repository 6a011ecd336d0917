// The sums of what was used, by local day, profile, provider and model: in memory, with what is not written down yet kept apart so that a write
// that fails loses nothing and one that succeeds is not counted twice. It must not know where they are written.

/** How much. Tokens that were cached, or written to a cache, are tokens in too. */
export interface Amounts {
  readonly requests: number;
  readonly tokensIn: number;
  readonly cachedIn: number;
  readonly cacheWriteIn: number;
  readonly tokensOut: number;
}

/** One sum. */
export interface UsageRow extends Amounts {
  /** Local, `2026-11-25`. */
  readonly day: string;
  readonly profile: string;
  readonly provider: string;
  /** '' where nobody named one. */
  readonly model: string;
}

/** The sums. */
export interface Tally {
  add(row: UsageRow): void;
  /** A profile's sums of a day: the same array until one of them changes. */
  rows(day: string, profile: string): readonly UsageRow[];
  /** What was added since the last time, to be written down; `giveBack` where that failed. */
  take(): readonly UsageRow[];
  giveBack(rows: readonly UsageRow[]): void;
}

/** The model of what is one too many: names are the client's to choose, and a day has room for so many. */
export const OTHER_MODELS = '(others)';
const MAX_MODELS = 100;
/** Days in memory: today, and the one before while a clock is set or an exchange ends past midnight. */
const MAX_DAYS = 2;
/** More tokens than this are none that anybody was billed for. */
const MOST = 1e12;

type Sums = Map<string, UsageRow>;

/** The sums of a profile's day, and the same as a list once somebody has asked for it. */
interface Page {
  readonly sums: Sums;
  list: readonly UsageRow[] | undefined;
}

type Day = Map<string, Page>;

/** `load` gives the sums of a day as they were written, undefined where that cannot be told at present. */
export function openTally(load: (day: string) => readonly UsageRow[] | undefined): Tally {
  const days = new Map<string, Day>();
  let unwritten: Sums = new Map();

  function dayFor(name: string): Day {
    const known = days.get(name);
    if (known) return known;
    const written = load(name);
    const day: Day = new Map();
    for (const row of [...(written ?? []), ...unwritten.values()]) if (row.day === name) into(pageOf(day, row.profile).sums, row);
    if (written) {
      days.set(name, day);
      // What goes can be read again.
      if (days.size > MAX_DAYS) days.delete(days.keys().next().value!);
    }
    return day;
  }

  return {
    add(given) {
      const page = pageOf(dayFor(given.day), given.profile);
      const row = { ...given, ...whole(given) };
      const hasRoom = page.sums.size < MAX_MODELS || page.sums.has(keyOf(row));
      const kept = hasRoom ? row : { ...row, model: OTHER_MODELS };
      into(page.sums, kept);
      page.list = undefined;
      into(unwritten, kept);
    },
    rows(day, profile) {
      const page = pageOf(dayFor(day), profile);
      page.list ??= [...page.sums.values()];
      return page.list;
    },
    take() {
      const taken = [...unwritten.values()];
      unwritten = new Map();
      return taken;
    },
    giveBack(rows) {
      for (const row of rows) into(unwritten, row);
    },
  };
}

function pageOf(day: Day, profile: string): Page {
  const known = day.get(profile);
  if (known) return known;
  const page: Page = { sums: new Map(), list: undefined };
  day.set(profile, page);
  return page;
}

/** The sums of both. */
export function addAmounts(a: Amounts, b: Amounts): Amounts {
  return {
    requests: a.requests + b.requests,
    tokensIn: a.tokensIn + b.tokensIn,
    cachedIn: a.cachedIn + b.cachedIn,
    cacheWriteIn: a.cacheWriteIn + b.cacheWriteIn,
    tokensOut: a.tokensOut + b.tokensOut,
  };
}

/** Nothing. */
export const NO_AMOUNTS: Amounts = Object.freeze({ requests: 0, tokensIn: 0, cachedIn: 0, cacheWriteIn: 0, tokensOut: 0 });

function into(sums: Sums, row: UsageRow): void {
  const key = keyOf(row);
  const before = sums.get(key);
  sums.set(key, before ? { ...before, ...addAmounts(before, row) } : row);
}

/** Only the model, which is last, may hold any character. */
function keyOf({ day, profile, provider, model }: UsageRow): string {
  return `${day}\n${profile}\n${provider}\n${model}`;
}

/** A reply may say anything. */
function whole({ requests, tokensIn, cachedIn, cacheWriteIn, tokensOut }: Amounts): Amounts {
  const one = (value: number) => Math.min(MOST, Math.max(0, Math.trunc(value)));
  return { requests, tokensIn: one(tokensIn), cachedIn: one(cachedIn), cacheWriteIn: one(cacheWriteIn), tokensOut: one(tokensOut) };
}
