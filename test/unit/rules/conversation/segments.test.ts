// What each dialect's elements say, and who brought it.
import { describe, expect, test } from 'vitest';
import { createConversationReader } from '../../../../src/rules/conversation/read.ts';

function read(body: unknown): string[] {
  const { fresh } = createConversationReader<never>(1 << 20).read(Buffer.from(JSON.stringify(body)), () => undefined);
  return fresh.map(({ provenance, tool, text }) => `${tool ?? provenance}: ${text}`);
}

describe('messages', () => {
  test('Anthropic', () => {
    const messages = [
      {
        role: 'user',
        content: [{ type: 'text', text: '<system-reminder>be good</system-reminder>' }, 'odd', { type: 'image', source: {} }],
      },
      {
        role: 'assistant',
        content: [
          { type: 'server_tool_use', id: 'a', name: 'web_search' },
          { type: 'tool_use', id: 'b', name: 'Read' },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'web_search_tool_result',
            tool_use_id: 'x',
            content: [{ type: 'web_search_result', title: 'T', encrypted_content: 'E' }],
          },
          { type: 'tool_result', tool_use_id: 'b', content: 'file' },
          { type: 'tool_result', tool_use_id: 'unknown', content: [{ type: 'text', text: 'more' }] },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', text: 'page' } },
        ],
      },
    ];
    expect(read({ messages })).toEqual([
      'user: <system-reminder>be good</system-reminder>',
      'web_search: T',
      'Read: file',
      'tool: more',
      'document: page',
    ]);
  });

  test('chat', () => {
    const messages = [
      { role: 'developer', content: 'rules' },
      { role: 'assistant', tool_calls: [{ id: 'c', custom: { name: 'patch' } }, { id: 'd' }] },
      { role: 'tool', tool_call_id: 'c', content: 'done' },
      { role: 'function', name: 'old', content: 'past' },
      { role: 'tool', content: 'nameless' },
    ];
    expect(read({ messages })).toEqual(['system: rules', 'patch: done', 'old: past', 'tool: nameless']);
  });

  test('Converse', () => {
    const messages = [
      { role: 'assistant', content: [{ text: 'wait' }, { toolUse: { toolUseId: 'u', name: 'ls' } }] },
      {
        role: 'user',
        content: [{ toolResult: { toolUseId: 'u', content: [{ json: { a: ['b'] } }] } }, { toolResult: { content: [{ text: 'c' }] } }],
      },
    ];
    expect(read({ messages })).toEqual(['assistant: wait', 'ls: b', 'tool: c']);
  });
});

test('input', () => {
  const input = [
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
    { role: 'assistant', content: 'yes' },
    { role: 'critic', content: 'no' },
    { type: 'message', role: 'user', content: { odd: 'shape' } },
    { type: 'custom_tool_call', call_id: 'c', name: 'apply_patch' },
    { type: 'custom_tool_call_output', call_id: 'c', output: 'ok' },
    { type: 'local_shell_call', id: 'l' },
    { type: 'local_shell_call_output', call_id: 'gone', output: 'files' },
    { type: 'mcp_call', id: 'm', name: 'wiki', output: 'article' },
    { type: 'file_search_call', id: 'f', results: [{ text: 'found' }] },
    { type: 'reasoning', summary: [] },
  ];
  const said = ['user: hi', 'assistant: yes', 'tool: no', 'apply_patch: ok', 'local_shell: files', 'wiki: article', 'file_search: found'];
  expect(read({ input })).toEqual(said);
  expect(read({ type: 'response.create', response: { input } })).toEqual(said);
});

test('a result whose call came in a reply has its tool', () => {
  const reader = createConversationReader<never>(1 << 20);
  const say = (event: object) => reader.hear(Buffer.from(JSON.stringify(event)));
  say({ type: 'response.output_item.done', item: { type: 'function_call', call_id: 'c', name: 'fetch' } });
  say({ type: 'response.output_item.done' });
  say({ type: 'response.output_item.added', item: { type: 'function_call', call_id: 'd', name: 'early' } });
  const input = ['c', 'd'].map((call_id) => ({ type: 'function_call_output', call_id, output: 'o' }));
  const { fresh } = reader.read(Buffer.from(JSON.stringify({ input })), () => undefined);
  expect(fresh.map(({ tool }) => tool)).toEqual(['fetch', 'function']);
});

