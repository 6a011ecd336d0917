// Calls of tools through the events of a reply.
import { describe, expect, test } from 'vitest';
import { createCallFollower } from '../../../../src/rules/calls/follow.ts';

/** What each event begins and makes whole, and what is left at the end. */
function follow(...events: unknown[]) {
  const calls = createCallFollower();
  const begun: string[] = [];
  const whole: string[] = [];
  for (const event of events) {
    const step = calls.step(event);
    begun.push(...step.begun);
    whole.push(...step.whole.map(({ tool, input }) => `${tool} ${input}`));
  }
  return { begun, whole, open: calls.open, end: calls.end().map(({ tool, input }) => `${tool} ${input}`) };
}

const DONE = { whole: ['Bash {"a":1}'], open: [], end: [] };

describe('a call in pieces', () => {
  test('Anthropic', () => {
    const events = [
      { type: 'message_start', message: { content: [] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', name: 'Bash', input: {} } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '1}' } },
    ];
    expect(follow(...events)).toEqual({ begun: ['Bash'], whole: [], open: ['Bash'], end: ['Bash {"a":1}'] });
    expect(follow(...events, { type: 'content_block_stop', index: 1 })).toMatchObject(DONE);
    expect(follow(...events, { type: 'message_stop' })).toMatchObject(DONE);
  });

  test('Converse', () => {
    const start = { contentBlockIndex: 0, start: { toolUse: { name: 'Bash', toolUseId: '1' } } };
    const piece = { contentBlockIndex: 0, delta: { toolUse: { input: '{"a":1}' } } };
    expect(follow(start, piece, { contentBlockIndex: 0 })).toMatchObject({ begun: ['Bash'], ...DONE });
    expect(follow({ contentBlockIndex: 0, start: {} }, { contentBlockIndex: 0, delta: { text: 'x' } })).toMatchObject({
      begun: [],
      whole: [],
    });
  });

  test('Responses, which tells of it again and again', () => {
    const events = [
      { type: 'response.output_item.added', output_index: 0, item: { type: 'function_call', name: 'Bash', arguments: '' } },
      { type: 'response.function_call_arguments.delta', output_index: 0, delta: '{"a":1}' },
    ];
    expect(follow(...events)).toMatchObject({ begun: ['Bash'], open: ['Bash'], end: ['Bash {"a":1}'] });
    const done = { type: 'function_call', name: 'Bash', arguments: '{"a":1}' };
    const rest = [
      { type: 'response.function_call_arguments.done', output_index: 0, arguments: '{"a":1}' },
      { type: 'response.output_item.done', output_index: 0, item: done },
      { type: 'response.completed', response: { output: [done] } },
    ];
    expect(follow(...events, ...rest)).toMatchObject({ whole: ['Bash {"a":1}', 'Bash {"a":1}'], open: [], end: [] });
    expect(follow({ type: 'response.output_item.added', item: { type: 'message' } })).toMatchObject({ begun: [], open: [] });
  });

  test('chat', () => {
    const delta = (index: number | undefined, call: object) => ({ choices: [{ index: 0, delta: { tool_calls: [{ index, ...call }] } }] });
    const events = [
      { choices: [{ index: 0, delta: { content: 'x' } }] },
      delta(0, { function: { name: 'Bash', arguments: '{"a"' } }),
      delta(0, { function: { arguments: ':1}' } }),
      delta(1, { custom: { name: 'patch', input: 'p' } }),
      delta(undefined, {}),
    ];
    expect(follow(...events)).toMatchObject({ begun: ['Bash', 'patch'], whole: [], end: ['Bash {"a":1}', 'patch p'] });
    const over = { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] };
    expect(follow(...events, over)).toMatchObject({ whole: ['Bash {"a":1}', 'patch p'], open: [] });
    // Of another answer.
    expect(follow(...events, { choices: [{ index: 1, delta: {}, finish_reason: 'stop' }, null] })).toMatchObject({
      open: ['Bash', 'patch'],
    });
  });

  test('chat, the older way, and a name that comes late', () => {
    const old = (call: object) => ({ choices: [{ delta: { function_call: call } }] });
    expect(follow(old({ arguments: '{"a":' }), old({ name: 'Bash', arguments: '1}' }))).toEqual({
      begun: ['', 'Bash'],
      whole: [],
      open: ['Bash'],
      end: ['Bash {"a":1}'],
    });
  });
});

test('a call that stands whole in an event', () => {
  expect(follow({ candidates: [{ content: { parts: [{ functionCall: { name: 'Bash', args: { a: 1 } } }] } }] })).toMatchObject(DONE);
  expect(follow({ choices: [{ message: { tool_calls: [{ function: { name: 'Bash', arguments: '{"a":1}' } }] } }] })).toMatchObject(DONE);
});

test('events that are no objects, pieces of no call, an index without a kind', () => {
  const events = [
    null,
    'x',
    { type: 'content_block_delta', index: 9, delta: { partial_json: 'x' } },
    { type: 'response.custom_tool_call_input.delta', output_index: 1, delta: 'x' },
    { index: 3 },
  ];
  expect(follow(...events)).toEqual({ begun: [], whole: [], open: [], end: [] });
});
