// One HTTP/1 reply on its way from upstream to the client: with its own bytes, edited as a whole, or edited as a stream and framed
// anew where that is needed. It does not know what an edit does.
import { Fault } from '../../fault.ts';
import { type ReplyHead, withoutDigests, withoutFields, withValue } from '../../headers.ts';
import type { BodyTransform, LineTally, ReplyPlan } from '../exchange.ts';
import { endToEnd } from '../hop.ts';
import { type BodyFramer, createFramer, encodeChunk, LAST_CHUNK } from '../wire/frame.ts';
import { type ParsedReply, parseReplyHead, renderHead } from '../wire/head.ts';
import { whileQuiet } from '../wire/patience.ts';
import { readHeadBytes } from '../wire/read-head.ts';
import type { Wire } from '../wire/wire.ts';

/** The two ends of the exchange, and how to ask after them. */
export interface ReplyEnds {
  readonly client: Wire;
  readonly upstream: Wire;
  readonly seen: LineTally;
  /** Version the client speaks. */
  readonly version: '1.0' | '1.1';
  readonly idleMs: () => number;
  /** Throws when the client has left. */
  readonly live: () => void;
  /** The Fault that says best why upstream went quiet. */
  readonly explain: (fault: Fault) => unknown;
}

const HEAD = {
  sender: 'upstream',
  headMs: 60_000,
  late: 'upstream-silent',
  cutOff: 'upstream-cut',
  tooLarge: 'upstream-protocol',
} as const;

/** The next head of a reply to a request of this method. Its first byte may take `firstByteMs`, 0: for ever. Faults upstream-*. */
export async function readReply(upstream: Wire, method: string, firstByteMs: number): Promise<ParsedReply> {
  const bytes = await readHeadBytes(upstream, { ...HEAD, firstByteMs });
  if (!bytes) throw new Fault('upstream-cut', 'before a reply');
  return parseReplyHead(bytes, method);
}

/**
 * Relays head and body to the end. True when the client can tell the end by the framing, false when only the close says it.
 * Faults upstream-cut, upstream-protocol, upstream-silent, client-gone, client-slow, reply-unreadable.
 */
export async function relayReply(ends: ReplyEnds, reply: ParsedReply, plan: ReplyPlan): Promise<boolean> {
  const framer = createFramer(reply.framing, 'reply');
  if (plan.kind === 'transform' && !framer.done) return relayTransformed(ends, reply, framer, plan.transform);
  if (plan.kind === 'whole' && !framer.done) await relayWhole(ends, reply, framer, plan);
  else await relayRaw(ends, reply, framer, plan.kind === 'raw' ? plan.watch : undefined);
  return reply.framing.kind !== 'until-close';
}

/** Starts the reply with these bytes; from here on a failure can only be shown by a cut. */
export function beginReply({ client, seen }: Pick<ReplyEnds, 'client' | 'seen'>, reply: ReplyHead, bytes: Buffer): void {
  seen.status = reply.status;
  client.write(bytes);
}

/** The reply without the fields of upstream's hop. */
export function forwardable(reply: ParsedReply): ParsedReply {
  const headers = endToEnd(reply.headers, reply.status === 101);
  return headers === reply.headers ? reply : { ...reply, headers, bytes: renderHead(statusLine(reply), headers) };
}

/** The reply with the bytes that its fields have now. */
export function asSaid(reply: ParsedReply & { readonly isEdited?: true }): ParsedReply {
  return reply.isEdited ? { ...reply, bytes: renderHead(statusLine(reply), reply.headers) } : reply;
}

/** Above any last chunk with its trailers that the framer lets pass. */
const NOTHING = Buffer.alloc(0);
const MAX_LAST_CHUNK_BYTES = 32 * 1024;

type Relaid = Promise<void> | undefined;

async function eachChunk(
  ends: ReplyEnds,
  framer: BodyFramer,
  onRaw: (raw: Buffer) => Relaid,
  onPayload?: (piece: Buffer) => void,
): Promise<void> {
  const { upstream, seen, idleMs, live } = ends;
  const progress = () => seen.requestBytes;
  while (!framer.done) {
    const chunk = await whileQuiet(upstream.read(), idleMs, 'upstream-silent', progress);
    live();
    if (!chunk) {
      if (upstream.state !== 'ended') throw ends.explain(new Fault('upstream-cut'));
      framer.end();
      return;
    }
    const used = framer.push(chunk, onPayload);
    if (used < chunk.length) upstream.unread(chunk.subarray(used));
    const wait = onRaw(used === chunk.length ? chunk : chunk.subarray(0, used));
    if (wait) {
      await whileQuiet(wait, idleMs, 'client-slow', progress);
      live();
    }
  }
}

/** Head and first bytes leave together where they came together. */
function beginCorked(ends: ReplyEnds, reply: ParsedReply, head: Buffer): void {
  const uncork = ends.client.cork();
  beginReply(ends, reply, head);
  queueMicrotask(uncork);
}

async function relayRaw(ends: ReplyEnds, reply: ParsedReply, framer: BodyFramer, watch?: (piece: Buffer) => void): Promise<void> {
  beginCorked(ends, reply, reply.bytes);
  const onRaw = (raw: Buffer): Relaid => {
    ends.seen.replyBytes += raw.length;
    return ends.client.write(raw);
  };
  await eachChunk(ends, framer, onRaw, watch);
}

