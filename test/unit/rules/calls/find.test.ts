// Calls of tools in documents of every dialect.
import { expect, test } from 'vitest';
import { findCalls } from '../../../../src/rules/calls/find.ts';

test.each([
  [
    'Anthropic',
    {
      content: [
        { type: 'text', text: 'x' },
        { type: 'tool_use', id: '1', name: 'Bash', input: { a: 1 } },
      ],
    },
    'Bash',
    '{"a":1}',
  ],
  ['one of a server', { content: [{ type: 'server_tool_use', name: 'web_search', input: { query: 'q' } }] }, 'web_search', '{"query":"q"}'],
  ['Responses', { output: [{ type: 'function_call', name: 'shell', arguments: '{"a":1}' }] }, 'shell', '{"a":1}'],
  ['free form', { output: [{ type: 'custom_tool_call', name: 'patch', input: '*** Begin' }] }, 'patch', '*** Begin'],
  ['built in', { output: [{ type: 'local_shell_call', action: { command: ['ls'] } }] }, 'local_shell', '{"command":["ls"]}'],
  ['a search', { output: [{ type: 'web_search_call', status: 'completed' }] }, 'web_search', ''],
  ['chat', { choices: [{ message: { tool_calls: [{ type: 'function', function: { name: 'f', arguments: '{}' } }] } }] }, 'f', '{}'],
  ['chat, free form', { choices: [{ message: { tool_calls: [{ type: 'custom', custom: { name: 'f', input: 'x' } }] } }] }, 'f', 'x'],
  ['chat, the older way', { choices: [{ message: { function_call: { name: 'f', arguments: '{}' } } }] }, 'f', '{}'],
  ['Gemini', { candidates: [{ content: { parts: [{ functionCall: { name: 'f', args: { b: 2 } } }] } }] }, 'f', '{"b":2}'],
  ['Converse', { output: { message: { content: [{ toolUse: { name: 'f', input: { b: 2 } } }] } } }, 'f', '{"b":2}'],
  ['nothing said', { output: [{ type: 'function_call', arguments: null }] }, '', ''],
])('%s', (_, document, tool, input) => {
  expect(findCalls(document)).toEqual([{ tool, input }]);
});

test('what a tool is, what one gave, and what is no document are no calls', () => {
  expect(findCalls({ tools: [{ type: 'function', function: { name: 'f', description: 'd', parameters: {} } }] })).toEqual([]);
  expect(findCalls({ content: [{ type: 'tool_result', content: 'x' }] })).toEqual([]);
  for (const value of [undefined, null, 1, 'tool_use', []]) expect(findCalls(value)).toEqual([]);
});

test('all of them, in order', () => {
  const one = (name: string) => ({ type: 'tool_use', name, input: { x: [{ type: 'tool_use', name: 'inner', input: {} }] } });
  expect(findCalls([{ content: [one('a'), one('b')] }, { content: [one('c')] }]).map(({ tool }) => tool)).toEqual(['a', 'b', 'c']);
});
