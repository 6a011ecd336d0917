// The Chat Completions dialect against bodies and chunks as qwen, opencode with OpenRouter, Mistral and Copilot send and get them.
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { chat } from '../../../../src/rules/dialects/chat.ts';
import { deltas, joinPieces, sortStrings } from '../../../support/opaque-strings.ts';

const request = {
  model: 'qwen3-coder',
  messages: [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'look', cache_control: { type: 'ephemeral', ttl: '1h' } },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
        { type: 'image_url', image_url: { url: 'https://example.test/a.png?key=k' } },
        { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
        { type: 'file', file: { filename: 'b.pdf', file_data: 'JVBERi0=' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'thinking aloud',
      reasoning_opaque: 'sealed',
      reasoning_text: 'what is sealed',
      reasoning_details: [
        { type: 'reasoning.text', text: 'signed thought', signature: 'sig' },
        { type: 'reasoning.encrypted', data: 'gAAAA' },
        { type: 'reasoning.summary', summary: 'short' },
      ],
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'shell', arguments: '{"id":"x"}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'KEY=value' },
  ],
  metadata: { id: 'of the user' },
};

test('places of protocol, signed reasoning and media are opaque, everything else is scanned', () => {
  expect(sortStrings(chat, request).scanned).toEqual([
    'Be brief.',
    'look',
    'https://example.test/a.png?key=k',
    'wav',
    'b.pdf',
    'thinking aloud',
    'shell',
    '{"id":"x"}',
    'KEY=value',
    'of the user',
  ]);
  expect(chat.isOpaque(['messages', 'content', 'url'], undefined, 'data:x')).toBe(false);
  expect(chat.isOpaque(['messages', 'content', 'video_url', 'url'], undefined, 'data:x')).toBe(true);
});

const chunk = (delta: object, finish_reason: string | null = null, index: number | undefined = 0) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  choices: [{ ...(index !== undefined && { index }), delta, finish_reason }],
});

describe('a stream', () => {
  test('keeps content, reasoning and every tool call apart', () => {
    const one = JSON.stringify({ command: 'ls' });
    const two = JSON.stringify({ command: 'cat "a"' });
    const events = [
      chunk({ role: 'assistant', content: '' }),
      ...deltas('first I think').map((reasoning_content) => chunk({ reasoning_content })),
      ...deltas('An answer in pieces.').map((content) => chunk({ content })),
      chunk({
        tool_calls: [
          { index: 0, id: 'call_1', function: { name: 'a', arguments: '' } },
          { index: 1, id: 'call_2', function: { name: 'b', arguments: '' } },
        ],
      }),
      ...deltas(one).map((d) => chunk({ tool_calls: [{ index: 0, function: { arguments: d } }] })),
      ...deltas(two).map((d) => chunk({ tool_calls: [{ index: 1, function: { arguments: d } }] })),
      chunk({}, 'tool_calls'),
      { id: 'chatcmpl-1', choices: [], usage: { total_tokens: 3 } },
    ];
    expect(joinPieces(chat, events)).toEqual([
      { text: 'An answer in pieces.', nesting: 'answer' },
      { text: 'first I think', nesting: 'text' },
      { text: one, nesting: 'json' },
      { text: two, nesting: 'json' },
    ]);
  });

  test('keeps choices apart, and one that ends leaves the others open', () => {
    const two = (a: string, b: string, end: string | null) => ({
      choices: [
        { index: 1, delta: { content: b }, finish_reason: null },
        { index: 0, delta: { content: a }, finish_reason: end },
      ],
    });
    const events = [two('a1', 'b1', null), two('a2', 'b2', 'stop'), chunk({ content: 'b3' }, 'stop', 1)];
    expect(joinPieces(chat, events).map((t) => t.text)).toEqual(['a1a2', 'b1b2b3']);
  });

  test('goes by position where the indexes are missing', () => {
    const event = { choices: [{ delta: { tool_calls: [{ function: { arguments: 'a' } }, { function: { arguments: 'b' } }] } }] };
    expect(chat.pieces(event).map((p) => [p.path.join('.'), p.channel])).toEqual([
      ['choices.0.delta.tool_calls.0.function.arguments', '0:tool:0'],
      ['choices.0.delta.tool_calls.1.function.arguments', '0:tool:1'],
    ]);
  });

  test('of older and other shapes is understood', () => {
    const channels = (event: unknown) => chat.pieces(event).map((p) => [p.channel, p.nesting]);
    expect(channels({ choices: [{ index: 0, text: 'completion' }] })).toEqual([['0:text', 'text']]);
    expect(channels(chunk({ function_call: { arguments: '{' } }))).toEqual([['0:function_call', 'json']]);
    expect(channels(chunk({ tool_calls: [{ index: 2, custom: { input: 'code' } }] }))).toEqual([['0:tool:2', 'text']]);
    expect(channels(chunk({ refusal: 'no', reasoning: 'hm' }))).toEqual([
      ['0:reasoning', 'text'],
      ['0:refusal', 'text'],
    ]);
    const parts = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }, null] },
      { type: 'text', text: 'so' },
    ];
    expect(chat.pieces(chunk({ content: parts })).map((p) => [p.path.join('.'), p.channel, p.nesting])).toEqual([
      ['choices.0.delta.content.0.thinking.0.text', '0:content:thinking', 'text'],
      ['choices.0.delta.content.1.text', '0:content', 'answer'],
    ]);
  });

  test('ends every channel that it can have', () => {
    const all = chunk({ content: 'a', reasoning: 'b', tool_calls: [{ index: 127, function: { arguments: 'c' } }] }, 'stop', 3);
    expect(chat.ends(all)).toEqual(expect.arrayContaining(chat.pieces(all).map((p) => p.channel)));
  });

  test('that fails ends all', () => {
    expect(chat.ends({ error: { code: 502, message: 'upstream' } })).toBe('all');
  });

  test.each([
    null,
    [],
    'x',
    {},
    { choices: 'x' },
    { choices: [null, {}] },
    chunk({ content: null, tool_calls: [null, {}, { function: {} }] }),
  ])('of %j has no pieces and ends nothing', (event) => {
    expect(chat.pieces(event)).toEqual([]);
    expect(chat.ends(event)).toEqual([]);
  });
});

test('an error has OpenAI’s four members', () => {
  const { contentType, body } = chat.errorBody(new Fault('key-missing'), 'x-1');
  expect(contentType).toBe('application/json');
  expect(JSON.parse(body)).toEqual({
    error: {
      message: 'Sallyport: The key configured for this host could not be read. [key-missing, exchange x-1]',
      type: 'server_error',
      code: 'key-missing',
      param: null,
    },
  });
});
