// Field sections and ends of HTTP/2 streams as node:http2 gives and takes them: pseudo-fields apart, trailers carried across.
// It must not know what any field means.
import { constants, type Http2Stream } from 'node:http2';
import { firstValue, type RawHeaders, type RequestHead } from '../../headers.ts';
import { endToEndHttp2 } from '../hop.ts';

/** The fields without the pseudo-fields. */
export function regular(raw: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < raw.length; i += 2) if (!raw[i]!.startsWith(':')) out.push(raw[i]!, raw[i + 1]!);
  return out;
}

/** Interim and trailer fields can be given to node:http2 as an object only: names keep their order, a repeated name its values. */
export function fieldObject(raw: RawHeaders): Record<string, string[]> {
  const out: Record<string, string[]> = Object.create(null);
  for (let i = 0; i < raw.length; i += 2) out[raw[i]!] = [...(out[raw[i]!] ?? []), raw[i + 1]!];
  return out;
}

/** Listens for the trailers of `from`, which may come before anybody knows where they go; without fields of the hop. */
export function trailersOf(from: Http2Stream): () => RawHeaders {
  let trailers: RawHeaders = [];
  from.on('trailers', (_headers, _flags, raw) => {
    trailers = endToEndHttp2(raw as unknown as string[]);
  });
  return () => trailers;
}

/** Ends `to`, which waits for trailers, with these; with none, the stream just ends. Where `trailers` throws, it is reset. */
export function sendTrailers(to: Http2Stream, trailers: () => RawHeaders): void {
  to.on('wantTrailers', () => {
    if (to.destroyed || to.closed) return;
    try {
      to.sendTrailers(fieldObject(trailers()));
    } catch {
      // Nobody is above a listener: what node:http2 will not send may cost this stream, not the process.
      to.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
  });
}

/**
 * Whether END_STREAM has come. RST_STREAM with NO_ERROR ends the readable side just as politely (RFC 9113 8.1 has servers send it behind a
 * whole reply), but by then the stream counts as closed.
 */
export function endOf(from: Http2Stream): () => boolean {
  let ended = false;
  const push = from.push;
  from.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk === null && !from.closed) ended = true;
    return push.call(from, chunk, encoding);
  };
  return () => ended;
}

/** The head of a request out of raw pairs, pseudo-fields among them. */
export function requestHead(raw: RawHeaders): RequestHead {
  const headers = regular(raw);
  return {
    method: firstValue(raw, ':method') ?? '',
    target: firstValue(raw, ':path') ?? '',
    authority: firstValue(raw, ':authority') ?? firstValue(headers, 'host') ?? '',
    headers,
  };
}

/** Names as HTTP/2 has them (RFC 9113 8.2.1). */
export function lowerNames(headers: RawHeaders): RawHeaders {
  return headers.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
}
