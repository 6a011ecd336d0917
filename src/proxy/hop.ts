// Which fields belong to one hop and stay here (RFC 9110 7.6.1). Everything else passes untouched and in order.
// Since every client connection has one upstream connection of its own, `Connection: keep-alive|close` is as true
// of our hop as of the client's, and is kept: it is part of the client's head.
import type { RawHeaders } from '../headers.ts';
import { listTokens, withoutFields } from '../headers.ts';

const OUR_PREFIX = 'x-sallyport-';
/** Fields of a single hop besides those named in Connection. */
const HOP = new Set(['keep-alive', 'te', 'upgrade']);
/** End-to-end fields that a Connection option may not take away (RFC 9110 7.6.1: must not be listed there). */
const NEVER_DROPPED =
  /^(host|authorization|cookie|content-.*|transfer-encoding|x-api-key|api-key|x-goog-api-key|date|etag|set-cookie|location)$/;
const KEPT_OPTIONS = new Set(['keep-alive', 'close']);

/**
 * The fields that go on to the other side. The same array when nothing is dropped, so that the head can leave with its own bytes.
 * `upgrading` keeps Upgrade and its option, for WebSocket.
 */
export function endToEnd(headers: RawHeaders, upgrading: boolean): RawHeaders {
  const options = listTokens(headers, 'connection');
  const named = new Set(options.filter((o) => !KEPT_OPTIONS.has(o) && !NEVER_DROPPED.test(o)));
  const kept = withoutFields(headers, (name) => {
    if (isForUs(name)) return true;
    if (name === 'upgrade') return !upgrading;
    return HOP.has(name) || (named.has(name) && name !== 'connection');
  });
  const allowed = (o: string) => KEPT_OPTIONS.has(o) || (upgrading && o === 'upgrade');
  if (options.every(allowed)) return kept;
  const rest = options.filter(allowed);
  const out: string[] = [];
  for (let i = 0; i < kept.length; i += 2) {
    if (kept[i]!.toLowerCase() !== 'connection') out.push(kept[i]!, kept[i + 1]!);
    else if (rest.length > 0) out.push(kept[i]!, rest.splice(0).join(', '));
  }
  return out;
}

/**
 * The same for HTTP/2, in heads and trailers. Most fields of a hop make a message malformed there (RFC 9113 8.2.2) and never get here;
 * node:http2 throws on two more than nghttp2 refuses. The same array when nothing is dropped.
 */
export function endToEndHttp2(headers: RawHeaders): RawHeaders {
  return withoutFields(headers, (name, value) => isForUs(name) || name === 'http2-settings' || (name === 'te' && value !== 'trailers'));
}

/** Fields that say how one message is framed, and what becomes of its connection. */
const FRAMING = new Set(['connection', 'content-length', 'transfer-encoding', 'trailer']);

/** The fields of a reply that is to be framed anew, for somebody else than it was sent to. */
export function withoutFraming(headers: RawHeaders): RawHeaders {
  return withoutFields(headers, (name) => FRAMING.has(name));
}

function isForUs(name: string): boolean {
  return name.startsWith('proxy-') || name.startsWith(OUR_PREFIX);
}
