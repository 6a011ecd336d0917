import { describe, expect, it } from 'vitest';
import { createCalls, type Steps } from '../../../../src/rules/masking/calls.ts';

/** Notes the events in order and asks about a place in the last one. */
function ask(events: readonly unknown[], ...steps: Steps): string | undefined {
  const calls = createCalls();
  for (const event of events) calls.note(event);
  return calls.toolAt(events.at(-1), steps);
}

describe('the tool of a call', () => {
  it('Anthropic: is said when the block begins', () => {
    const start = { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', name: 'run', input: { a: 'x' } } };
    const delta = { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: 'x' } };
    expect(ask([start, delta], 'delta', 'partial_json')).toBe('run');
    expect(ask([start], 'content_block', 'input', 'a')).toBe('run');
    expect(ask([delta], 'delta', 'partial_json')).toBe('');
    expect(ask([{ type: 'content_block_delta', index: 2, delta: { type: 'text_delta', text: 'x' } }], 'delta', 'text')).toBeUndefined();
    expect(
      ask([{ type: 'content_block_start', index: 2, content_block: { type: 'text', text: '' } }, delta], 'delta', 'partial_json'),
    ).toBe('');
  });

  it('Anthropic: stands beside the arguments of a whole message', () => {
    const message = {
      content: [
        { type: 'text', text: 'x' },
        { type: 'server_tool_use', name: 'web_fetch', input: { url: ['x'] } },
      ],
    };
    expect(ask([message], 'content', 1, 'input', 'url', 0)).toBe('web_fetch');
    expect(ask([message], 'content', 0, 'text')).toBeUndefined();
  });

  it('Converse', () => {
    const start = { contentBlockIndex: 1, start: { toolUse: { toolUseId: 't', name: 'run' } } };
    const delta = { contentBlockIndex: 1, delta: { toolUse: { input: 'x' } } };
    expect(ask([start, delta], 'delta', 'toolUse', 'input')).toBe('run');
    expect(ask([delta], 'delta', 'toolUse', 'input')).toBe('');
    expect(
      ask(
        [{ output: { message: { content: [{ toolUse: { name: 'run', input: { a: 'x' } } }] } } }],
        'output',
        'message',
        'content',
        0,
        'toolUse',
        'input',
        'a',
      ),
    ).toBe('run');
  });

  it('Responses: is the same in every event that carries the arguments', () => {
    const item = { type: 'function_call', arguments: 'x', name: 'run' };
    const added = { type: 'response.output_item.added', output_index: 3, item: { ...item, arguments: '' } };
    const event = (type: string, more: object) => ({ type, output_index: 3, item_id: 'i', ...more });
    expect(ask([added, event('response.function_call_arguments.delta', { delta: 'x' })], 'delta')).toBe('run');
    expect(ask([added, event('response.function_call_arguments.done', { arguments: 'x' })], 'arguments')).toBe('run');
    expect(ask([event('response.function_call_arguments.done', { arguments: 'x', name: 'run' })], 'arguments')).toBe('run');
    expect(ask([event('response.custom_tool_call_input.delta', { delta: 'x' })], 'delta')).toBe('');
    expect(ask([event('response.output_item.done', { item })], 'item', 'arguments')).toBe('run');
    expect(ask([{ type: 'response.completed', response: { output: [item] } }], 'response', 'output', 0, 'arguments')).toBe('run');
    expect(ask([added, event('response.output_text.delta', { delta: 'x' })], 'delta')).toBeUndefined();
  });

  it('Responses: is the type of a call to what the provider has built in; what that gave is no argument', () => {
    const item = { type: 'web_search_call', action: { query: 'x' }, results: ['x'] };
    expect(ask([{ type: 'response.output_item.done', item }], 'item', 'action', 'query')).toBe('web_search');
    expect(ask([{ type: 'response.output_item.done', item }], 'item', 'results', 0)).toBeUndefined();
    expect(ask([{ type: 'function_call', arguments: 'x' }], 'arguments')).toBe('');
    expect(ask([{ type: 'function_call', name: '', arguments: 'x' }], 'arguments')).toBe('');
  });

  it('chat: is said in the first delta of a call', () => {
    const event = (call: object, index = 0) => ({ choices: [{ index, delta: { tool_calls: [{ index: 1, ...call }] } }] });
    const place = ['choices', 0, 'delta', 'tool_calls', 0] as const;
    const first = event({ id: 'c', type: 'function', function: { name: 'run', arguments: '' } });
    expect(ask([first, event({ function: { arguments: 'x' } })], ...place, 'function', 'arguments')).toBe('run');
    expect(ask([first, event({ function: { name: '', arguments: 'x' } })], ...place, 'function', 'arguments')).toBe('run');
    expect(ask([first, event({ function: { arguments: 'x' } }, 1)], ...place, 'function', 'arguments')).toBe('');
    expect(ask([event({ custom: { name: 'sh' } }), event({ custom: { input: 'x' } })], ...place, 'custom', 'input')).toBe('sh');
    const old = (call: object) => ({ choices: [{ delta: { function_call: call } }] });
    expect(ask([old({ name: 'run' }), old({ arguments: 'x' })], 'choices', 0, 'delta', 'function_call', 'arguments')).toBe('run');
    const whole = {
      choices: [{ message: { content: 'x', tool_calls: [{ type: 'function', function: { arguments: 'x', name: 'run' } }] } }],
    };
    expect(ask([whole], 'choices', 0, 'message', 'tool_calls', 0, 'function', 'arguments')).toBe('run');
    expect(ask([whole], 'choices', 0, 'message', 'content')).toBeUndefined();
  });

  it('Gemini: stands in the call, which comes whole', () => {
    const parts = [{ text: 'x' }, { functionCall: { name: 'run', args: { a: { b: 'x' } } } }];
    const chunk = { candidates: [{ content: { parts } }] };
    expect(ask([chunk], 'candidates', 0, 'content', 'parts', 1, 'functionCall', 'args', 'a', 'b')).toBe('run');
    expect(ask([[{ response: chunk }]], 0, 'response', 'candidates', 0, 'content', 'parts', 1, 'functionCall', 'args', 'a', 'b')).toBe(
      'run',
    );
    expect(ask([chunk], 'candidates', 0, 'content', 'parts', 0, 'text')).toBeUndefined();
  });

  it('nothing is learned from what is no event, and a place that is not there belongs to no call', () => {
    expect(ask([null], 'a')).toBeUndefined();
    expect(ask([{ a: null }], 'a', 'b', 'c')).toBeUndefined();
  });

  it('a reply with more calls than there are loses their names, which is the safe side', () => {
    const calls = createCalls();
    for (let i = 0; i <= 1024; i++) calls.note({ output_index: i, item: { type: 'function_call', name: `t${i}` } });
    const event = (i: number) => ({ type: 'response.function_call_arguments.delta', output_index: i, delta: 'x' });
    expect(calls.toolAt(event(1024), ['delta'])).toBe('t1024');
    expect(calls.toolAt(event(3), ['delta'])).toBe('');
  });
});
