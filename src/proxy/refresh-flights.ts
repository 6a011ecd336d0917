// Refreshes of one refresh token that are under way at the same time: the first leads, the others get its answer, so that no session
// burns a token that works only once. Nothing of an answer is stored or logged, and it is forgotten after seconds.
// It must not know what carries an exchange.
import { CLIENT_GONE } from '../fault.ts';
import type { WholeReply } from './exchange.ts';

/** What comes of asking: an answer that somebody else got, the lead, or neither. Who leads calls `end` once, with the answer if one may be shared. */
export type Boarding =
  | { readonly kind: 'joins'; readonly reply: WholeReply }
  | { readonly kind: 'leads'; readonly end: (reply: WholeReply | undefined) => void }
  | { readonly kind: 'alone' };

/** The refreshes under way, by key. */
export interface RefreshFlights {
  /** Resolves once it is known what comes of it, after 30 s at the latest. Fault client-gone once `signal` aborts. */
  board(key: string, signal: AbortSignal): Promise<Boarding>;
}

/** Calls `act` after `ms` unless what is returned was called before. */
export type After = (ms: number, act: () => void) => () => void;

interface Flight {
  /** In the order they came. */
  readonly waiting: Set<(boarding: Boarding) => void>;
  reply: WholeReply | undefined;
}

const WAIT_MS = 30_000;
/** A session may be a moment late. */
const KEPT_MS = 10_000;
const MAX_WAITING = 100;
/** Above it answers are forgotten at once. */
const MAX_FLIGHTS = 1000;
const ALONE: Boarding = Object.freeze({ kind: 'alone' });

/** `after` is the clock. */
export function openRefreshFlights(after: After): RefreshFlights {
  const flights = new Map<string, Flight>();

  const lead = (key: string, flight: Flight): Boarding => ({ kind: 'leads', end: (reply) => land(key, flight, reply) });

  const land = (key: string, flight: Flight, reply: WholeReply | undefined): void => {
    if (!reply) {
      // A failure is nobody else's: the next one tries, and the rest wait for that.
      const [next] = flight.waiting;
      if (next) next(lead(key, flight));
      else flights.delete(key);
      return;
    }
    flight.reply = reply;
    for (const go of [...flight.waiting]) go({ kind: 'joins', reply });
    if (flights.size > MAX_FLIGHTS) flights.delete(key);
    else after(KEPT_MS, () => flights.delete(key));
  };

  const wait = (flight: Flight, signal: AbortSignal): Promise<Boarding> =>
    new Promise((resolve, reject) => {
      const leave = () => {
        flight.waiting.delete(go);
        cancel();
        signal.removeEventListener('abort', onGone);
      };
      const go = (boarding: Boarding) => {
        leave();
        resolve(boarding);
      };
      const onGone = () => {
        leave();
        reject(CLIENT_GONE);
      };
      const cancel = after(WAIT_MS, () => go(ALONE));
      flight.waiting.add(go);
      signal.addEventListener('abort', onGone);
    });

  return {
    async board(key, signal) {
      if (signal.aborted) throw CLIENT_GONE;
      const flight = flights.get(key);
      if (flight?.reply) return { kind: 'joins', reply: flight.reply };
      if (flight) return flight.waiting.size < MAX_WAITING ? wait(flight, signal) : ALONE;
      const own: Flight = { waiting: new Set(), reply: undefined };
      flights.set(key, own);
      return lead(key, own);
    },
  };
}

/** The clock of the process; it does not wait for it to end. */
export const realAfter: After = (ms, act) => {
  const timer = setTimeout(act, ms).unref();
  return () => clearTimeout(timer);
};
