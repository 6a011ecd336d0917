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
  /** A profile's sums of a day. */
  rows(day: string, profile: string): readonly UsageRow[];
  /** What was added since the last time, to be written down; `giveBack` where that failed. */
  take(): readonly UsageRow[];
  giveBack(rows: readonly UsageRow[]): void;
}

/** The model of what is one too many: names are the client's to choose, and a day has room for so many. */
export const OTHER_MODELS = '(others)';
const MAX_MODELS = 200;
/** Days in memory: today, and the one before while a clock is set or an exchange ends past midnight. */
const MAX_DAYS = 2;
/** More tokens than this are none that anybody was billed for. */
const MOST = 1e12;

type Sums = Map<string, UsageRow>;

/** `load` gives the sums of a day as they were written, undefined where that cannot be told at present. */
export function openTally(load: (day: string) => readonly UsageRow[] | undefined): Tally {
  const days = new Map<string, Sums>();
  let unwritten: Sums = new Map();

  function sumsOf(day: string): Sums {
    const known = days.get(day);
    if (known) {
      days.delete(day);
      days.set(day, known);
      return known;
    }
    const written = load(day);
    const sums: Sums = new Map();
    for (const row of [...(written ?? []), ...[...unwritten.values()].filter((one) => one.day === day)]) into(sums, row);
    if (written) days.set(day, sums);
    if (days.size > MAX_DAYS) days.delete(days.keys().next().value!);
    return sums;
  }

  return {
    add(given) {
      const sums = sumsOf(given.day);
      const row = { ...given, ...whole(given) };
      const hasRoom = sums.has(keyOf(row)) || ofProfile(sums, row.profile).length < MAX_MODELS;
      const kept = hasRoom ? row : { ...row, model: OTHER_MODELS };
      into(sums, kept);
      into(unwritten, kept);
    },
    rows: (day, profile) => ofProfile(sumsOf(day), profile),
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

function keyOf({ day, profile, provider, model }: UsageRow): string {
  return JSON.stringify([day, profile, provider, model]);
}

function ofProfile(sums: Sums, profile: string): readonly UsageRow[] {
  return [...sums.values()].filter((row) => row.profile === profile);
}

/** A reply may say anything. */
function whole({ requests, tokensIn, cachedIn, cacheWriteIn, tokensOut }: Amounts): Amounts {
  const one = (value: number) => Math.min(MOST, Math.max(0, Math.trunc(value)));
  return { requests, tokensIn: one(tokensIn), cachedIn: one(cachedIn), cacheWriteIn: one(cacheWriteIn), tokensOut: one(tokensOut) };
}
