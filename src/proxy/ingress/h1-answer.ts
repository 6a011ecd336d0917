// Answers of an HTTP/1 exchange that no upstream of its own gave: whole, or as they come.
// It must not know whose answer it is.
import { STATUS_CODES } from 'node:http';
import type { RawHeaders, ReplyHead } from '../../headers.ts';
import type { WholeReply } from '../exchange.ts';
import { encodeChunk, LAST_CHUNK } from '../wire/frame.ts';
import { renderHead } from '../wire/head.ts';
import { whileQuiet } from '../wire/patience.ts';
import { beginReply, type ReplyEnds } from './h1-reply.ts';

/** Writes it, framed by the length that it names. */
export function answerWhole(ends: Pick<ReplyEnds, 'client' | 'seen'>, { head, body }: WholeReply): void {
  ends.seen.replyBytes = body.length;
  beginReply(ends, head, Buffer.concat([rendered(head, head.headers), body]));
}

/** Writes it piece by piece. True when the client can tell the end by the framing. Faults client-gone, client-slow, and what `pieces` throws. */
export async function answerPieces(
  ends: Pick<ReplyEnds, 'client' | 'seen' | 'version' | 'idleMs' | 'live'>,
  head: ReplyHead,
  pieces: AsyncIterable<Buffer>,
): Promise<boolean> {
  const isChunked = ends.version === '1.1';
  const framing = isChunked ? ['Transfer-Encoding', 'chunked'] : ['Connection', 'close'];
  beginReply(ends, head, rendered(head, [...head.headers, ...framing]));
  const give = async (bytes: Buffer): Promise<void> => {
    const wait = ends.client.write(bytes);
    if (wait) await whileQuiet(wait, ends.idleMs, 'client-slow', () => 0);
    ends.live();
  };
  for await (const piece of pieces) {
    ends.seen.replyBytes += piece.length;
    await give(isChunked ? Buffer.concat(encodeChunk(piece)) : piece);
  }
  if (isChunked) await give(LAST_CHUNK);
  return isChunked;
}

function rendered({ status, reason }: ReplyHead, headers: RawHeaders): Buffer {
  return renderHead(`HTTP/1.1 ${status} ${reason || (STATUS_CODES[status] ?? 'Error')}`, headers);
}
