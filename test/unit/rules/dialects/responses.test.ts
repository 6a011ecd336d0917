// The Responses dialect against bodies and events as codex (SSE and WebSocket), copilot, opencode and pi send and get them.
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { responses } from '../../../../src/rules/dialects/responses.ts';
import { deltas, joinPieces, sortStrings } from '../../../support/opaque-strings.ts';

const body = {
  type: 'response.create',
  model: 'gpt-5.3-codex',
  instructions: 'Be brief.',
  previous_response_id: 'resp_1',
  prompt_cache_key: '0199-key',
  client_metadata: { 'x-codex-turn-metadata': '{"workspaces":{"/home/me/project":{}}}', id: 'not protocol here' },
  input: [
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'rules' }] },
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'look at /home/me/a.png' },
        { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=' },
        { type: 'input_image', image_url: 'https://example.test/a.png?key=k' },
        { type: 'input_file', filename: 'b.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
        { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
      ],
    },
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'a summary' }], encrypted_content: 'gAAAAABsecret' },
    { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'shell', arguments: '{"command":["cat",".env"]}' },
    { type: 'function_call_output', call_id: 'call_1', output: 'KEY=value' },
    { type: 'custom_tool_call', call_id: 'call_2', name: 'exec', input: 'await run("ls")' },
    { type: 'custom_tool_call_output', call_id: 'call_2', output: [{ type: 'input_text', text: '{"out":"text"}' }] },
    { type: 'tool_search_call', call_id: 'call_3', arguments: { id: 'an id of the tool' } },
    { type: 'local_shell_call', call_id: 'call_4', action: { type: 'exec', command: ['env'], env: { id: 'of the user' } } },
    { type: 'image_generation_call', id: 'ig_1', result: 'iVBORw0KGgo=' },
    { type: 'other_call', result: 'scanned result' },
    { type: 'additional_tools', tools: [{ type: 'custom', name: 'exec', description: 'Runs JavaScript' }] },
  ],
};

describe('places', () => {
  test('of protocol, encrypted content and media are opaque, everything else is scanned', () => {
    const { opaque, scanned } = sortStrings(responses, body);
    expect(scanned).toEqual([
      'Be brief.',
      '{"workspaces":{"/home/me/project":{}}}',
      'not protocol here',
      'rules',
      'look at /home/me/a.png',
      'https://example.test/a.png?key=k',
      'b.pdf',
      'wav',
      'a summary',
      'shell',
      '{"command":["cat",".env"]}',
      'KEY=value',
      'exec',
      'await run("ls")',
      '{"out":"text"}',
      'an id of the tool',
      'env',
      'of the user',
      'scanned result',
      'exec',
      'Runs JavaScript',
    ]);
    for (const value of ['gAAAAABsecret', 'resp_1', '0199-key', 'rs_1', 'call_1', 'data:image/png;base64,iVBORw0KGgo=', 'UklGRg==']) {
      expect(opaque).toContain(value);
    }
  });

  test('that may hold a data URI are scanned when nobody says how they begin', () => {
    expect(responses.isOpaque(['input', 'content', 'image_url'], 'input_image')).toBe(false);
    expect(responses.isOpaque(['input', 'content', 'image_url', 'url'], undefined, 'data:image/png')).toBe(true);
    expect(responses.isOpaque(['input', 'content', 'url'], undefined, 'data:image/png')).toBe(false);
  });
});

const text = 'An answer in pieces.';
const args = JSON.stringify({ cmd: 'echo "hi"' });

