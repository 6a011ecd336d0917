// Anthropic Messages, SSE and JSON alike, and the names Bedrock's Converse gives to the same things.
// Thinking is signed: it goes back byte for byte next turn, so neither it nor its signature is ever a piece.
import type { Fault } from '../../fault.ts';
import { below, denyList } from '../deny-list.ts';
import { type ErrorWords, faultText, wordFor } from '../fault-text.ts';
import { keyOf, type LooseObject, objectOf } from '../loose-json.ts';
import type { Dialect, Piece } from '../provider.ts';

/** https://docs.anthropic.com/en/api/errors */
const WORDS: ErrorWords = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  407: 'authentication_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  431: 'request_too_large',
  500: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

const NOTHING: readonly never[] = Object.freeze([]);

/** Which member of a delta is text. One block has one kind of delta, so the block's index is the channel. */
const TEXT_OF: Readonly<Record<string, string | undefined>> = {
  text_delta: 'text',
  input_json_delta: 'partial_json',
  compaction_delta: 'content',
};
/** Deltas that are no text of ours to edit, or are whole in themselves. */
const NOT_PIECES = new Set(['thinking_delta', 'signature_delta', 'citations_delta']);

/** The dialect of `/v1/messages`. */
export const anthropic: Dialect = {
  name: 'anthropic',
  usage: {
    member: 'usage',
    input: [
      'input_tokens',
      'cache_creation_input_tokens',
      'cache_read_input_tokens',
      'inputTokens',
      'cacheReadInputTokens',
      'cacheWriteInputTokens',
    ],
    output: ['output_tokens', 'outputTokens'],
    cachedInput: ['cache_read_input_tokens', 'cacheReadInputTokens'],
    cacheWrite: ['cache_creation_input_tokens', 'cacheWriteInputTokens'],
    model: 'model',
  },
  isOpaque: denyList({
    keys: [
      'type',
      'role',
      'model',
      'id',
      'tool_use_id',
      'parent_tool_use_id',
      'toolUseId',
      'request_id',
      'file_id',
      'container_id',
      'media_type',
      'thinking',
      'signature',
      'encrypted_content',
      'encrypted_index',
      'encrypted_stdout',
      'redactedContent',
    ],
    places: {
      ttl: below('cache_control', 'cachePoint'),
      text: below('reasoningText', 'reasoningContent'),
      bytes: below('source'),
      // `source` may hold plain text: without its type it is scanned. A block that has `data` itself is redacted thinking.
      data: (parent, type) =>
        type === 'base64' || type === 'redacted_thinking' || (type === undefined && (parent === 'content' || parent === 'content_block')),
    },
    userMade: ['input', 'input_examples', 'metadata', 'json'],
  }),
  pieces(event) {
    const e = objectOf(event);
    if (e?.type === 'content_block_delta') {
      const delta = objectOf(e.delta);
      return delta ? deltaPiece(delta, keyOf(e.index)) : NOTHING;
    }
    if (e?.contentBlockIndex !== undefined) return conversePiece(e);
    // Empty with Anthropic; compatible servers put the first words here.
    const text = e?.type === 'content_block_start' ? objectOf(e.content_block)?.text : undefined;
    return typeof text === 'string' && text !== ''
      ? [{ path: ['content_block', 'text'], channel: keyOf(e!.index), nesting: 'answer' }]
      : NOTHING;
  },
  ends(event) {
    const e = objectOf(event);
    switch (e?.type) {
      case 'content_block_stop':
        return [keyOf(e.index)];
      case 'message_stop':
      case 'error':
        return 'all';
      default:
        return converseEnds(e);
    }
  },
  errorBody: (fault, id) => ({ contentType: 'application/json', body: errorText(fault, id) }),
  errorEvent: (fault, id) => ({ name: 'error', data: errorText(fault, id) }),
  overloadStatus: 529,
};

function errorText(fault: Fault, id: string): string {
  const error = { type: wordFor(WORDS, fault.status), message: faultText(fault, id) };
  return JSON.stringify({ type: 'error', error, request_id: id });
}

function deltaPiece(delta: { readonly [name: string]: unknown }, channel: string): readonly Piece[] {
  const type = keyOf(delta.type);
  if (NOT_PIECES.has(type)) return NOTHING;
  const member = Object.hasOwn(TEXT_OF, type) ? TEXT_OF[type]! : firstText(delta);
  if (member === undefined || typeof delta[member] !== 'string') return NOTHING;
  const nesting = member === 'partial_json' ? 'json' : type === 'text_delta' ? 'answer' : 'text';
  return [{ path: ['delta', member], channel, nesting }];
}

/** ConverseStream says outside of an event which kind it is, so it goes by its members. */
function conversePiece(e: LooseObject): readonly Piece[] {
  const delta = objectOf(e.delta);
  const channel = keyOf(e.contentBlockIndex);
  if (typeof delta?.text === 'string') return [{ path: ['delta', 'text'], channel, nesting: 'text' }];
  return typeof objectOf(delta?.toolUse)?.input === 'string'
    ? [{ path: ['delta', 'toolUse', 'input'], channel, nesting: 'json' }]
    : NOTHING;
}

function converseEnds(e: LooseObject | undefined): readonly string[] | 'all' {
  if (typeof e?.stopReason === 'string') return 'all';
  return e?.contentBlockIndex !== undefined && !e.delta && !e.start ? [keyOf(e.contentBlockIndex)] : NOTHING;
}

/** A kind of delta nobody has heard of yet: its first string is taken for its text. */
function firstText(delta: { readonly [name: string]: unknown }): string | undefined {
  return Object.keys(delta).find((name) => name !== 'type' && typeof delta[name] === 'string');
}
