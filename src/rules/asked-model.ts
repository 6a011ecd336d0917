// Which model a request asks for: a step of its path, or the member of its body where that comes before anything that is nested, as every
// client has it. It must not read further: the reply names the model too.
import { modelsOfPath } from './guardrails/model-policy.ts';

const HEAD_BYTES = 4096;
const MEMBER = /^\s*\{[^[{]*?"model"\s*:\s*"([^"\\]{1,200})"/;

/** The model's name; '' where neither says. `target` is the path with its query. */
export function askedModel(target: string, body: Buffer): string {
  return modelsOfPath(target)[0] ?? MEMBER.exec(body.toString('utf8', 0, HEAD_BYTES))?.[1] ?? '';
}

/** Whether a message on a WebSocket asks for an answer, as the Responses API has it, rather than bringing a part of the question. */
export function asksForAnswer(message: Buffer): boolean {
  return /"type"\s*:\s*"response\.create"/.test(message.toString('latin1', 0, HEAD_BYTES));
}
