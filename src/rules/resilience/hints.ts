// How long a vendor asks to be left alone, in every form they have: `retry-after-ms`, Retry-After (RFC 9110 10.2.3), google.rpc.RetryInfo, the reset
// of an exhausted window, and what OpenAI's usage limit says in its body. Must not decide anything.
import { firstValue, type RawHeaders } from '../../headers.ts';
import { type LooseObject, listOf, objectOf } from '../loose-json.ts';
import { exhaustedMs } from './limit-headers.ts';
import { msUntil, vendorNow } from './moment.ts';
import { DAY_MS } from './span.ts';

const LONGEST_BODY = 65_536;

/** The ms from now, a day at most; undefined when the reply does not say. `bodyText` may be '' or cut short. */
export function hintMs(
  reply: { readonly status: number; readonly headers: RawHeaders },
  bodyText: string,
  nowMs: number,
): number | undefined {
  const { headers, status } = reply;
  const said = ofMs(firstValue(headers, 'retry-after-ms')) ?? msUntil(firstValue(headers, 'retry-after'), vendorNow(headers, nowMs));
  if (said !== undefined) return said;
  return ofBody(bodyText, nowMs) ?? (status === 429 ? exhaustedMs(headers, nowMs) : undefined);
}

function ofMs(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d{1,15}(?:\.\d{1,9})?\s*$/.test(text) ? Math.min(Math.ceil(Number(text)), DAY_MS) : undefined;
}

function ofBody(text: string, nowMs: number): number | undefined {
  if (text.length > LONGEST_BODY || !/"(?:retryDelay|resets_in_seconds|resets_at)"/.test(text)) return undefined;
  const error = errorOf(text);
  if (!error) return undefined;
  const info = listOf(error.details)
    .map(objectOf)
    .find((detail) => typeof detail?.retryDelay === 'string');
  const [delay, inSeconds, at] = [info?.retryDelay, error.resets_in_seconds, error.resets_at];
  return msUntil(asText(delay) ?? asText(inSeconds) ?? asText(at), nowMs);
}

const asText = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : undefined);

/** The `error` of the document, or of the first one in a list (Google streams errors so). */
function errorOf(text: string): LooseObject | undefined {
  try {
    const document: unknown = JSON.parse(text);
    return objectOf(objectOf(Array.isArray(document) ? document[0] : document)?.error);
  } catch {
    return undefined;
  }
}
