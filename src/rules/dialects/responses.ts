// OpenAI Responses: JSON bodies, SSE events and WebSocket messages share one shape. Every CLI believes another event, so
// deltas are pieces and each `*.done`, `output_item.done` and `completed` carries whole strings that must read the same.
// Channels go by output_index: GitHub Copilot gives one item another item_id in every event.
import { below, dataUri, denyList } from '../deny-list.ts';
import { type ErrorWords, faultText, wordFor } from '../fault-text.ts';
import { keyOf, type LooseObject, listOf, objectOf } from '../loose-json.ts';
import type { Dialect } from '../provider.ts';

/** https://platform.openai.com/docs/guides/error-codes */
const WORDS: ErrorWords = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  407: 'authentication_error',
  429: 'rate_limit_error',
  500: 'server_error',
};

const NOTHING: readonly never[] = Object.freeze([]);
const DELTA = '.delta';
const DONE = '.done';

/** What `response.X.delta` exists for, by what its index counts. Only ends of whole items need the list: a delta names itself. */
const PER_ITEM = [
  'response.function_call_arguments',
  'response.custom_tool_call_input',
  'response.mcp_call_arguments',
  'response.code_interpreter_call_code',
  'response.apply_patch_call_operation_diff',
];
const PER_CONTENT = ['response.output_text', 'response.refusal', 'response.reasoning_text'];
const PER_SUMMARY = ['response.reasoning_summary_text', 'response.reasoning_summary'];
const PER_COMMAND = ['response.shell_call_command'];
/** Base64, not text. */
const SOUND = new Set(['response.audio.delta', 'response.output_audio.delta']);
const OVER = new Set(['response.completed', 'response.failed', 'response.incomplete', 'response.cancelled', 'response.done', 'error']);

/** The dialect of `/v1/responses`, over HTTP and WebSocket. */
export const responses: Dialect = {
  name: 'responses',
  usage: {
    member: 'usage',
    input: ['input_tokens'],
    output: ['output_tokens'],
    cachedInput: ['input_tokens_details.cached_tokens'],
    cacheWrite: ['input_tokens_details.cache_write_tokens'],
    model: 'model',
  },
  isOpaque: denyList({
    keys: [
      'type',
      'role',
      'object',
      'status',
      'model',
      'id',
      'call_id',
      'item_id',
      'response_id',
      'previous_response_id',
      'conversation',
      'conversation_id',
      'request_id',
      'file_id',
      'container_id',
      'approval_request_id',
      'tool_call_id',
      'prompt_cache_key',
      'encrypted_content',
      'signature',
      'obfuscation',
      'file_data',
      'b64_json',
      'partial_image_b64',
    ],
    places: {
      image_url: dataUri,
      url: (parent, type, head) => parent === 'image_url' && dataUri(parent, type, head),
      data: below('input_audio', 'audio'),
      result: (_parent, type) => type === 'image_generation_call',
    },
    userMade: ['arguments', 'metadata', 'client_metadata', 'variables', 'env', 'headers'],
  }),
  pieces(event) {
    const e = objectOf(event);
    if (typeof e?.delta !== 'string' || typeof e.type !== 'string' || !e.type.endsWith(DELTA) || SOUND.has(e.type)) return NOTHING;
    const base = e.type.slice(0, -DELTA.length);
    const nesting = base.endsWith('_arguments') ? 'json' : base === 'response.output_text' ? 'answer' : 'text';
    return [{ path: ['delta'], channel: channelOf(e, base), nesting }];
  },
  ends(event) {
    const e = objectOf(event);
    if (typeof e?.type !== 'string') return NOTHING;
    if (OVER.has(e.type)) return 'all';
    if (!e.type.endsWith(DONE)) return NOTHING;
    const item = itemKey(e);
    switch (e.type) {
      case 'response.output_item.done':
        return itemChannels(item, objectOf(e.item));
      case 'response.content_part.done':
        return PER_CONTENT.map((base) => name(item, indexOf(e), base));
      case 'response.reasoning_summary_part.done':
        return PER_SUMMARY.map((base) => name(item, indexOf(e), base));
      default:
        return [channelOf(e, e.type.slice(0, -DONE.length))];
    }
  },
  // `type` and `status` beside `error` make the same text an error message on codex's WebSocket; over HTTP nobody minds them.
  errorBody: (fault, id) => ({
    contentType: 'application/json',
    body: JSON.stringify({
      type: 'error',
      status: fault.status,
      error: { message: faultText(fault, id), type: wordFor(WORDS, fault.status), code: fault.code, param: null },
    }),
  }),
  // codex tries again after any other event of failure (0.169).
  errorEvent: (fault, id) => ({
    name: 'response.failed',
    data: JSON.stringify({
      type: 'response.failed',
      response: { id, object: 'response', status: 'failed', error: { code: 'invalid_prompt', message: faultText(fault, id) } },
    }),
  }),
};

function channelOf(e: LooseObject, base: string): string {
  return name(itemKey(e), indexOf(e), base);
}

function itemKey(e: LooseObject): unknown {
  return e.output_index ?? e.item_id ?? '';
}

function indexOf(e: LooseObject): unknown {
  return e.content_index ?? e.summary_index ?? e.command_index ?? '';
}

function name(item: unknown, index: unknown, base: string): string {
  return `${keyOf(item)}:${keyOf(index)}:${base}`;
}

/** Every channel the finished item can have had. An item that says nothing of its parts is taken to have one of each. */
function itemChannels(item: unknown, body: LooseObject | undefined): string[] {
  const each = (parts: unknown, bases: readonly string[]) => {
    const n = Math.max(1, listOf(parts).length);
    return Array.from({ length: n }, (_, i) => bases.map((base) => name(item, i, base))).flat();
  };
  return [
    ...PER_ITEM.map((base) => name(item, '', base)),
    ...each(body?.content, PER_CONTENT),
    ...each(body?.summary, PER_SUMMARY),
    ...each(objectOf(body?.action)?.commands, PER_COMMAND),
  ];
}
