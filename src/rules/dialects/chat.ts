// OpenAI Chat Completions and what compatible servers made of it: OpenRouter, Mistral, DeepSeek, Qwen, Copilot, and the older
// text completions. Signed reasoning (`reasoning_details`, Copilot's `reasoning_text`) goes back unchanged and is no piece.
import { below, dataUri, denyList } from '../deny-list.ts';
import { type ErrorWords, faultText, wordFor } from '../fault-text.ts';
import { keyOf, type LooseObject, listOf, objectOf } from '../loose-json.ts';
import type { Dialect, Piece } from '../provider.ts';

/** https://platform.openai.com/docs/guides/error-codes */
const WORDS: ErrorWords = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  407: 'authentication_error',
  429: 'rate_limit_error',
  500: 'server_error',
};

const NOTHING: readonly never[] = Object.freeze([]);
/** Members of a delta that are text, each its own channel. */
const TEXTS = ['content', 'reasoning_content', 'reasoning', 'refusal'];
/** The most tools OpenAI takes in one request, so the most calls one choice will number. */
const MAX_TOOLS = 128;

/** The dialect of `/chat/completions` and `/completions`. */
export const chat: Dialect = {
  name: 'chat',
  usage: {
    member: 'usage',
    input: ['prompt_tokens'],
    output: ['completion_tokens'],
    // The other name is DeepSeek's.
    cachedInput: ['prompt_tokens_details.cached_tokens', 'prompt_cache_hit_tokens'],
    cacheWrite: ['prompt_tokens_details.cache_write_tokens'],
    model: 'model',
  },
  isOpaque: denyList({
    keys: [
      'type',
      'role',
      'object',
      'model',
      'id',
      'tool_call_id',
      'request_id',
      'file_id',
      'prompt_cache_key',
      'system_fingerprint',
      'signature',
      'thought_signature',
      'encrypted_content',
      'reasoning_opaque',
      'reasoning_text',
      'file_data',
      'b64_json',
      'obfuscation',
    ],
    places: {
      ttl: below('cache_control'),
      image_url: dataUri,
      url: (parent, type, head) => (parent === 'image_url' || parent === 'video_url') && dataUri(parent, type, head),
      data: below('input_audio', 'audio', 'reasoning_details'),
      text: below('reasoning_details'),
      summary: below('reasoning_details'),
    },
    userMade: ['arguments', 'metadata', 'variables', 'chat_template_kwargs', 'env'],
  }),
  pieces(event) {
    const choices = listOf(objectOf(event)?.choices);
    if (choices.length === 0) return NOTHING;
    const out: Piece[] = [];
    for (let i = 0; i < choices.length; i++) {
      const choice = objectOf(choices[i]);
      if (choice) choicePieces(choice, i, out);
    }
    return out;
  },
  ends(event) {
    const e = objectOf(event);
    const choices = listOf(e?.choices);
    const over: string[] = [];
    for (let i = 0; i < choices.length; i++) {
      const choice = objectOf(choices[i]);
      if (typeof choice?.finish_reason === 'string') over.push(...channelsOf(indexOf(choice, i)));
    }
    if (over.length > 0) return over;
    return e?.error ? 'all' : NOTHING;
  },
  errorBody: (fault, id) => ({
    contentType: 'application/json',
    body: JSON.stringify({
      error: { message: faultText(fault, id), type: wordFor(WORDS, fault.status), code: fault.code, param: null },
    }),
  }),
};

function indexOf(member: LooseObject, position: number): string {
  return keyOf(member.index, position);
}

function choicePieces(choice: LooseObject, at: number, out: Piece[]): void {
  const key = indexOf(choice, at);
  if (typeof choice.text === 'string') out.push({ path: ['choices', at, 'text'], channel: `${key}:text`, nesting: 'text' });
  const delta = objectOf(choice.delta);
  if (!delta) return;
  const root = ['choices', at, 'delta'];
  for (const member of TEXTS) {
    const value = delta[member];
    if (typeof value === 'string')
      out.push({ path: [...root, member], channel: `${key}:${member}`, nesting: member === 'content' ? 'answer' : 'text' });
    else if (Array.isArray(value)) parts(value, [...root, member], `${key}:${member}`, out);
  }
  const old = objectOf(delta.function_call);
  if (typeof old?.arguments === 'string') {
    out.push({ path: [...root, 'function_call', 'arguments'], channel: `${key}:function_call`, nesting: 'json' });
  }
  const calls = listOf(delta.tool_calls);
  for (let j = 0; j < calls.length; j++) {
    const call = objectOf(calls[j]);
    if (!call) continue;
    const channel = `${key}:tool:${indexOf(call, j)}`;
    const path = [...root, 'tool_calls', j];
    if (typeof objectOf(call.function)?.arguments === 'string')
      out.push({ path: [...path, 'function', 'arguments'], channel, nesting: 'json' });
    if (typeof objectOf(call.custom)?.input === 'string') out.push({ path: [...path, 'custom', 'input'], channel, nesting: 'text' });
  }
}

/** Mistral's content parts: `[{type:'text',text}]`, and `[{type:'thinking',thinking:[{type:'text',text}]}]` as its own channel. */
function parts(list: readonly unknown[], path: readonly (string | number)[], channel: string, out: Piece[]): void {
  for (let k = 0; k < list.length; k++) {
    const part = objectOf(list[k]);
    if (typeof part?.text === 'string')
      out.push({ path: [...path, k, 'text'], channel, nesting: path.at(-1) === 'content' ? 'answer' : 'text' });
    if (Array.isArray(part?.thinking)) parts(part.thinking, [...path, k, 'thinking'], `${channel}:thinking`, out);
  }
}

/** Every channel a choice can have. */
function allChannels(key: string): readonly string[] {
  return [
    ...['text', ...TEXTS, 'content:thinking', 'function_call'].map((what) => `${key}:${what}`),
    ...Array.from({ length: MAX_TOOLS }, (_, j) => `${key}:tool:${j}`),
  ];
}

// Nearly every stream has one choice.
const FIRST = allChannels('0');

function channelsOf(key: string): readonly string[] {
  return key === '0' ? FIRST : allChannels(key);
}
