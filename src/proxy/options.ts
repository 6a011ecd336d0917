// What the daemon hands to the proxy: its parts, and questions that are asked anew so that a reload needs no restart.
// It must not know how any of them is made.
import type { Logger } from 'pino';
import type { Capture } from '../capture.ts';
import type { CertAuthority } from '../cert/authority.ts';
import type { ExchangeRecord } from '../exchange-record.ts';
import type { Meter } from '../rules/budget/meter.ts';
import type { TokenStanding } from '../rules/client-token.ts';
import type { Bound } from '../rules/foreign-keys.ts';
import type { KnownSet } from '../rules/masking/known-values.ts';
import type { Placeholders } from '../rules/masking/placeholders.ts';
import type { Policy } from '../rules/policy.ts';
import type { Profile } from '../rules/profile.ts';
import type { StateKeeper } from '../rules/resilience/kept-state.ts';
import type { Secret } from '../secret.ts';
import type { Trust } from './egress/trust.ts';
import type { Exchange } from './exchange.ts';
import type { Connected, PeerUser } from './ingress/ends.ts';
import type { Origin } from './ingress/origin.ts';
import type { PeerProcesses } from './ingress/peer-process.ts';
import type { Listening, Place } from './listen.ts';
import type { After } from './refresh-flights.ts';

/** Everything the proxy is given; functions are asked anew so that a reload needs no restart. */
export interface ProxyOptions {
  readonly listen: Place;
  /** Throws where a socket that was handed over is bound to an address it may not be bound to. */
  readonly judgeListener?: (bound: Listening) => void;
  /** The second door, on loopback, for connections that the packet filter redirects: its port, and where such a connection was on its way to. */
  readonly transparent?: { readonly port: number; readonly originOf: (connected: Connected) => Promise<Origin> } | undefined;
  /** Read once per exchange; an exchange keeps the one it began with. */
  readonly policy: () => Policy;
  readonly certs: () => CertAuthority;
  readonly trust: Trust;
  readonly placeholders: Placeholders;
  /** Values to mask wherever they stand, read for each body; undefined while there are none. */
  readonly knownValues?: () => KnownSet | undefined;
  /** The value of an inject rule's template, bound to `host` (lower case). Rejects with Fault key-missing, whose detail is for the log. */
  readonly resolveSecret: (template: string, host: string, signal: AbortSignal) => Promise<Secret>;
  /** The keys of the vault and where each may go, asked for each request; none where there is no vault. */
  readonly vaultKeys?: () => readonly Bound[];
  readonly parentProxy: () => { readonly url: string; readonly noProxy: readonly string[] } | undefined;
  /** Expected `user:password`; undefined: none is asked for. */
  readonly proxyAuth: () => string | undefined;
  /** What is to be said of a token that a client shows, and later of the one with that id. */
  readonly tokens: { readonly check: (text: string) => TokenStanding; readonly standing: (id: string) => TokenStanding };
  /** Whose program is at the other end of a connection from this machine. */
  readonly peerUser: (connected: Connected) => Promise<PeerUser>;
  /** Which program is at the other end of a connection from this machine, for the record; left out: nobody asks. Never rejects. */
  readonly peerProcess?: PeerProcesses;
  /** Whether this user may come in without a token. */
  readonly needsNoToken: (user: PeerUser) => boolean;
  /** Undefined where there is none of that name. */
  readonly profile: (name: string) => Profile | undefined;
  /** What profiles may use, and what they have used; without it nothing is limited and nothing counted. */
  readonly budgets?: Meter;
  readonly limits: () => { readonly headMs: number; readonly idleMs: number; readonly connectMs: number; readonly maxConnections: number };
  readonly log: Logger;
  /** Wall clock, ms. */
  readonly now: () => number;
  /** Whether exchanges are refused because they cannot be recorded. */
  readonly refusesUnrecorded?: () => boolean;
  /** Hears of every exchange at its end, also of one that is not recorded. Must not throw, nor keep the exchange for long. */
  readonly observe?: (x: Exchange, record: ExchangeRecord) => void;
  /** What of the machines that look after providers outlives the daemon; nothing does where nobody keeps it. */
  readonly stateKeeper?: StateKeeper;
  /** The clock of waits, and chance from 0 to 1; those of the process by default. */
  readonly after?: After;
  readonly random?: () => number;
  /** With the bodies where they are kept. */
  readonly onRecord: (record: ExchangeRecord, capture: Capture | undefined) => void;
}
