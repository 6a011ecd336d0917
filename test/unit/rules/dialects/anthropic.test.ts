// The Messages dialect against bodies and events as claude-code, opencode and pi send and get them.
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';
import { deltas, joinPieces, sortStrings } from '../../../support/opaque-strings.ts';

const request = {
  model: 'claude-sonnet-4-5',
  max_tokens: 32000,
  metadata: { user_id: '{"device_id":"d","account_uuid":""}' },
  system: [
    { type: 'text', text: 'You are a coding tool.', cache_control: { type: 'ephemeral', ttl: '1h' } },
    { type: 'text', text: 'Work in the folder.' },
  ],
  messages: [
    { role: 'user', content: 'plain string' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'private thought', signature: 'EqQBsig' },
        { type: 'redacted_thinking', data: 'EmwKredacted' },
        {
          type: 'tool_use',
          id: 'toolu_1',
          name: 'Bash',
          input: { command: 'cat .env', id: 'an id of the tool', type: 'a type of the tool' },
        },
      ],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'toolu_1',
          content: [
            { type: 'text', text: 'KEY=value' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo' } },
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a plain document' }, title: 'notes.txt' },
          ],
        },
        { type: 'image', source: { type: 'url', url: 'https://example.test/a.png?token=t' } },
      ],
    },
    { role: 'system', content: 'cwd is here' },
  ],
  tools: [
    {
      name: 'Bash',
      description: 'Runs a command',
      input_schema: { type: 'object', properties: { id: { type: 'string', description: 'the id' } } },
    },
  ],
};

describe('places', () => {
  test('of protocol, thinking and media are opaque, everything else is scanned', () => {
    const { opaque, scanned } = sortStrings(anthropic, request);
    expect(scanned).toEqual([
      '{"device_id":"d","account_uuid":""}',
      'You are a coding tool.',
      'Work in the folder.',
      'plain string',
      'Bash',
      'cat .env',
      'an id of the tool',
      'a type of the tool',
      'KEY=value',
      'a plain document',
      'notes.txt',
      'https://example.test/a.png?token=t',
      'cwd is here',
      'Bash',
      'Runs a command',
      'the id',
    ]);
    for (const value of ['claude-sonnet-4-5', 'private thought', 'EqQBsig', 'EmwKredacted', 'toolu_1', 'iVBORw0KGgo', '1h']) {
      expect(opaque).toContain(value);
    }
  });

  test('of a source are scanned as long as nothing says that it is base64', () => {
    expect(sortStrings(anthropic, { messages: [{ content: [{ source: { data: 'secret', type: 'base64' } }] }] }).scanned).toEqual([
      'secret',
    ]);
    expect(anthropic.isOpaque(['messages', 'content', 'source', 'data'], 'base64')).toBe(true);
  });

  test('of redacted thinking are opaque also when its type comes late or it arrives as a block', () => {
    expect(sortStrings(anthropic, { messages: [{ content: [{ data: 'Emw', type: 'redacted_thinking' }] }] }).opaque).toContain('Emw');
    expect(sortStrings(anthropic, { content_block: { data: 'Emw' } }).opaque).toContain('Emw');
    expect(sortStrings(anthropic, { messages: [{ content: [{ type: 'text', data: 'x' }] }] }).scanned).toEqual(['x']);
    expect(sortStrings(anthropic, { other: { data: 'x' } }).scanned).toEqual(['x']);
  });

  test('of thinking in replies are opaque', () => {
    expect(sortStrings(anthropic, { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'hm' } }).scanned).toEqual([]);
    expect(sortStrings(anthropic, { type: 'content_block_delta', delta: { type: 'signature_delta', signature: 'Eq' } }).scanned).toEqual(
      [],
    );
  });

  test('of search results keep their encrypted parts', () => {
    const block = { type: 'web_search_result', url: 'https://example.test', title: 'T', encrypted_content: 'Eo8B' };
    expect(sortStrings(anthropic, { content: [{ type: 'web_search_tool_result', tool_use_id: 's', content: [block] }] }).scanned).toEqual([
      'https://example.test',
      'T',
    ]);
  });

  test('of Bedrock Converse follow the same rules', () => {
    const body = {
      messages: [
        {
          role: 'assistant',
          content: [
            { reasoningContent: { reasoningText: { text: 'thought', signature: 'sig' }, redactedContent: 'ZGF0YQ' } },
            { toolUse: { toolUseId: 't', name: 'n', input: { bytes: 'of the tool' } } },
            { toolResult: { toolUseId: 't', content: [{ json: { model: 'of the tool' } }, { text: 'out' }] } },
            { image: { format: 'png', source: { bytes: 'iVBO' } } },
            { cachePoint: { type: 'default', ttl: '5m' } },
          ],
        },
      ],
    };
    const { opaque } = sortStrings(anthropic, body);
    expect(opaque).toEqual(['assistant', 'thought', 'sig', 'ZGF0YQ', 't', 't', 'iVBO', 'default', '5m']);
  });

  test('without a name are not opaque', () => {
    expect(anthropic.isOpaque([], undefined)).toBe(false);
  });
});

