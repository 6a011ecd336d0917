// Phase 9, the edit: how a reply's body is turned back, and how the calls of tools in it are judged. A reply that can hold no placeholder
// and that nobody judges is relayed with its own bytes. It must not know which protocol carries the reply.
import { firstValue, joinedValue, type ReplyHead } from '../../headers.ts';
import type { CallJudge } from '../../rules/calls/gate.ts';
import { createReplyGate } from '../../rules/calls/reply-gate.ts';
import { contentKind } from '../../rules/content.ts';
import { lastWords } from '../../rules/last-words.ts';
import type { ReplyKind } from '../../rules/masking/reply-kind.ts';
import { createReplyRestorer } from '../../rules/masking/restore.ts';
import type { ReturnSource } from '../../rules/masking/return-rules.ts';
import { inSequence, type Scrubber } from '../../rules/masking/scrub.ts';
import type { StreamTransform } from '../../rules/masking/stream-transform.ts';
import type { Dialect } from '../../rules/provider.ts';
import type { BodyTransform, Exchange, ReplyPlan } from '../exchange.ts';
import { callJudge } from '../guard/calls.ts';
import type { Conductor } from '../house.ts';
import { decodeBody, encodeBody, knowsEncoding } from './decode.ts';
import { recoded } from './recoded.ts';
import { heardRaw, replyEar } from './usage.ts';
import { originPlan } from './watch-origins.ts';

const RAW: ReplyPlan = { kind: 'raw' };
const MAX_RATIO = 1000;
const NOTHING = Buffer.alloc(0);

/** The plan for one reply. Fault rule-denied where its calls of tools must be judged and it cannot be read. */
export function replyPlan(house: Conductor, x: Exchange, reply: ReplyHead, scrub?: Scrubber): ReplyPlan {
  const { route, policy } = x;
  const source = returnSource(house, x);
  const origins = originPlan(house, x, reply);
  if (origins) return origins;
  const judge = callJudge(house, x);
  const encoding = joinedValue(reply.headers, 'content-encoding');
  if (!route || route.endpoint?.kind === 'login' || (source.size === 0 && !scrub && !judge)) return heardRaw(x, reply.headers, encoding);
  const content = contentKind(reply.headers);
  // Part of a whole: its place and length are announced, and an edit would break what the parts are put together to.
  if (reply.status === 206 || content === 'media') return RAW;
  if (encoding !== undefined && !knowsEncoding(encoding)) {
    judge?.unreadable();
    // The client gets what upstream sent, placeholders included.
    return RAW;
  }
  const kind = content === 'unknown' || content === 'form' ? 'text' : content === 'lines' ? 'json' : content;
  const length = firstValue(reply.headers, 'content-length');
  const sources: Sources = { source, scrub, judge, hear: replyEar(x, reply.headers) };
  if (length !== undefined && Number(length) <= policy.maxBodyBytes && (kind === 'json' || kind === 'text')) {
    return {
      kind: 'whole',
      maxBytes: policy.maxBodyBytes,
      edit: (bytes) => restoreWhole(sources, x, kind, route.dialect, encoding, bytes),
    };
  }
  const isPlain = encoding === undefined || encoding === 'identity';
  const plain = restoring(sources, x, kind, route.dialect);
  return { kind: 'transform', transform: isPlain ? plain : recoded(plain, encoding) };
}

/** What a reply is turned back from, what is taken out of it, who judges the calls in it and who hears what it cost. */
interface Sources {
  readonly source: ReturnSource;
  readonly scrub: Scrubber | undefined;
  readonly judge: CallJudge | undefined;
  readonly hear: ((piece: Buffer) => void) | undefined;
}

function restoring({ source, scrub, judge, hear }: Sources, x: Exchange, kind: ReplyKind | 'frames', dialect: Dialect): BodyTransform {
  const own = createReplyRestorer(kind, dialect, source, { answersJson: x.notes.answersJson });
  // Binary messages carry their own lengths and checksums, which a scrub would break.
  const restorer = scrub && kind !== 'frames' ? inSequence(scrub.stream(), own) : own;
  // What is judged is what the client would do.
  const gate = judge && createReplyGate(kind, judge, x.policy.maxBodyBytes);
  const counted = (bytes: Buffer): Buffer => {
    x.notes.restored = restorer.restored;
    return bytes;
  };
  return {
    push: (piece) => {
      hear?.(piece);
      return gated(gate, counted(restorer.push(piece)));
    },
    end: () => {
      const last = gated(gate, counted(restorer.end()));
      return gate ? Buffer.concat([last, gate.end()]) : last;
    },
    lastWords: (fault) => (kind === 'sse' ? lastWords(dialect, fault, x.id) : NOTHING),
    close: () => undefined,
  };
}

function gated(gate: StreamTransform | undefined, bytes: Buffer): Buffer {
  return gate && bytes.length > 0 ? gate.push(bytes) : bytes;
}

/** What this exchange's replies are restored from. */
export function returnSource(house: Conductor, x: Exchange): ReturnSource {
  const { placeholders } = house.options;
  return x.policy.returns ? x.policy.returns(placeholders) : placeholders;
}

async function restoreWhole(
  { source, scrub, judge, hear }: Sources,
  x: Exchange,
  kind: 'json' | 'text',
  dialect: Dialect,
  encoding: string | undefined,
  bytes: Buffer,
): Promise<Buffer> {
  const plain =
    encoding === undefined
      ? bytes
      : await decodeBody(bytes, encoding, { maxBytes: x.policy.maxBodyBytes, maxRatio: MAX_RATIO, side: 'reply' });
  hear?.(plain);
  const restorer = createReplyRestorer(kind, dialect, source, { answersJson: x.notes.answersJson });
  const clean = scrub ? scrub.bytes(plain) : plain;
  const pushed = restorer.push(clean);
  const tail = restorer.end();
  const out = tail.length === 0 ? pushed : Buffer.concat([pushed, tail]);
  if (judge) judgeReply(judge, kind, out, x.policy.maxBodyBytes);
  x.notes.restored += restorer.restored;
  if (restorer.restored === 0 && clean === plain) return bytes;
  return encoding === undefined ? out : encodeBody(out, encoding);
}

function judgeReply(judge: CallJudge, kind: 'json' | 'text', bytes: Buffer, maxBytes: number): void {
  const gate = createReplyGate(kind, judge, maxBytes);
  gate.push(bytes);
  gate.end();
}