test('contents', () => {
  const contents = [
    { parts: [{ text: 'hi' }, 'odd'] },
    { role: 'model', parts: [{ text: 'yes' }, { codeExecutionResult: { output: '4' } }] },
    { role: 'function', parts: [{ functionResponse: { name: 'web_fetch', response: { output: 'page' } } }, { text: 'loose' }] },
    { role: 'user', parts: [{ function_response: { response: { output: 'old' } } }] },
  ];
  const said = ['user: hi', 'assistant: yes', 'code_execution: 4', 'web_fetch: page', 'tool: loose', 'tool: old'];
  expect(read({ contents })).toEqual(said);
  expect(read({ project: 'p', request: { contents, request: { contents } } })).toEqual(said);
});

describe('a body', () => {
  const reader = () => createConversationReader<string>(1 << 20);
  const texts = (body: string) =>
    reader()
      .read(Buffer.from(body), () => undefined)
      .fresh.map(({ text }) => text);

  test.each([
    ['names its list with escapes', '{"mess\\u0061ges":[{"role":"user","content":"a"}]}', ['a']],
    ['begins with a byte order mark', '\uFEFF{"messages":[{"role":"user","content":"a"}]}', ['a']],
    ['holds a name that is no JSON', '{"mess\\xages":[{"role":"user","content":"a"}]}', []],
    ['holds an element that is no JSON', '{"messages":[{"role" "content"},{"role":"user","content":"b"}]}', ['b']],
    ['holds a very long name', `{"${'n'.repeat(100)}":1,"messages":[{"content":"a"}]}`, ['a']],
    ['names twice what it holds', '{"messages":[{"content":"a"}],"messages":[{"content":"b"}]}', ['a', 'b']],
    ['is a list', '["messages"]', []],
    ['lacks a colon', '{"messages" [{"content":"a"}]}', []],
    ['lacks a name', '{1:2}', []],
    ['lacks a value', '{"a":}', []],
    ['lacks a value among others', '{"a":,"messages":[]}', []],
    ['ends in a number', '{"a":1', []],
    ['ends in a string', '{"a":["b', []],
  ])('that %s', (_, body, said) => {
    expect(texts(body)).toEqual(said);
  });

  test('of which too much would be kept is read anew', () => {
    const small = createConversationReader<string>(10);
    const body = Buffer.from('{"messages":[{"role":"user","content":"a"}]}');
    for (let i = 0; i < 2; i++) {
      const reading = small.read(body, () => undefined);
      expect(reading.fresh).toHaveLength(1);
      reading.keep();
    }
  });

  test('is found among others by how it begins, and tool names are forgotten only when there are too many', () => {
    const one = reader();
    const bodyOf = (name: string, n: number) =>
      Buffer.from(JSON.stringify({ [name]: Array.from({ length: n }, (_, i) => ({ role: 'user', content: `${i}` })) }));
    for (const n of [3, 1, 2]) one.read(bodyOf('messages', n), () => undefined).keep();
    expect(one.read(bodyOf('messages', 4), () => undefined).fresh.map(({ text }) => text)).toEqual(['3']);
    expect(one.read(bodyOf('input', 1), () => undefined).fresh).toHaveLength(1);
    const calls = Array.from({ length: 10_001 }, (_, i) => ({ type: 'function_call', call_id: `c${i}`, name: `n${i}` }));
    one.read(Buffer.from(JSON.stringify({ input: calls })), () => undefined);
    const outputs = ['c0', 'c10000'].map((call_id) => ({ type: 'function_call_output', call_id, output: 'o' }));
    const { fresh } = one.read(Buffer.from(JSON.stringify({ input: outputs })), () => undefined);
    expect(fresh.map(({ tool }) => tool)).toEqual(['function', 'n10000']);
  });
});
