// Replies that a second reader may have: a request that says it is a repetition joins the one that is still under way, or gets the answer
// that has just been given. Two requests that say nothing of the kind stay two. What is kept is bounded, in memory, and gone after seconds.
// It must not know what carries a request, nor read a reply.
import { hash } from 'node:crypto';
import { Fault } from '../../fault.ts';
import type { ReplyHead } from '../../headers.ts';
import type { After } from '../refresh-flights.ts';
import { type ReplyReader, ReplyTape, type Room } from './reply-tape.ts';

/** One request, as far as it matters to tell it from others. */
export interface ShareAsk {
  /** Method, authority, path, credential and profile in one. */
  readonly key: string;
  /** As it came, before anything was masked. */
  readonly body: Buffer;
  /** The client's own name for it (Idempotency-Key). */
  readonly idempotencyKey: string | undefined;
  /** The client says that it has sent it before. */
  readonly isRetry: boolean;
}

/** What comes of asking. */
export type Sharing = { readonly kind: 'joins'; readonly reader: ReplyReader } | { readonly kind: 'leads'; readonly lead: Lead };

/** The request whose reply others may read too. `end` is called whatever happens; the first call counts. */
export interface Lead {
  begin(head: ReplyHead): void;
  push(piece: Buffer): void;
  /** `fault`: it did not come to its end. */
  end(fault: Fault | undefined): void;
  /** Others read along. */
  readonly isRead: () => boolean;
  /** Called when the last of them has left. */
  onUnread: () => void;
}

/** All of them. */
export interface SharedReplies {
  /** What would come of it, without a consequence: for those that are only observed. */
  wouldJoin(ask: ShareAsk): boolean;
  /** Fault idempotency-conflict. */
  board(ask: ShareAsk): Sharing;
}

/** A complete success is given again for so long. */
const KEPT_MS = 5000;
/** One idempotency key means one body for so long. */
const KEY_MS = 600_000;
const MAX_KEYS = 10_000;
/** Over all of them; what comes above it is nobody else's. */
const MAX_BYTES = 64 * 1024 * 1024;

interface Flight {
  /** Undefined where there was no room for it: nobody can be told to be the same. */
  readonly body: Buffer | undefined;
  readonly tape: ReplyTape;
}

/** `after` is the clock. */
export function openSharedReplies(after: After): SharedReplies {
  const flights = new Map<string, Flight[]>();
  const named = new Map<string, string>();
  let bytes = 0;
  const room: Room = {
    take(size) {
      if (bytes + size > MAX_BYTES) return false;
      bytes += size;
      return true;
    },
    give: (size) => {
      bytes -= size;
    },
  };

  const find = ({ key, body }: ShareAsk): Flight | undefined =>
    flights.get(key)?.find((flight) => flight.tape.isOpen() && flight.body?.equals(body));

  const forget = (key: string, flight: Flight): void => {
    const rest = (flights.get(key) ?? []).filter((other) => other !== flight);
    if (rest.length === 0) flights.delete(key);
    else flights.set(key, rest);
    if (flight.body) room.give(flight.body.length);
    flight.tape.close();
  };

  /** A key that came before with another body is refused; true: it came before with this one. */
  const isNamed = ({ key, body, idempotencyKey }: ShareAsk): boolean => {
    if (idempotencyKey === undefined) return false;
    const name = `${key} ${idempotencyKey}`;
    const print = hash('sha256', body);
    const before = named.get(name);
    if (before !== undefined && before !== print) throw new Fault('idempotency-conflict');
    if (before === undefined) {
      named.set(name, print);
      after(KEY_MS, () => named.delete(name));
      if (named.size > MAX_KEYS) named.delete(named.keys().next().value as string);
    }
    return before !== undefined;
  };

  const lead = ({ key, body }: ShareAsk): Lead => {
    const flight: Flight = { body: room.take(body.length) ? body : undefined, tape: new ReplyTape(room) };
    flights.set(key, [...(flights.get(key) ?? []), flight]);
    const { tape } = flight;
    const own: Lead = {
      begin: (head) => tape.begin(head),
      push: (piece) => tape.push(piece),
      end(fault) {
        if (tape.isOver) return;
        tape.end(fault);
        const isKept = fault === undefined && tape.isSuccess() && tape.isOpen();
        if (isKept) after(KEPT_MS, () => forget(key, flight));
        else forget(key, flight);
      },
      isRead: () => tape.readers > 0,
      onUnread: () => undefined,
    };
    tape.onUnread = () => own.onUnread();
    return own;
  };

  return {
    wouldJoin: (ask) => ask.isRetry && find(ask) !== undefined,
    board(ask) {
      const isAgain = isNamed(ask) || ask.isRetry;
      const flight = isAgain ? find(ask) : undefined;
      return flight ? { kind: 'joins', reader: flight.tape.read() } : { kind: 'leads', lead: lead(ask) };
    },
  };
}
