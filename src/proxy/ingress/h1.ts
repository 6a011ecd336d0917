// Serves HTTP/1 on a client wire: one exchange after the other, pipelined requests wait their turn.
// It decides when the connection may carry another exchange; what an exchange does is conduct's business.
import { asFault, Fault } from '../../fault.ts';
import type { RequestHead } from '../../headers.ts';
import type { Dialect } from '../../rules/provider.ts';
import type { ConnectionFacts, Line } from '../exchange.ts';
import { type ParsedRequest, parseRequestHead } from '../wire/head.ts';
import { readHeadBytes } from '../wire/read-head.ts';
import type { Wire } from '../wire/wire.ts';
import { errorHead } from './error-reply.ts';
import { Http1Line, type Http1Origin } from './h1-line.ts';

/** Where a request of this connection goes. */
export interface Http1Aim {
  readonly head: RequestHead;
  readonly connection: ConnectionFacts;
  readonly origin: Http1Origin;
}

/** What serveHttp1 is told about the connection it serves. */
export interface Http1Door {
  /** Names the origin of a request; throws a Fault to refuse it. May be asked anew for every request of a plain proxy connection. */
  aim(parsed: ParsedRequest): Http1Aim | Promise<Http1Aim>;
  conduct(line: Line, connection: ConnectionFacts): Promise<void>;
  /** Words our own replies before a route is known. */
  readonly dialect: Dialect;
  /** No further request is taken once true. */
  readonly draining: () => boolean;
  readonly limits: { readonly headMs: number; readonly idleMs: number };
}

/** After our last byte the client gets this long to read it before the socket goes, ms. */
const LINGER_MS = 1000;

/** Serves until either side is done. `first` is a head that was read already. Never throws. */
export async function serveHttp1(client: Wire, door: Http1Door, first?: ParsedRequest): Promise<void> {
  let head = first;
  let served = 0;
  let endsBare = false;
  for (;;) {
    let line: Http1Line | undefined;
    try {
      head ??= await nextRequest(client, door, served === 0);
      if (!head) break;
      const aimed = await door.aim(head);
      line = new Http1Line(client, head, aimed.head, aimed.origin, { bodyMs: 2 * door.limits.headMs, idleMs: door.limits.idleMs });
      await door.conduct(line, aimed.connection);
    } catch (thrown) {
      const answer = errorHead(asFault(thrown), door.dialect, '-');
      client.write(head?.method === 'HEAD' ? answer.head : Buffer.concat([answer.head, answer.body]));
    }
    served++;
    head = undefined;
    endsBare = line?.endsBare === true;
    if (!line?.reusable || door.draining()) break;
  }
  linger(client, door.limits.idleMs, endsBare);
}

async function nextRequest(client: Wire, door: Http1Door, isFirst: boolean): Promise<ParsedRequest | undefined> {
  const { headMs, idleMs } = door.limits;
  try {
    const bytes = await readHeadBytes(client, {
      sender: 'client',
      firstByteMs: isFirst ? headMs : idleMs,
      headMs,
      late: 'client-slow',
      cutOff: 'bad-request',
      tooLarge: 'head-too-large',
    });
    return bytes && parseRequestHead(bytes);
  } catch (thrown) {
    // A kept connection that stays silent is closed without a word, as any server does.
    if (thrown instanceof Fault && thrown.detail === 'idle') return undefined;
    throw thrown;
  }
}

/**
 * Ends our side and gives the client time to read; what it still sends is thrown away. `stallMs` bounds a client that never reads.
 * `endsBare`: without the polite end of TLS.
 */
export function linger(client: Wire, stallMs: number, endsBare = false): void {
  if (client.socket.destroyed || client.isCut) return;
  const gone = () => client.destroy();
  const hasLeft = client.state !== 'open';
  client.onLeave = hasLeft ? undefined : gone;
  // A reset can look like a clean end, and what is written then never finishes (Node 26).
  let timer = setTimeout(gone, hasLeft ? LINGER_MS : stallMs);
  client.socket.once('finish', () => {
    clearTimeout(timer);
    if (client.state === 'open') timer = setTimeout(gone, LINGER_MS);
    else gone();
  });
  client.socket.once('close', () => clearTimeout(timer));
  if (endsBare) client.endBare();
  else client.end();
  void discard(client);
}

async function discard(client: Wire): Promise<void> {
  while (await client.read()) {
    // thrown away
  }
}