const delta = (index: number, d: object) => ({ type: 'content_block_delta', index, delta: d });

describe('a stream', () => {
  test('gives each block its channel, thinking none', () => {
    const args = JSON.stringify({ command: 'echo "hi"\n' });
    const events = [
      { type: 'message_start', message: { id: 'msg_1', content: [], usage: { input_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
      delta(0, { type: 'thinking_delta', thinking: 'hm' }),
      delta(0, { type: 'signature_delta', signature: 'Eq' }),
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'ping' },
      ...deltas('An answer in pieces.').map((text) => delta(1, { type: 'text_delta', text })),
      delta(1, { type: 'citations_delta', citation: { type: 'char_location', cited_text: 'whole' } }),
      { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', id: 't', name: 'Bash', input: {} } },
      ...deltas(args).map((partial_json) => delta(2, { type: 'input_json_delta', partial_json })),
      { type: 'content_block_stop', index: 1 },
      { type: 'content_block_stop', index: 2 },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
      { type: 'message_stop' },
    ];
    expect(joinPieces(anthropic, events)).toEqual([
      { text: 'An answer in pieces.', nesting: 'answer' },
      { text: args, nesting: 'json' },
    ]);
  });

  test('that ends early ends all', () => {
    expect(anthropic.ends({ type: 'message_stop' })).toBe('all');
    expect(anthropic.ends({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })).toBe('all');
  });

  test('that begins its text in the start of the block is one text', () => {
    const start = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'Hel' } };
    expect(joinPieces(anthropic, [start, delta(0, { type: 'text_delta', text: 'lo' }), { type: 'content_block_stop', index: 0 }])).toEqual([
      { text: 'Hello', nesting: 'answer' },
    ]);
  });

  test('of kinds nobody knows yet is text', () => {
    expect(anthropic.pieces(delta(0, { type: 'compaction_delta', content: 'sum' }))[0]?.path).toEqual(['delta', 'content']);
    expect(anthropic.pieces(delta(3, { type: 'new_delta', words: 'x' }))).toEqual([
      { path: ['delta', 'words'], channel: '3', nesting: 'text' },
    ]);
    expect(anthropic.pieces(delta(3, { type: 'toString', n: 1 }))).toEqual([]);
  });

  test("of Bedrock's ConverseStream is told by its members", () => {
    const e = (contentBlockIndex: number, members: object) => ({ contentBlockIndex, ...members, p: 'abc' });
    const events = [
      { role: 'assistant' },
      e(0, { delta: { reasoningContent: { text: 'thought' } } }),
      e(0, {}),
      e(1, { delta: { text: 'Hel' } }),
      e(1, { delta: { text: 'lo' } }),
      e(1, {}),
      e(2, { start: { toolUse: { toolUseId: 't', name: 'n' } } }),
      e(2, { delta: { toolUse: { input: '{"a"' } } }),
      e(2, { delta: { toolUse: { input: ':1}' } } }),
      e(2, {}),
      { stopReason: 'tool_use' },
    ];
    expect(joinPieces(anthropic, events)).toEqual([
      { text: 'Hello', nesting: 'text' },
      { text: '{"a":1}', nesting: 'json' },
    ]);
    expect(events.map(anthropic.ends)).toEqual([[], [], ['0'], [], [], ['1'], [], [], [], ['2'], 'all']);
    expect(sortStrings(anthropic, events[1]).opaque).toEqual(['thought']);
  });

  test.each([
    null,
    'x',
    7,
    [],
    {},
    { type: 'content_block_delta' },
    delta(0, { type: 'text_delta', text: null }),
    { type: 'content_block_start' },
  ])('of %j has no pieces and ends nothing', (event) => {
    expect(anthropic.pieces(event)).toEqual([]);
    expect(anthropic.ends(event)).toEqual([]);
  });
});

describe('an error', () => {
  const error = (fault: Fault) => JSON.parse(anthropic.errorBody(fault, 'x-1').body);

  test('is one that claude-code shows, with code and exchange', () => {
    expect(error(new Fault('rule-denied', 'tool policy'))).toEqual({
      type: 'error',
      error: {
        type: 'permission_error',
        message: 'Sallyport: A rule of this proxy refused the request. (tool policy) [rule-denied, exchange x-1]',
      },
      request_id: 'x-1',
    });
  });

  test.each([
    ['bad-request', 'invalid_request_error'],
    ['misdirected', 'invalid_request_error'],
    ['body-too-large', 'request_too_large'],
    ['proxy-auth', 'authentication_error'],
    ['upstream-cut', 'api_error'],
    ['upstream-silent', 'timeout_error'],
    ['draining', 'overloaded_error'],
    ['internal', 'api_error'],
  ] as const)('%s is an %s', (code, type) => {
    expect(error(new Fault(code)).error.type).toBe(type);
  });
});
