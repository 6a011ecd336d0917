// What replies say of their cost: as each dialect words it, cut anywhere, and never from inside a string.
import { describe, expect, test } from 'vitest';
import { anthropic } from '../../../src/rules/dialects/anthropic.ts';
import { chat } from '../../../src/rules/dialects/chat.ts';
import { gemini } from '../../../src/rules/dialects/gemini.ts';
import { responses } from '../../../src/rules/dialects/responses.ts';
import { addUsage, createUsageReader, NO_USAGE, type UsageNames } from '../../../src/rules/usage.ts';

function read(names: UsageNames | undefined, text: string, size = text.length) {
  const reader = createUsageReader(names!);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return reader.usage;
}

const events = (...all: object[]) => all.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');

const REPLIES: readonly (readonly [
  what: string,
  names: UsageNames | undefined,
  text: string,
  expected: readonly [model: string, tokensIn: number, tokensOut: number, cachedIn?: number, cacheWriteIn?: number],
])[] = [
  [
    'Anthropic, streamed: later numbers take the place of earlier ones, cached tokens count',
    anthropic.usage,
    events(
      {
        type: 'message_start',
        message: {
          id: 'msg_1',
          model: 'claude-opus-4-5-20251101',
          usage: {
            input_tokens: 3,
            cache_creation_input_tokens: 20,
            cache_read_input_tokens: 100,
            cache_creation: { ephemeral_5m: 20 },
            output_tokens: 1,
          },
        },
      },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '"usage":{"input_tokens":9999}, "model":"other"' } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 456 } },
    ),
    ['claude-opus-4-5-20251101', 123, 456, 100, 20],
  ],
  [
    'Anthropic, whole',
    anthropic.usage,
    JSON.stringify({ model: 'm', content: [], usage: { input_tokens: 5, output_tokens: 6 } }, null, 2),
    ['m', 5, 6],
  ],
  [
    'Converse',
    anthropic.usage,
    '\x00\x00{"usage":{"inputTokens":7,"cacheReadInputTokens":1,"outputTokens":2,"totalTokens":9}}',
    ['', 8, 2, 1],
  ],
  [
    'chat, streamed: null until the end',
    chat.usage,
    events(
      { model: 'gpt-x', choices: [{ delta: { content: 'hi' } }], usage: null },
      { model: 'gpt-x', choices: [], usage: { prompt_tokens: 8, completion_tokens: 9, prompt_tokens_details: { cached_tokens: 4 } } },
    ),
    ['gpt-x', 8, 9, 4],
  ],
  [
    'Responses',
    responses.usage,
    events(
      { type: 'response.created', response: { model: 'gpt-5', usage: null } },
      {
        type: 'response.completed',
        response: {
          model: 'gpt-5',
          usage: { input_tokens: 10, input_tokens_details: { cached_tokens: 6, cache_write_tokens: 3 }, output_tokens: 11 },
        },
      },
    ),
    ['gpt-5', 10, 11, 6, 3],
  ],
  [
    'Gemini: thoughts are tokens out',
    gemini.usage,
    events(
      { candidates: [], usageMetadata: { promptTokenCount: 4, cachedContentTokenCount: 3 }, modelVersion: 'gemini-3-pro' },
      { candidates: [], usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 5, thoughtsTokenCount: 6, totalTokenCount: 15 } },
    ),
    ['gemini-3-pro', 4, 11, 3],
  ],
  [
    'DeepSeek says of its cache what OpenAI says, and once more in its own way',
    chat.usage,
    JSON.stringify({
      model: 'd',
      usage: { prompt_tokens: 9, completion_tokens: 1, prompt_cache_hit_tokens: 5, prompt_tokens_details: 'none' },
    }),
    ['d', 9, 1, 5],
  ],
];

describe.each(REPLIES)('%s', (_, names, text, [model, tokensIn, tokensOut, cachedIn, cacheWriteIn]) => {
  const expected = { model, tokensIn, tokensOut, cachedIn, cacheWriteIn };
  test('read at once', () => expect(read(names, text)).toEqual(expected));
  test('cut in pieces of any size', () => {
    for (let size = 1; size < 60; size++) expect(read(names, text, size), `${size}`).toEqual(expected);
  });
});

test('what is no object of numbers, no name and no JSON says nothing', () => {
  for (const text of [
    '{"usage":"much"}',
    '{"usage":{"input_tokens":"3"}}',
    '{"usage":{x}}',
    '{"usage":[1]}',
    '{"model":3}',
    '{"model":"a\\"b"}',
    '',
  ])
    expect(read(anthropic.usage, text)).toEqual(NO_USAGE);
  expect(read(chat.usage, '{"usage":{"prompt_tokens":1')).toEqual(NO_USAGE);
});

test('an object that never ends is not waited for, and what comes behind it is read', () => {
  const endless = `{"usage":{"a":"${'x'.repeat(3000)}`;
  expect(read(chat.usage, `${endless}${'y'.repeat(3000)}" , "usage":{"prompt_tokens":1}`, 1500)).toMatchObject({ tokensIn: 1 });
});

test('answers on one connection add up', () => {
  const one = { model: 'a', tokensIn: 1, tokensOut: 2, cachedIn: 1 };
  expect(addUsage(NO_USAGE, one)).toEqual(one);
  expect(addUsage(one, NO_USAGE)).toEqual(one);
  expect(addUsage(one, { ...one, model: 'b' })).toEqual({ model: 'b', tokensIn: 2, tokensOut: 4, cachedIn: 2 });
});
