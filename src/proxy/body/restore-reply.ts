// Phase 9, the edit: how a reply's body is turned back. A reply that can hold no placeholder is relayed with its own bytes.
// It must not know which protocol carries the reply.
import { firstValue, joinedValue, type ReplyHead } from '../../headers.ts';
import { contentKind } from '../../rules/content.ts';
import { createReplyRestorer } from '../../rules/masking/restore.ts';
import type { ReturnSource } from '../../rules/masking/return-rules.ts';
import { inSequence, type Scrubber } from '../../rules/masking/scrub.ts';
import type { Dialect } from '../../rules/provider.ts';
import type { BodyTransform, Exchange, ReplyPlan } from '../exchange.ts';
import type { Conductor } from '../house.ts';
import { decodeBody, encodeBody, knowsEncoding } from './decode.ts';
import { recoded } from './recoded.ts';
import { originPlan } from './watch-origins.ts';

const RAW: ReplyPlan = { kind: 'raw' };
const MAX_RATIO = 1000;

/** The plan for one reply. */
export function replyPlan(house: Conductor, x: Exchange, reply: ReplyHead, scrub?: Scrubber): ReplyPlan {
  const { route, policy } = x;
  const placeholders = returnSource(house, x);
  const origins = originPlan(house, x, reply);
  if (origins) return origins;
  if (!route || route.endpoint?.kind === 'login' || (placeholders.size === 0 && !scrub)) return RAW;
  // Part of a whole: its place and length are announced, and an edit would break what the parts are put together to.
  if (reply.status === 206) return RAW;
  const content = contentKind(reply.headers);
  if (content === 'media') return RAW;
  const encoding = joinedValue(reply.headers, 'content-encoding');
  // An encoding we cannot read passes as it is: the client gets what upstream sent, placeholders included.
  if (encoding !== undefined && !knowsEncoding(encoding)) return RAW;
  const kind = content === 'unknown' || content === 'form' ? 'text' : content === 'lines' ? 'json' : content;
  const length = firstValue(reply.headers, 'content-length');
  if (length !== undefined && Number(length) <= policy.maxBodyBytes && (kind === 'json' || kind === 'text')) {
    return {
      kind: 'whole',
      maxBytes: policy.maxBodyBytes,
      edit: (bytes) => restoreWhole(placeholders, x, kind, route.dialect, encoding, bytes, scrub),
    };
  }
  const own = createReplyRestorer(kind, route.dialect, placeholders, { answersJson: x.notes.answersJson });
  // Binary messages carry their own lengths and checksums, which a scrub would break.
  const restorer = scrub && kind !== 'frames' ? inSequence(scrub.stream(), own) : own;
  const plain: BodyTransform = {
    push: (piece) => {
      const out = restorer.push(piece);
      x.notes.restored = restorer.restored;
      return out;
    },
    end: () => {
      const out = restorer.end();
      x.notes.restored = restorer.restored;
      return out;
    },
    close: () => undefined,
  };
  return { kind: 'transform', transform: encoding === undefined || encoding === 'identity' ? plain : recoded(plain, encoding) };
}

/** What this exchange's replies are restored from. */
export function returnSource(house: Conductor, x: Exchange): ReturnSource {
  const { placeholders } = house.options;
  return x.policy.returns ? x.policy.returns(placeholders) : placeholders;
}

async function restoreWhole(
  placeholders: ReturnSource,
  x: Exchange,
  kind: 'json' | 'text',
  dialect: Dialect,
  encoding: string | undefined,
  bytes: Buffer,
  scrub: Scrubber | undefined,
): Promise<Buffer> {
  const plain =
    encoding === undefined
      ? bytes
      : await decodeBody(bytes, encoding, { maxBytes: x.policy.maxBodyBytes, maxRatio: MAX_RATIO, side: 'reply' });
  const restorer = createReplyRestorer(kind, dialect, placeholders, { answersJson: x.notes.answersJson });
  const clean = scrub ? scrub.bytes(plain) : plain;
  const pushed = restorer.push(clean);
  const tail = restorer.end();
  x.notes.restored += restorer.restored;
  if (restorer.restored === 0 && clean === plain) return bytes;
  const out = tail.length === 0 ? pushed : Buffer.concat([pushed, tail]);
  return encoding === undefined ? out : encodeBody(out, encoding);
}
