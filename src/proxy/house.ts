// What every room of the proxy shares for the life of the daemon: options, open sockets, who wants to hear of a drain.
// It makes no decision.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { ExchangeRecord } from '../exchange-record.ts';
import type { Flow } from './egress/flow.ts';
import type { SharedReplies } from './egress/shared-replies.ts';
import type { Way } from './egress/way.ts';
import type { Exchange } from './exchange.ts';
import type { ProxyOptions } from './options.ts';
import type { RefreshFlights } from './refresh-flights.ts';

/** What conduct needs besides the exchange: the daemon's parts and what to do with the finished record. */
export interface Conductor {
  readonly options: ProxyOptions;
  readonly log: Logger;
  readonly nextId: () => string;
  readonly draining: () => boolean;
  /** Counts by name, shown by `status`. */
  readonly count: (name: string) => void;
  readonly refreshes: RefreshFlights;
  /** What is asked before a call of a model leaves. */
  readonly flow: Flow;
  readonly replies: SharedReplies;
  /** What is asked before anything is dialled for an intercepted host. */
  readonly way: Way;
  readonly finished: (x: Exchange, record: ExchangeRecord) => void;
}

/** The running proxy as its parts see it. */
export interface House extends Conductor {
  /** Client sockets that are open, each with what ends it: itself, or the TLS socket on it. */
  readonly sockets: Map<Socket, Duplex>;
  /** Called once when draining starts, to end what is idle. */
  readonly drains: Set<() => void>;
  /** Open tunnels that are passed through; each tells when its last byte went by (monotonic ms). */
  readonly tunnels: Set<() => number>;
  /** Our ends of the connections we have dialled, by `endKey`: what comes in from one of them goes round in a circle. */
  readonly dialled: Set<string>;
  /** Our own listening addresses: never a target. */
  readonly own: () => readonly { readonly host: string; readonly port: number }[];
}
