// Dialects meet JSON nobody promised: every piece is a string of its event, and nothing throws.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anthropic } from '../../../src/rules/dialects/anthropic.ts';
import { chat } from '../../../src/rules/dialects/chat.ts';
import { connect } from '../../../src/rules/dialects/connect.ts';
import { gemini } from '../../../src/rules/dialects/gemini.ts';
import { opaque } from '../../../src/rules/dialects/opaque.ts';
import { responses } from '../../../src/rules/dialects/responses.ts';
import { jsonStrings, valueAt } from '../../support/json-strings.ts';

const WORDS = [
  ...[
    'type',
    'index',
    'delta',
    'text',
    'content_block',
    'partial_json',
    'content_block_delta',
    'content_block_start',
    'content_block_stop',
    'text_delta',
  ],
  ...['choices', 'content', 'tool_calls', 'function', 'arguments', 'finish_reason', 'thinking', 'error', 'message_stop', 'custom', 'input'],
  ...['candidates', 'parts', 'thought', 'finishReason', 'response', 'functionResponse', 'inlineData', 'data', 'args'],
  ...[
    'response.output_text.delta',
    'response.output_item.done',
    'response.output_text.done',
    'response.completed',
    'item',
    'output_index',
    'summary',
    'image_url',
  ],
];
const word = fc.constantFrom(...WORDS);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.oneof(word, fc.constant(null), fc.nat(3), fc.boolean(), fc.constant('data:image/png;base64,AA')),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(word, tie('json'), { maxKeys: 5 }),
  ),
}));

// An index that was an object with members named like the methods of one could not be made a channel's name: the reply was cut.
test.each([
  [anthropic, { type: 'content_block_delta', delta: { type: 'text_delta', text: 'x' } }, { type: 'content_block_stop' }],
  [anthropic, { delta: { text: 'x' } }, {}],
  [responses, { type: 'response.output_text.delta', delta: 'x' }, { type: 'response.output_text.done', text: 'x' }],
  [chat, { choices: [{ delta: { content: 'x' } }] }, { choices: [{ finish_reason: 'stop' }] }],
  [gemini, { candidates: [{ content: { parts: [{ text: 'x' }] } }] }, { candidates: [{ finishReason: 'STOP' }] }],
])('$name takes no object for a number', (dialect, delta, end) => {
  const odd = JSON.parse('{"toString":1,"valueOf":1}') as unknown;
  const members = ['index', 'contentBlockIndex', 'output_index', 'content_index', 'item_id'];
  const spoilt = (event: object): unknown =>
    JSON.parse(JSON.stringify({ ...event, ...Object.fromEntries(members.map((name) => [name, odd])) }), (_name, value) =>
      Array.isArray(value) && typeof value[0] === 'object' && !('text' in value[0]) ? [{ ...value[0], index: odd }] : value,
    );
  const [piece] = dialect.pieces(spoilt(delta));
  expect(typeof piece!.channel).toBe('string');
  expect(dialect.ends(spoilt(end))).toContain(piece!.channel);
});

test.each([anthropic, responses, chat, gemini, connect, opaque])('$name', (dialect) => {
  fc.assert(
    fc.property(json, (event) => {
      const before = JSON.stringify(event);
      for (const { path, channel, nesting } of dialect.pieces(event)) {
        expect(typeof valueAt(event, path)).toBe('string');
        expect(channel).not.toBe('');
        expect(['text', 'answer', 'json']).toContain(nesting);
      }
      const ends = dialect.ends(event);
      expect(ends === 'all' || ends.every((channel) => typeof channel === 'string')).toBe(true);
      for (const { path, siblingType, value } of jsonStrings(event))
        expect(typeof dialect.isOpaque(path, siblingType, value)).toBe('boolean');
      expect(JSON.stringify(event)).toBe(before);
    }),
    { numRuns: 500 },
  );
});
