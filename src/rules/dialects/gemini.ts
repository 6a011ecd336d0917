// Google's generateContent, plain and wrapped as Code Assist does it (`request` round the request, `response` round each reply).
// A thought and the answer are two texts; a function call comes whole, and its thoughtSignature goes back unchanged.
import type { Fault } from '../../fault.ts';
import { below, denyList } from '../deny-list.ts';
import { type ErrorWords, faultText, wordFor } from '../fault-text.ts';
import { keyOf, listOf, objectOf } from '../loose-json.ts';
import type { Dialect, Piece } from '../provider.ts';

/** google.rpc.Code names by HTTP status (https://cloud.google.com/apis/design/errors). */
const WORDS: ErrorWords = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  407: 'UNAUTHENTICATED',
  408: 'DEADLINE_EXCEEDED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

const NOTHING: readonly never[] = Object.freeze([]);

/** The dialect of `:generateContent` and `:streamGenerateContent`. */
export const gemini: Dialect = {
  name: 'gemini',
  usage: {
    member: 'usageMetadata',
    input: ['promptTokenCount', 'toolUsePromptTokenCount'],
    output: ['candidatesTokenCount', 'thoughtsTokenCount'],
    cachedInput: ['cachedContentTokenCount'],
    model: 'modelVersion',
  },
  isOpaque: denyList({
    keys: [
      'role',
      'type',
      'model',
      'modelVersion',
      'id',
      'responseId',
      'traceId',
      'session_id',
      'user_prompt_id',
      'mimeType',
      'mime_type',
      'thoughtSignature',
      'thought_signature',
    ],
    places: { data: below('inlineData', 'inline_data') },
    userMade: ['args', 'labels', 'metadata'],
    userMadeBelowRoot: ['response'],
  }),
  pieces(event) {
    const out: Piece[] = [];
    chunks(event, (chunk, path) => chunkPieces(chunk, path, out));
    return out.length > 0 ? out : NOTHING;
  },
  ends(event) {
    const out: string[] = [];
    let failed = Array.isArray(event);
    chunks(event, (chunk) => {
      if (chunk.error) failed = true;
      const candidates = listOf(chunk.candidates);
      for (let i = 0; i < candidates.length; i++) {
        const candidate = objectOf(candidates[i]);
        if (typeof candidate?.finishReason !== 'string') continue;
        const key = keyOf(candidate.index, i);
        out.push(`${key}:text`, `${key}:thought`);
      }
    });
    return failed ? 'all' : out;
  },
  errorBody: (fault, id) => ({
    contentType: 'application/json',
    body: JSON.stringify({
      error: { code: fault.status, message: faultText(fault, id), status: wordFor(WORDS, fault.status), ...retryInfo(fault) },
    }),
  }),
};

/** How long to wait is said in the body here (google.rpc.RetryInfo), and that is where Google's clients look for it. */
function retryInfo({ retryAfterSeconds }: Fault) {
  if (retryAfterSeconds === undefined) return undefined;
  return { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfterSeconds}s` }] };
}

type Visit = (chunk: { readonly [name: string]: unknown }, path: readonly (string | number)[]) => void;

/** The generateContent replies in an event: itself, what Code Assist wraps, or without `alt=sse` each of a JSON array. */
function chunks(event: unknown, visit: Visit): void {
  const list = Array.isArray(event) ? event : undefined;
  const n = list ? list.length : 1;
  for (let k = 0; k < n; k++) {
    const outer = objectOf(list ? list[k] : event);
    if (!outer) continue;
    const inner = objectOf(outer.response);
    const path: (string | number)[] = list ? [k] : [];
    if (inner) path.push('response');
    visit(inner ?? outer, path);
  }
}

function chunkPieces(chunk: { readonly [name: string]: unknown }, root: readonly (string | number)[], out: Piece[]): void {
  const candidates = listOf(chunk.candidates);
  for (let i = 0; i < candidates.length; i++) {
    const candidate = objectOf(candidates[i]);
    const parts = listOf(objectOf(candidate?.content)?.parts);
    for (let j = 0; j < parts.length; j++) {
      const part = objectOf(parts[j]);
      if (typeof part?.text !== 'string') continue;
      const isThought = part.thought === true;
      const channel = `${keyOf(candidate!.index, i)}:${isThought ? 'thought' : 'text'}`;
      const path = [...root, 'candidates', i, 'content', 'parts', j, 'text'];
      out.push({ path, channel, nesting: isThought ? 'text' : 'answer' });
    }
  }
}
