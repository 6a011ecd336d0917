// A request as guardrails see it.
import { createConversationReader } from '../../src/rules/conversation/read.ts';
import type { Segment } from '../../src/rules/conversation/segment.ts';
import { anthropic } from '../../src/rules/dialects/anthropic.ts';
import type { GuardedRequest, Hit } from '../../src/rules/guardrail.ts';

/** One with this body; JSON of Anthropic's unless told otherwise. */
export function guardedRequest(
  bytes: Buffer,
  over: Partial<GuardedRequest> = {},
  look: (segment: Segment) => Hit | undefined = () => undefined,
): GuardedRequest {
  const reading = createConversationReader<Hit>(0).read(bytes, look);
  return { bytes, target: '/', headers: ['content-type', 'application/json'], dialect: anthropic, reading, mayEdit: () => true, ...over };
}
