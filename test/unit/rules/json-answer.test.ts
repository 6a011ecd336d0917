import { expect, test } from 'vitest';
import { asksForJson } from '../../../src/rules/json-answer.ts';

const asks = (body: unknown) => asksForJson(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

test.each([
  ['Gemini', { generationConfig: { temperature: 0, responseMimeType: 'application/json', responseJsonSchema: {} } }],
  ['Gemini in its other spelling', { generation_config: { response_mime_type: 'application/json' } }],
  ['Code Assist', { request: { generationConfig: { responseMimeType: 'application/json' } } }],
  ['Responses', { text: { verbosity: 'low', format: { name: 'out', type: 'json_schema', schema: {} } } }],
  ['chat', { response_format: { type: 'json_schema', json_schema: { name: 'out' } } }],
  ['chat without a schema', { response_format: { type: 'json_object' } }],
  ['Anthropic', { output_config: { format: { type: 'json_schema', schema: {} } } }],
  ['spaces', '{ "response_format" : { "type" :\n "json_object" } }'],
])('%s: a request that asks for JSON', (_, body) => {
  expect(asks(body)).toBe(true);
});

test.each([
  ['nothing of the kind', { messages: [{ role: 'user', content: 'give me JSON' }] }],
  ['plain text', { generationConfig: { responseMimeType: 'text/plain' }, files: [{ mimeType: 'application/json' }] }],
  ['a member of that name', { response_format: { type: 'text', json_schema: null } }],
  ['words in a string', { messages: [{ content: '{"type":"json_schema"} {"responseMimeType":"application/json"}' }] }],
  ['no JSON', 'type json_schema'],
  ['nothing', ''],
])('%s: no request for JSON', (_, body) => {
  expect(asks(body)).toBe(false);
});
