// Whether a request asks the model to answer with a JSON document: what is put into such an answer stands in a string of it, and
// is escaped once more. Read off the bytes: in a string of a body these words would carry backslashes. It must not know dialects.

/** The word that opens the question, and how it goes on. */
const ASKS: readonly (readonly [word: string, whole: RegExp])[] = [
  // Responses, chat and Anthropic: `{"type":"json_schema",…}` as the format. In chat the schema's own member has that name too.
  ['"json_schema"', /"type"\s*:\s*"json_schema"$/],
  ['"json_object"', /"type"\s*:\s*"json_object"$/],
  // Gemini, in both of its spellings.
  ['"application/json"', /"response(?:MimeType|_mime_type)"\s*:\s*"application\/json"$/],
];
const BEFORE = 64;

/** For a request's body or a WebSocket message; false where it is no JSON. */
export function asksForJson(body: Buffer): boolean {
  for (const [word, whole] of ASKS) {
    for (let at = body.indexOf(word, 0, 'latin1'); at >= 0; at = body.indexOf(word, at + 1, 'latin1')) {
      if (whole.test(body.toString('latin1', Math.max(0, at - BEFORE), at + word.length))) return true;
    }
  }
  return false;
}
