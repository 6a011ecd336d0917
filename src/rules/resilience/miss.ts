// Which replies say that this credential cannot have this model, in the words of the vendors. A path that does not exist, a request the model cannot do
// and a login that failed say nothing of the kind. Must not know what is done about it.
import { type LooseObject, objectOf } from '../loose-json.ts';

const LONGEST_BODY = 65_536;
const LONGEST_MESSAGE = 2_000;

/** Codes and types that mean it, whatever the message says: OpenAI, Groq, GitHub Copilot, Mistral, Perplexity, Azure. */
const CODES = new Set([
  'model_not_found',
  'model_not_supported',
  'model_not_allowed',
  'model_not_available',
  'model_access_denied',
  'invalid_model',
  'deploymentnotfound',
]);

/** Sentences that mean it whichever status they come with. */
const SENTENCES: readonly RegExp[] = [
  // OpenAI, xAI, Groq, Vertex AI
  /\bmodel:?\s+\S{1,200}\s+(?:does not exist|was not found)\b/i,
  // OpenAI's projects, Bedrock
  /\b(?:does not|doesn't|do not|don't|no) (?:have )?access to (?:the |this |that )?(?:requested |specified )?model\b/i,
  /\bpermission to (?:use|access) (?:the |this |that )?(?:requested |specified )?model\b/i,
  /\bnot (?:entitled|authorized|allowed) to (?:use|access|invoke) (?:the |this |that )?(?:requested |specified )?model\b/i,
  // GitHub Copilot, Codex with a ChatGPT account
  /\brequested model is not supported\b/i,
  /\bmodel is not supported when using\b/i,
  // OpenRouter, Bedrock
  /\bnot a valid model id\b/i,
  /\bmodel identifier is invalid\b/i,
];

/** What a 404 may say besides. */
const NOT_FOUND: readonly RegExp[] = [
  // Anthropic says no more than the name
  /^model: \S/i,
  // Gemini, Vertex AI, Ollama; but not a route with the word in it
  /(?:^|\s)(?:models\/\S{1,200}|model:?(?:\s+\S{1,200})?)\s+(?:(?:was|is) )?not found\b/i,
  // OpenRouter; but not that none "support tool use", which another request to the model may not ask for
  /^no endpoints found for \S/i,
];

/** Whether the reply is the vendor's "no such model for you". `bodyText` is the whole body as text. */
export function isMiss(status: number, bodyText: string): boolean {
  if ((status !== 404 && status !== 403 && status !== 400) || bodyText.length > LONGEST_BODY) return false;
  const document = read(bodyText);
  if (!document) return false;
  const error = objectOf(document.error) ?? document;
  const codes = [error.code, error.type, document.code];
  if (codes.some((code) => typeof code === 'string' && CODES.has(code.toLowerCase()))) return true;
  const texts = [error.message, error.Message, document.error, document.detail]
    .filter((text) => typeof text === 'string')
    .map((text) => text.slice(0, LONGEST_MESSAGE));
  const patterns = status === 404 ? [...SENTENCES, ...NOT_FOUND] : SENTENCES;
  return texts.some((text) => patterns.some((pattern) => pattern.test(text)));
}

function read(text: string): LooseObject | undefined {
  try {
    const document: unknown = JSON.parse(text);
    return objectOf(Array.isArray(document) ? document[0] : document);
  } catch {
    return undefined;
  }
}
