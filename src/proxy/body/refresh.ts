// A refresh of a login on its way: its body is read before it leaves, with the bytes it came in, to see which others it may share an
// answer with; and the answer is kept as it goes by. It must not change a byte, nor know who else waits.
import { joinedValue, type ReplyHead } from '../../headers.ts';
import { contentKind } from '../../rules/content.ts';
import { refreshKey } from '../../rules/refresh.ts';
import type { Exchange, OutgoingRequest, RawPlan, WholeReply } from '../exchange.ts';
import { withoutFraming } from '../hop.ts';
import type { Conductor } from '../house.ts';
import type { Boarding } from '../refresh-flights.ts';

/** Larger bodies, of requests and of replies, pass as they come. */
const MAX_BYTES = 64 * 1024;
const STREAM: OutgoingRequest['body'] = { kind: 'stream' };

/** The body of a login call, as it came: read to its end only where it may be a refresh. Notes the key. Faults as `Line.collect`. */
export async function loginBody(x: Exchange): Promise<OutgoingRequest['body']> {
  const { line, policy } = x;
  const { method, headers } = line.head;
  const kind = contentKind(headers);
  const mayBe = line.hasBody && method === 'POST' && (kind === 'json' || kind === 'form');
  if (!mayBe || joinedValue(headers, 'content-encoding') !== undefined || (line.bodyLength ?? 0) > MAX_BYTES) return STREAM;
  const bytes = await line.collect(policy.maxBodyBytes);
  if (bytes.length <= MAX_BYTES) x.notes.refreshKey = refreshKey(method, kind, bytes);
  return { kind: 'whole', bytes, changed: false };
}

/** Whether this exchange shares an answer, with whom speaks to the same host; undefined where it is no refresh. Fault client-gone. */
export async function boardRefresh(house: Conductor, x: Exchange): Promise<Boarding | undefined> {
  const { refreshKey: key } = x.notes;
  if (key === undefined) return undefined;
  const { scheme, authority } = x.connection;
  const boarding = await house.refreshes.board(`${scheme}://${authority.host}:${authority.port} ${key}`, x.line.signal);
  if (boarding.kind === 'joins') house.count('refresh:joined');
  return boarding;
}

/** A plan that relays the answer with its own bytes. Behind its end `kept` gives it for others, undefined where it is not to be shared. */
export function keptPlan(reply: ReplyHead): RawPlan & { readonly kept: () => WholeReply | undefined } {
  const pieces: Buffer[] = [];
  let size = 0;
  const watch = (piece: Buffer) => {
    size += piece.length;
    if (size <= MAX_BYTES) pieces.push(piece);
    else pieces.length = 0;
  };
  const kept = () => {
    if (!isAnswer(reply.status) || size > MAX_BYTES) return undefined;
    return { head: { ...reply, headers: [...withoutFraming(reply.headers), 'content-length', String(size)] }, body: Buffer.concat(pieces) };
  };
  return { kind: 'raw', watch, kept };
}

/** A token or a no (RFC 6749 5.1, 5.2); everything else says nothing of the token. */
function isAnswer(status: number): boolean {
  return status === 200 || status === 400 || status === 401;
}
