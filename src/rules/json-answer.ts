// Whether a request asks the model to answer with a JSON document: what is put into such an answer stands in a string of it, and
// is escaped once more. Read off the bytes: in a string of a body these words would carry backslashes. It must not know dialects.
import { compileAnchors } from './masking/anchors.ts';

/** A word that may be the answer's form, and how it stands when it is. */
const ASKS: readonly (readonly [word: string, whole: RegExp])[] = [
  // Responses, chat and Anthropic: `{"type":"json_schema",…}` as the format. In chat the schema's own member has that name too.
  ['"json_schema"', /"type"\s*:\s*$/],
  ['"json_object"', /"type"\s*:\s*$/],
  // Gemini, in both of its spellings.
  ['"application/json"', /"response(?:MimeType|_mime_type)"\s*:\s*$/],
];
const BEFORE = 64;
const look = compileAnchors(ASKS.map(([text]) => ({ text })));

/** For a request's body or a WebSocket message; false where it is no JSON. */
export function asksForJson(body: Buffer): boolean {
  let asks = false;
  look(body, 0, body.length, (word, at) => {
    asks ||= ASKS[word]![1].test(body.toString('latin1', Math.max(0, at - BEFORE), at));
  });
  return asks;
}