async function relayWhole(ends: ReplyEnds, reply: ParsedReply, framer: BodyFramer, plan: ReplyPlan & { kind: 'whole' }): Promise<void> {
  const raw: Buffer[] = [];
  const payload: Buffer[] = [];
  let size = 0;
  await eachChunk(
    ends,
    framer,
    (bytes) => {
      size += bytes.length;
      if (size > plan.maxBytes * 2) throw new Fault('reply-unreadable', 'too large');
      raw.push(bytes);
      return undefined;
    },
    (piece) => payload.push(piece),
  );
  const before = payload.length === 1 ? payload[0]! : Buffer.concat(payload);
  const after = await plan.edit(before);
  ends.live();
  ends.seen.replyBytes += after.length;
  if (after === before) return beginReply(ends, reply, Buffer.concat([reply.bytes, ...raw]));
  const head = renderHead(statusLine(reply), withValue(withoutDigests(reply.headers), 'content-length', String(after.length)));
  beginReply(ends, reply, Buffer.concat([head, after]));
}

async function relayTransformed(ends: ReplyEnds, reply: ParsedReply, framer: BodyFramer, transform: BodyTransform): Promise<boolean> {
  const { client, seen } = ends;
  // With a length announced and edits to come the length cannot be kept: chunked for 1.1, close for 1.0.
  const chunked = reply.framing.kind === 'chunked' || (reply.framing.kind === 'length' && ends.version === '1.1');
  const announced = reply.framing.kind === 'length';
  const undigested = withoutDigests(reply.headers);
  const headers = announced ? lengthless(undigested, chunked) : undigested;
  beginCorked(ends, reply, headers === reply.headers ? reply.bytes : renderHead(statusLine(reply), headers));
  const pieces: Buffer[] = [];
  const write = (bytes: Buffer): Relaid => {
    seen.replyBytes += bytes.length;
    return client.write(bytes);
  };
  const give = (edited: Buffer): Relaid => {
    if (edited.length === 0) return undefined;
    return write(chunked ? Buffer.concat(encodeChunk(edited)) : edited);
  };
  const relayed = new ChunkFollower(framer);
  const onRaw = (raw: Buffer): Relaid => {
    const whole = relayed.follow(raw);
    const payload = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    pieces.length = 0;
    if (payload.length === 0) return undefined;
    const hand = (edited: Buffer) => (whole && edited === payload ? write(whole) : give(edited));
    const edited = transform.push(payload);
    return edited instanceof Promise ? edited.then(hand) : hand(edited);
  };
  try {
    await eachChunk(ends, framer, onRaw, (piece) => pieces.push(piece));
    await give(await transform.end());
    if (chunked) await write(announced ? LAST_CHUNK : relayed.rest());
  } catch (thrown) {
    // Nobody waits for a client that may read nothing: what follows is a cut.
    void give(await wordsFor(thrown, transform));
    throw thrown;
  } finally {
    transform.close();
  }
  return chunked;
}

/** What the client still hears of a failure before the cut. */
export async function wordsFor(thrown: unknown, transform: BodyTransform): Promise<Buffer> {
  const words = thrown instanceof Fault && thrown.source === 'rule' ? await transform.lastWords?.(thrown) : undefined;
  return words ?? NOTHING;
}

/** Knows which bytes are whole chunks: they may leave as they came when nothing of them was changed. */
class ChunkFollower {
  readonly #framer: BodyFramer;
  #atBoundary = true;
  /** What came since the last whole chunk, in the end the last chunk and its trailers; of a large chunk only the beginning. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  constructor(framer: BodyFramer) {
    this.#framer = framer;
  }

  /** Call behind each push: the bytes of `raw` that are whole chunks, where they hold all payload of `raw` and no older one. */
  follow(raw: Buffer): Buffer | undefined {
    const { boundary, done } = this.#framer;
    if (boundary >= 0) {
      this.#rest = [];
      this.#restBytes = 0;
    }
    const rest = boundary > 0 ? raw.subarray(boundary) : raw;
    if (this.#restBytes < MAX_LAST_CHUNK_BYTES) this.#rest.push(rest);
    this.#restBytes += rest.length;
    const whole = this.#atBoundary && (done || boundary === raw.length) && boundary > 0;
    this.#atBoundary = boundary === raw.length;
    return whole ? raw.subarray(0, boundary) : undefined;
  }

  rest(): Buffer {
    return Buffer.concat(this.#rest);
  }
}

function statusLine(reply: ParsedReply): string {
  return `HTTP/${reply.version} ${reply.status} ${reply.reason}`;
}

function lengthless(headers: ParsedReply['headers'], chunked: boolean): ParsedReply['headers'] {
  if (!chunked) return withoutFields(headers, (n) => n === 'content-length');
  const out = headers.slice();
  for (let i = 0; i < out.length; i += 2) {
    if (out[i]!.toLowerCase() !== 'content-length') continue;
    out[i] = out[i] === 'content-length' ? 'transfer-encoding' : 'Transfer-Encoding';
    out[i + 1] = 'chunked';
  }
  return out;
}
