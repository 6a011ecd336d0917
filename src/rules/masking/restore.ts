// Restores what comes back: placeholders in a reply become values again while it streams, whichever way it is framed.
// It must not know how replies arrive or are compressed.
import type { Dialect } from '../provider.ts';
import { mayConcernPlaceholders } from './placeholder-shape.ts';
import { createDocumentRestorer } from './reply-document.ts';
import { createEventRestorer } from './reply-event.ts';
import { createFramesEditor } from './reply-frames.ts';
import { createByFirstBytes, type ReplyKind } from './reply-kind.ts';
import { createSseEditor } from './reply-stream.ts';
import { createTextRestorer } from './reply-text.ts';
import { createWholeRestorer } from './reply-whole.ts';
import type { ReturnSource } from './return-rules.ts';
import { latin1, type StreamTransform } from './stream-transform.ts';

const MAX_EVENT_BYTES = 8 * 1024 * 1024;

/** Restores WebSocket messages of one connection, in order. */
export interface MessageRestorer {
  /** What to send instead of a message, as one or several messages; undefined: the message unchanged. */
  message(payload: Buffer): Buffer | Buffer[] | undefined;
  /** Placeholders turned into values so far. */
  readonly restored: number;
}

/** What is known of the reply to come. In a stream of events, one larger than `maxEventBytes` passes as it is. */
export interface Expected {
  readonly maxEventBytes?: number;
  /** The request asked the model for JSON. */
  readonly answersJson?: boolean;
}

/** A restorer for one reply body, of which `kind` is what its type says: what comes as JSON or text may turn out to be another of the three. */
export function createReplyRestorer(
  kind: ReplyKind | 'frames',
  dialect: Dialect,
  placeholders: ReturnSource,
  { maxEventBytes = MAX_EVENT_BYTES, answersJson = false }: Expected = {},
): StreamTransform {
  const events = () => createEventRestorer(dialect, placeholders, () => answersJson);
  const open = (sure: ReplyKind): StreamTransform => {
    if (sure === 'sse') return createSseEditor(events(), maxEventBytes);
    if (sure === 'text') return createTextRestorer(placeholders);
    return placeholders.asksForCalls
      ? createWholeRestorer(dialect, placeholders, maxEventBytes, answersJson)
      : createDocumentRestorer(dialect, placeholders, answersJson);
  };
  if (kind === 'frames') return createFramesEditor(events(), maxEventBytes);
  return kind === 'sse' ? open(kind) : createByFirstBytes(kind, open);
}

/** A restorer for the messages of one WebSocket, which carry the same events as a stream. `answersJson`: the last message asked for JSON. */
export function createMessageRestorer(
  dialect: Dialect,
  placeholders: ReturnSource,
  answersJson: () => boolean = () => false,
): MessageRestorer {
  const events = createEventRestorer(dialect, placeholders, answersJson);
  const same = (value: number) => value;
  return {
    message(payload) {
      if (!events.attentive && !mayConcernPlaceholders(payload)) return undefined;
      const out = events.event({ raw: payload, again: payload, data: payload, rawOffset: same, plain: latin1 });
      return out?.length === 1 ? out[0] : out;
    },
    get restored() {
      return events.restored;
    },
  };
}
