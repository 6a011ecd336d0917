// Which model is asked for: by the path, or by the body as long as nothing nested came before.
import { expect, test } from 'vitest';
import { askedModel, asksForAnswer } from '../../../src/rules/asked-model.ts';

test.each([
  ['/v1/messages', '{"model":"claude-opus-4-5","messages":[{"model":"other"}]}', 'claude-opus-4-5'],
  ['/v1/messages?beta=true', ' {"stream": true, "model" : "m"}', 'm'],
  ['/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse', '{"contents":[]}', 'gemini-3-pro'],
  ['/v1/messages', '{"messages":[{"input":{"model":"opus"}}],"model":"m"}', ''],
  ['/v1/messages', '{"model":{"name":"m"}}', ''],
  ['/v1/messages', 'no JSON', ''],
])('%s %s', (target, body, model) => expect(askedModel(target, Buffer.from(body))).toBe(model));

test.each([
  ['{"type":"response.create","model":"m"}', true],
  ['{ "input": [], "type" : "response.create" }', true],
  ['{"type":"response.cancel"}', false],
  ['{"type":"input_audio_buffer.append","audio":"AAAA"}', false],
  ['not JSON', false],
])('whether %s asks for an answer', (message, asks) => {
  expect(asksForAnswer(Buffer.from(message))).toBe(asks);
});
