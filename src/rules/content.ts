// What a body is, as far as its header fields say. Pure; the bytes themselves are looked at elsewhere.
// It must not decide what is done with a body.
import { firstValue, type RawHeaders } from '../headers.ts';

/**
 * 'json': walked string by string. 'lines': the same, several documents in a row. 'sse': a stream of events. 'frames': the same in AWS's binary
 * messages. 'text': scanned as text. 'form': the same, percent-encoded. 'media': pictures, sound, archives, protobuf; edits would break them. 'unknown': no or an unknown type.
 */
export type ContentKind = 'json' | 'lines' | 'sse' | 'frames' | 'text' | 'form' | 'media' | 'unknown';

const JSON_TYPE = /^application\/(json|.*\+json|x-amz-json-1\.[01])$|^text\/json$/;
const LINES_TYPE = /^application\/(x-ndjson|ndjson|jsonl|jsonlines)$/;
const TEXT_TYPE = /^text\/|^application\/(xml|.*\+xml|yaml|javascript|graphql|sql|toml)$|^multipart\//;
const MEDIA_TYPE =
  /^(image|audio|video|font)\/|^application\/(zip|gzip|pdf|wasm|x-tar|x-protobuf|protobuf|proto|grpc|grpc\+.*|connect\+.*|vnd\.google\.protobuf)$/;

/** Classifies by Content-Type. */
export function contentKind(headers: RawHeaders): ContentKind {
  const type = (firstValue(headers, 'content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  // Connect streams carry JSON between binary length prefixes: edits would break the prefixes.
  if (MEDIA_TYPE.test(type)) return 'media';
  if (JSON_TYPE.test(type)) return 'json';
  if (LINES_TYPE.test(type)) return 'lines';
  if (type === 'text/event-stream') return 'sse';
  if (type === 'application/vnd.amazon.eventstream') return 'frames';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  if (TEXT_TYPE.test(type)) return 'text';
  return 'unknown';
}

/** Whether the type names a conversation: the client may wait for an answer to what it has said before it goes on. */
export function isConversation(headers: RawHeaders): boolean {
  return /^\s*application\/(connect\+|grpc)/i.test(firstValue(headers, 'content-type') ?? '');
}

/** Whether bytes look like text: no NUL and mostly printable in the first 4 KiB. */
export function looksLikeText(bytes: Uint8Array): boolean {
  const n = Math.min(bytes.length, 4096);
  let odd = 0;
  for (let i = 0; i < n; i++) {
    const b = bytes[i]!;
    if (b === 0) return false;
    if (b < 9 || (b > 13 && b < 32) || b === 127) odd++;
  }
  return odd * 20 <= n;
}

/** A byte order mark in UTF-8. */
const MARK = [0xef, 0xbb, 0xbf];
const BRACES = [0x7b, 0x5b];

/**
 * Whether bytes begin like a document of JSON, behind a byte order mark and blanks of any number; undefined while there are only those.
 * Servers read such a document whatever its type says.
 */
export function startsLikeJson(bytes: Uint8Array): boolean | undefined {
  let i = 0;
  while (i < MARK.length && bytes[i] === MARK[i]) i++;
  if (i > 0 && i < MARK.length) return i === bytes.length ? undefined : false;
  while (bytes[i] === 0x20 || (bytes[i]! >= 9 && bytes[i]! <= 13)) i++;
  return i === bytes.length ? undefined : BRACES.includes(bytes[i]!);
}

const WIDE_CHARSET = /;\s*charset\s*=\s*"?\s*(?:utf-?(?:16|32)|ucs-?[24]|unicode)/i;
/** UTF-16 and UTF-32, little endian first. */
const WIDE_MARKS = ['fffe', 'feff', '0000feff'];
/** How much of a text decides whether every other byte of it is NUL. */
const WIDE_BYTES = 64;

/** Whether a body is text in UTF-16 or UTF-32, by its type, its mark or its pattern of NULs. In what its type calls media only JSON counts. */
export function isWideText(headers: RawHeaders, bytes: Buffer): boolean {
  const kind = contentKind(headers);
  const isMedia = kind === 'media' || kind === 'frames';
  const mark = WIDE_MARKS.find((own) => bytes.toString('hex', 0, own.length / 2) === own);
  if (!isMedia && (mark !== undefined || WIDE_CHARSET.test(firstValue(headers, 'content-type') ?? ''))) return true;
  const text = alternating(bytes.subarray(mark === undefined ? 0 : mark.length / 2));
  // Blanks alone may stand before JSON.
  return isMedia ? /^\s*[{[]|^\s+$/.test(text) : text.length > 1;
}

/** The printable text between NULs that stand at every other byte at least; '' if there is none. */
function alternating(bytes: Buffer): string {
  const head = bytes.subarray(0, Math.min(WIDE_BYTES, bytes.length & ~1));
  for (const nul of [0, 1]) {
    if (!head.every((byte, i) => (i & 1) !== nul || byte === 0)) continue;
    const text = String.fromCharCode(...head.filter((byte, i) => (i & 1) !== nul && byte !== 0));
    if (/^[\t\n\r -~]+$/.test(text)) return text;
  }
  return '';
}
