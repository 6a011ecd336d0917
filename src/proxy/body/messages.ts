// Phases 6 and 9 for a WebSocket: each message of the client like a body, each one of upstream like an event of a stream.
// It must not know frames.
import { askedModel } from '../../rules/asked-model.ts';
import { createCallGate } from '../../rules/calls/gate.ts';
import { looksLikeText } from '../../rules/content.ts';
import { asksForJson } from '../../rules/json-answer.ts';
import type { Frame } from '../../rules/masking/frame.ts';
import { createMessageRestorer } from '../../rules/masking/restore.ts';
import type { Scrubber } from '../../rules/masking/scrub.ts';
import { latin1 } from '../../rules/masking/stream-transform.ts';
import { countAnswer, messageGate } from '../budgets.ts';
import type { Exchange, MessagePlan } from '../exchange.ts';
import { skipOwn } from '../guard/ask.ts';
import { callJudge } from '../guard/calls.ts';
import { hearReply } from '../guard/run.ts';
import type { Conductor } from '../house.ts';
import { refuseForeignBody } from '../keys.ts';
import { hearMessage, hearRequest } from './capture.ts';
import { editText } from './edit-text.ts';
import { maskerFor } from './masker.ts';
import { returnSource } from './restore-reply.ts';
import { hearUsage } from './usage.ts';

/** Phase 6 and 9 for a WebSocket: each message like a body, each reply message like an event of a stream. */
export function messagePlan(house: Conductor, x: Exchange, scrub?: Scrubber): MessagePlan {
  const masker = maskerFor(house, x);
  const { route } = x;
  if (!route) return { fromClient: () => undefined, fromUpstream: () => undefined, maxMessageBytes: x.policy.maxBodyBytes };
  const { dialect } = route;
  const judge = callJudge(house, x);
  const gate = judge && createCallGate(judge, x.policy.maxBodyBytes);
  const restorer = createMessageRestorer(dialect, returnSource(house, x), () => x.notes.answersJson);
  const within = messageGate(house, x);
  let asked = '';
  return {
    maxMessageBytes: x.policy.maxBodyBytes,
    fromClient: (payload, isText) => {
      within(payload);
      if (!isText && !looksLikeText(payload)) return undefined;
      x.notes.answersJson = asksForJson(payload);
      asked = askedModel(x.line.head.target, payload) || asked;
      x.notes.askedModel ||= asked;
      skipOwn(house, x);
      const edited = editText(house, x, route, masker.json(payload, route.dialect), payload, () => true);
      refuseForeignBody(house, x, edited);
      hearRequest(x, edited);
      return edited === payload ? undefined : edited;
    },
    fromUpstream: (payload, isText) => {
      const clean = scrub ? scrub.bytes(payload) : payload;
      if (!isText) return clean === payload ? undefined : clean;
      hearReply(x, clean);
      countAnswer(house, x, hearUsage(x, clean), asked);
      hearMessage(x, clean);
      const restored = house.options.placeholders.size === 0 ? undefined : restorer.message(clean);
      x.notes.restored = restorer.restored;
      const messages = restored === undefined ? [clean] : [restored].flat();
      const passed = gate ? messages.flatMap((message) => gate.event(frameOf(message)) ?? [message]) : messages;
      return passed.length === 1 && passed[0] === payload ? undefined : passed;
    },
  };
}

function frameOf(message: Buffer): Frame {
  return { raw: message, again: message, data: message, rawOffset: (offset) => offset, plain: latin1 };
}
