// What goes over the control socket. Bodies of requests are checked with zod; replies are ours and only typed.
// Must not hold a credential, but for `Connection` and `Hold`, which exist to hand the proxy's own to its owner, and the key of the vault
// that its owner hands to the daemon.
import { z } from 'zod';
import type { PriceTable } from '../../rules/budget/price.ts';
import type { Budget } from '../../rules/budget/spent.ts';
import type { OverBudget } from '../../rules/profile.ts';
import type { TrafficRow } from '../../rules/traffic.ts';
import type { FidelityReport } from '../fidelity.ts';

/** GET /status. */
export interface Status {
  readonly running: true;
  readonly version: string;
  readonly pid: number;
  readonly home: string;
  /** `host:port` that clients connect to. */
  readonly listen: string;
  /** Where redirected connections come in, `host:port` each; empty without that door. */
  readonly transparent: readonly string[];
  /** The page for Prometheus; undefined where there is none. */
  readonly metricsUrl: string | undefined;
  readonly startedAtMs: number;
  readonly draining: boolean;
  readonly connections: number;
  /** How many of them are passed through undecrypted. */
  readonly tunnels: number;
  readonly exchanges: number;
  readonly totals: Readonly<Record<string, number>>;
  /** How each provider fares. */
  readonly traffic: readonly TrafficRow[];
  /** By provider, what was spent today, US dollars; undefined where prices are not known. */
  readonly spentToday?: Readonly<Record<string, number>>;
  /** What limits, cooldowns, breakers and locks hold at the moment; undefined where there are none. */
  readonly flow?: readonly FlowRow[];
  /** Rows of the exchange log that were lost, to a full disk for one. */
  readonly recordsDropped: number;
  /** Why no credential of the vault can be used, one line; left out: it is open. */
  readonly vaultLocked: string | undefined;
  readonly caExpiresAtMs: number;
  readonly caFingerprint: string;
  /** Of the profiles that have one. */
  readonly budgets: readonly BudgetRow[];
}

/** A budget of a profile today. */
export interface BudgetRow extends Budget {
  readonly profile: string;
  readonly overBudget: OverBudget;
  /** The end of the local day, ms. */
  readonly freeAtMs: number;
  /** Models without a price, where the budget is of money: what they cost is not in it. */
  readonly unpriced: readonly string[];
}

/** GET /usage: what was counted is written to the store before the answer. */
export interface UsageState {
  /** False where that failed. */
  readonly isWritten: boolean;
  readonly prices: PriceTable;
}

/** What stands between requests and one host, or one family of its models. */
export interface FlowRow {
  /** '' for a host of no provider that is known. */
  readonly provider: string;
  readonly host: string;
  /** Family of models that this is of; undefined: the whole host. */
  readonly model?: string;
  readonly state: 'ok' | 'cooling' | 'probing' | 'open' | 'half-open' | 'locked';
  /** Wall clock, ms, at which it will try again. */
  readonly untilMs?: number;
  /** Requests that wait. */
  readonly waiting: number;
  /** One short line for people, '' where all is well. */
  readonly why: string;
}

/** One state of one machine that looks after a provider. */
export interface LimitRow {
  readonly machine: 'cooldown' | 'limiter' | 'lockout' | 'breaker' | 'way';
  /** `host:port`. */
  readonly host: string;
  /** The model, or its family; '' for all of them. */
  readonly model: string;
  /** Part of a hash that tells credentials apart, '' where it is not of one. */
  readonly credential: string;
  readonly state: 'ok' | 'cooling' | 'probing' | 'spent' | 'locked' | 'closed' | 'open' | 'half-open';
  /** Wall clock, ms; 0 where it has no end. */
  readonly untilMs: number;
  /** Requests that stand in line. */
  readonly waiting: number;
  /** A few words for people. */
  readonly detail: string;
}

/** GET /limits. */
export interface Limits {
  readonly rows: readonly LimitRow[];
  /** What machines did, and would have done where they only observe, by what it was. */
  readonly counts: Readonly<Record<string, number>>;
}

/** GET /connection: what a client's environment is made of. */
export interface Connection {
  /** With user and password when the proxy asks for them. */
  readonly proxyUrl: string;
  readonly caPath: string;
  readonly caPem: string;
  readonly interceptedHosts: readonly string[];
  /** By environment variable that a key is taken from: what a client holds instead. */
  readonly standIns: Readonly<Record<string, string>>;
  /** The credentials of the vault: what a client holds instead, and the variable it looks under, '' where none is known. */
  readonly credentials: readonly { readonly name: string; readonly variable: string; readonly placeholder: string }[];
  /** Why no host can be intercepted, one line; left out: they can. */
  readonly closed: string | undefined;
  /** A program of the daemon's own user needs a token, which the URL does not hold. */
  readonly needsToken: boolean;
}

/** GET /config: one row a value. */
export interface ConfigRow {
  readonly key: string;
  /** As text; `[set]` for what is secret. */
  readonly value: string;
  readonly origin: string;
}

/** GET /references: whether each reference of the configuration has a value. Never the value. */
export interface ReferenceRow {
  /** As it may be shown. */
  readonly reference: string;
  /** Why there is no value, one line that begins with the reference. */
  readonly trouble: string | undefined;
}

/** POST /reload. `error`: refused, the old configuration stays. */
export interface Reloaded {
  readonly changed: readonly string[];
  readonly notices: readonly string[];
  readonly error: string | undefined;
}

/** POST /reload takes nothing. */
export const reloadRequest = z.strictObject({});

/** POST /stop. `now` cuts what is running instead of letting it end. */
export const stopRequest = z.strictObject({ now: z.boolean().default(false) });

/** POST /unlock. `key`: what the data keys of the vault are wrapped by, base64; without it the daemon looks for it itself. */
export const unlockRequest = z.strictObject({ key: z.base64().length(44).optional() });

/** Why the vault is locked all the same; undefined: it is open. */
export interface Unlocked {
  readonly locked: string | undefined;
}

/** POST /hold. `values`: secrets of the caller's environment, known for as long as it holds. `profile`: whose token the caller wants. */
export const holdRequest = z.strictObject({ values: z.array(z.string()).default([]), profile: z.string().optional() });

/** POST /reset. `what`: which machines; `host`: of that host alone, as its name or `host:port`. */
export const resetRequest = z.strictObject({ what: z.enum(['limits', 'breaker']), host: z.string().optional() });

/** What holding gives. */
export interface Hold {
  /** Holds for as long as the hold; undefined where the caller needs none. */
  readonly token: string | undefined;
  release(): void;
}

/** What the control socket asks of the daemon. */
export interface Controlled {
  status(): Status;
  connection(): Connection;
  config(): readonly ConfigRow[];
  /** May take as long as the slowest of them. */
  references(): Promise<readonly ReferenceRow[]>;
  fidelity(host: string | undefined): readonly FidelityReport[];
  limits(): Limits;
  /** Takes states back to rest; how many there were. */
  reset(what: z.output<typeof resetRequest>): { readonly reset: number };
  usage(): UsageState;
  /** Prometheus' text format, or the same samples as values. */
  metrics(form: 'text' | 'json'): Promise<string | readonly object[]>;
  reload(): Promise<Reloaded>;
  /** Opens the vault again. Throws StoreError for a key that does not open it. */
  unlock(key: Buffer | undefined): Promise<Unlocked>;
  /** Begins to stop; the reply goes out first. */
  stop(now: boolean): void;
  /** A caller wants the daemon, its values known and its token valid, for as long as its connection stands. Throws StoreError where there can be no token. */
  hold(values: readonly string[], profile: string | undefined): Hold;
}
