// What goes over the control socket. Bodies of requests are checked with zod; replies are ours and only typed.
// Must not hold a credential, but for `Connection` and `Hold`, which exist to hand the proxy's own to its owner.
import { z } from 'zod';
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
  readonly caExpiresAtMs: number;
  readonly caFingerprint: string;
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

/** POST /hold. `values`: secrets of the caller's environment, known for as long as it holds. `profile`: whose token the caller wants. */
export const holdRequest = z.strictObject({ values: z.array(z.string()).default([]), profile: z.string().optional() });

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
  /** Prometheus' text format, or the same samples as values. */
  metrics(form: 'text' | 'json'): Promise<string | readonly object[]>;
  reload(): Promise<Reloaded>;
  /** Begins to stop; the reply goes out first. */
  stop(now: boolean): void;
  /** A caller wants the daemon, its values known and its token valid, for as long as its connection stands. Throws StoreError where there can be no token. */
  hold(values: readonly string[], profile: string | undefined): Hold;
}
