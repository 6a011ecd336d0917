// The body of one HTTP/2 reply on its way to the client: as it is, edited as a whole, or edited as a stream. It does not know what an edit
// does, nor the client's stream.
import { Fault } from '../../fault.ts';
import { type RawHeaders, withoutDigests, withoutFields, withValue } from '../../headers.ts';
import type { BodyTransform, ReplyPlan } from '../exchange.ts';
import { whileQuiet } from '../wire/patience.ts';
import type { Wire } from '../wire/wire.ts';
import { wordsFor } from './h1-reply.ts';
import type { Http2Reply } from './h2-reply.ts';

/** The two ends of the exchange, and how to ask after them. */
export interface Http2Ends {
  readonly upstream: Wire;
  readonly idleMs: () => number;
  /** Grows while the other direction moves. */
  readonly progress: () => number;
  /** Throws when the client has left. */
  readonly live: () => void;
  /** Asked behind the last piece. */
  readonly isWhole: () => boolean;
  /** The Fault that says best why it is not. */
  readonly explain: (fault: Fault) => unknown;
  /** Begins the reply towards the client, gives it bytes, and ends it. */
  readonly respond: (status: number, headers: RawHeaders) => void;
  readonly give: (piece: Buffer) => Promise<void> | undefined;
  readonly end: () => void;
}

/** Relays head and body to the end. Faults upstream-silent, upstream-cut, client-slow, client-gone, and those of the plan. */
export async function relayReply(ends: Http2Ends, reply: Http2Reply, plan: ReplyPlan): Promise<void> {
  if (plan.kind === 'whole') return relayWhole(ends, reply, plan);
  if (plan.kind === 'transform') return relayTransformed(ends, reply, plan.transform);
  ends.respond(reply.status, reply.headers);
  await eachPiece(ends, (piece) => {
    plan.watch?.(piece);
    return ends.give(piece);
  });
  ends.end();
}

async function eachPiece(ends: Http2Ends, onPiece: (piece: Buffer) => Promise<void> | undefined): Promise<void> {
  const { upstream, idleMs, progress, live } = ends;
  for (;;) {
    const piece = await whileQuiet(upstream.read(), idleMs, 'upstream-silent', progress);
    live();
    if (!piece) break;
    const wait = onPiece(piece);
    if (wait) await whileQuiet(wait, idleMs, 'client-slow', progress);
    live();
  }
  if (!ends.isWhole()) throw ends.explain(new Fault('upstream-cut'));
}

async function relayWhole(ends: Http2Ends, reply: Http2Reply, plan: ReplyPlan & { kind: 'whole' }): Promise<void> {
  const pieces: Buffer[] = [];
  await eachPiece(ends, (piece) => {
    pieces.push(piece);
    return undefined;
  });
  const before = Buffer.concat(pieces);
  const after = await plan.edit(before);
  ends.live();
  const edited = () => withValue(withoutDigests(reply.headers), 'content-length', String(after.length));
  ends.respond(reply.status, after === before ? reply.headers : edited());
  await ends.give(after);
  ends.end();
}

async function relayTransformed(ends: Http2Ends, reply: Http2Reply, transform: BodyTransform): Promise<void> {
  const lengthless = withoutFields(reply.headers, (n) => n === 'content-length');
  ends.respond(reply.status, withoutDigests(lengthless));
  try {
    await eachPiece(ends, (piece) => {
      const edited = transform.push(piece);
      return edited instanceof Promise ? edited.then((bytes) => ends.give(bytes)) : ends.give(edited);
    });
    await ends.give(await transform.end());
    ends.end();
  } catch (thrown) {
    void ends.give(await wordsFor(thrown, transform));
    throw thrown;
  } finally {
    transform.close();
  }
}
