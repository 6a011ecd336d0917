// What a request says of itself that matters to whoever makes it wait: that it is a repetition, that nobody sits before it, how long its
// prompt is. Must not read more of a body than its beginning and its length.
import { firstValue, type RawHeaders } from '../../headers.ts';

/** A body of the smaller requests that CLIs make beside the conversation, for a title or a name. */
const SMALL_BYTES = 8 * 1024;
/** Bytes of JSON that make about one token. */
const BYTES_PER_TOKEN = 4;

/** The client has sent it before and says so (the SDKs of OpenAI and Anthropic do). */
export function isRetry(headers: RawHeaders): boolean {
  return Number(firstValue(headers, 'x-stainless-retry-count')) > 0;
}

/** Nobody sits before it: it counts tokens, or is small and brings no tools. */
export function isBackground(endpoint: string, target: string, body: Buffer | undefined): boolean {
  if (endpoint === 'count-tokens' || /count_?tokens/i.test(target)) return true;
  return body !== undefined && body.length < SMALL_BYTES && !body.includes('"tools"');
}

/** About how many tokens a body of so many bytes costs. */
export function promptTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}
