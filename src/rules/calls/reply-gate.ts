// The gate for a reply's body, whichever way it is framed: events stay back by call, a document as a whole, prose not at all.
// It must not know who judges.

import { createFramesEditor } from '../masking/reply-frames.ts';
import { createByFirstBytes, type ReplyKind } from '../masking/reply-kind.ts';
import { createSseEditor } from '../masking/reply-stream.ts';
import type { StreamTransform } from '../masking/stream-transform.ts';
import { type CallJudge, createCallGate, createDocumentGate } from './gate.ts';

const NOTHING = Buffer.alloc(0);
/** Holds no calls. */
const PROSE: StreamTransform = { push: (chunk) => chunk, end: () => NOTHING, restored: 0 };

/** A gate for one reply body, of which `kind` is what its type says. It throws what the judge throws. */
export function createReplyGate(kind: ReplyKind | 'frames', judge: CallJudge, maxBytes: number): StreamTransform {
  const unreadable = () => judge.unreadable();
  const open = (sure: ReplyKind): StreamTransform => {
    if (sure === 'sse') return createSseEditor(createCallGate(judge, maxBytes), maxBytes, unreadable);
    return sure === 'json' ? createDocumentGate(judge, maxBytes) : PROSE;
  };
  if (kind === 'frames') return createFramesEditor(createCallGate(judge, maxBytes), maxBytes, unreadable);
  return kind === 'sse' ? open(kind) : createByFirstBytes(kind, open);
}