describe('a stream', () => {
  // Copilot's item_id differs in every event of one item.
  let n = 0;
  const item_id = () => `item_${n++}`;
  const message = { id: 'msg_1', type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] };
  const summary = {
    id: 'rs_1',
    type: 'reasoning',
    summary: [
      { type: 'summary_text', text: 'one' },
      { type: 'summary_text', text: 'two' },
    ],
  };
  const call = { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'shell', arguments: args };
  const events = [
    { type: 'response.created', sequence_number: 0, response: { id: 'resp_1', output: [] } },
    { type: 'response.output_item.added', output_index: 0, item: { ...summary, summary: [] } },
    ...deltas('first thought').map((delta) => ({
      type: 'response.reasoning_summary_text.delta',
      item_id: item_id(),
      output_index: 0,
      summary_index: 0,
      delta,
    })),
    { type: 'response.reasoning_summary_part.done', output_index: 0, summary_index: 0, part: summary.summary[0] },
    { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 1, delta: 'second thought' },
    { type: 'response.output_item.done', output_index: 0, item: summary },
    { type: 'response.output_item.added', output_index: 1, item: { ...message, content: [] } },
    ...deltas(text).flatMap((delta, i) => [
      { type: 'response.output_text.delta', item_id: item_id(), output_index: 1, content_index: 0, delta, obfuscation: 'x8f' },
      ...(i === 1 ? deltas(args).map((d) => ({ type: 'response.function_call_arguments.delta', output_index: 2, delta: d })) : []),
    ]),
    { type: 'response.function_call_arguments.done', output_index: 2, arguments: args },
    { type: 'response.output_text.done', item_id: item_id(), output_index: 1, content_index: 0, text },
    { type: 'response.content_part.done', output_index: 1, content_index: 0, part: message.content[0] },
    { type: 'response.output_item.done', output_index: 1, item: message },
    { type: 'response.output_item.done', output_index: 2, item: call },
    { type: 'response.custom_tool_call_input.delta', item_id: 'ctc_1', delta: 'await run()' },
    { type: 'response.completed', response: { id: 'resp_1', output: [summary, message, call] } },
  ];

  test('joins by output_index, part and kind, whatever item_id says', () => {
    expect(joinPieces(responses, events)).toEqual([
      { text: 'first thought', nesting: 'text' },
      { text: 'second thought', nesting: 'text' },
      { text: args, nesting: 'json' },
      { text, nesting: 'answer' },
      { text: 'await run()', nesting: 'text' },
    ]);
  });

  test.each([
    ['response.output_text', { content_index: 1 }, { type: 'message', content: [{}, {}] }],
    ['response.refusal', { content_index: 0 }, { type: 'message', content: [] }],
    ['response.reasoning_text', { content_index: 0 }, { type: 'reasoning', content: [{}] }],
    ['response.reasoning_summary_text', { summary_index: 1 }, { type: 'reasoning', summary: [{}, {}] }],
    ['response.function_call_arguments', {}, { type: 'function_call' }],
    ['response.custom_tool_call_input', {}, { type: 'custom_tool_call' }],
    ['response.mcp_call_arguments', {}, { type: 'mcp_call' }],
    ['response.code_interpreter_call_code', {}, { type: 'code_interpreter_call' }],
    ['response.apply_patch_call_operation_diff', {}, { type: 'apply_patch_call' }],
    ['response.shell_call_command', { command_index: 1 }, { type: 'shell_call', action: { commands: ['a', 'b'] } }],
  ])('of %s ends with its own done and with its item', (base, index, item) => {
    const delta = { type: `${base}.delta`, output_index: 4, item_id: 'i', ...index, delta: 'x' };
    const nesting = base.endsWith('_arguments') ? 'json' : base === 'response.output_text' ? 'answer' : 'text';
    for (const end of [
      { ...delta, type: `${base}.done` },
      { type: 'response.output_item.done', output_index: 4, item },
    ]) {
      expect(joinPieces(responses, [delta, end])).toEqual([{ text: 'x', nesting }]);
    }
    expect(responses.ends({ type: 'response.output_item.done', output_index: 5, item })).not.toContain(responses.pieces(delta)[0]!.channel);
  });

  test.each(['content_part', 'reasoning_summary_part'])('ends the part of a finished %s', (part) => {
    const isContent = part === 'content_part';
    const index = isContent ? { content_index: 1 } : { summary_index: 1 };
    const base = isContent ? 'response.output_text' : 'response.reasoning_summary_text';
    const [piece] = responses.pieces({ type: `${base}.delta`, output_index: 0, ...index, delta: 'x' });
    expect(responses.ends({ type: `response.${part}.done`, output_index: 0, ...index })).toContain(piece!.channel);
    expect(responses.ends({ type: `response.${part}.done`, output_index: 0 })).not.toContain(piece!.channel);
  });

  test.each(['response.completed', 'response.failed', 'response.incomplete', 'response.done', 'error'])('ends all with %s', (type) => {
    expect(responses.ends({ type })).toBe('all');
  });

  test.each([
    null,
    [],
    'x',
    {},
    { type: 7 },
    { type: 'response.output_text.delta' },
    { type: 'response.output_text.delta', delta: { nested: 'x' } },
    { delta: 'x' },
    { type: 'codex.rate_limits', delta: 'x' },
    { type: 'response.in_progress' },
  ])('of %j has no pieces and ends nothing', (event) => {
    expect(responses.pieces(event)).toEqual([]);
    expect(responses.ends(event)).toEqual([]);
  });

  test('of sound has no pieces, its transcript has', () => {
    expect(responses.pieces({ type: 'response.audio.delta', delta: 'UklGRg==' })).toEqual([]);
    expect(responses.pieces({ type: 'response.audio.transcript.delta', delta: 'hello' })).toHaveLength(1);
  });
});

describe('an error', () => {
  test('is a body over HTTP and an error message on codex’s WebSocket', () => {
    expect(JSON.parse(responses.errorBody(new Fault('misdirected', 'Host'), 'x-1').body)).toEqual({
      type: 'error',
      status: 421,
      error: {
        message: 'Sallyport: CONNECT target, TLS server name and Host do not name the same host. (Host) [misdirected, exchange x-1]',
        type: 'invalid_request_error',
        code: 'misdirected',
        param: null,
      },
    });
  });

  test('of ours or of the provider is a server_error', () => {
    expect(JSON.parse(responses.errorBody(new Fault('upstream-cut'), 'x-1').body).error.type).toBe('server_error');
  });
});
