// HTTP/1.1 messages for tests, independent of node:http: writes any bytes it is given and reads strictly, keeping the
// exact bytes of head and body. What is broken on the wire throws or shows as `complete: false`; nothing is repaired.
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { ByteReader } from './byte-reader.ts';

/** A message as it was on the wire. */
export interface WireMessage {
  /** Start line without CRLF. */
  readonly startLine: string;
  /** Flat raw pairs, case and order as received. */
  readonly headers: readonly string[];
  /** Exact head bytes, through the empty line. */
  readonly head: Buffer;
  /** Body after the transfer coding was taken off. */
  readonly body: Buffer;
  /** Body bytes as framed on the wire (chunk sizes and trailers included). */
  readonly wireBody: Buffer;
  readonly trailers: readonly string[];
  readonly framing: 'none' | 'length' | 'chunked' | 'close';
  /** False when the stream ended before the message did. */
  readonly complete: boolean;
}

/** A reply, its status line split. */
export interface WireReply extends WireMessage {
  readonly status: number;
  readonly reason: string;
}

/** A request, its request line split. */
export interface WireRequest extends WireMessage {
  readonly method: string;
  readonly target: string;
}

/** First value of a header, whatever its case. */
export function headerOf(message: { readonly headers: readonly string[] }, name: string): string | undefined {
  for (let i = 0; i < message.headers.length; i += 2) {
    if (message.headers[i]!.toLowerCase() === name.toLowerCase()) return message.headers[i + 1];
  }
  return undefined;
}

/** Head bytes from a start line and flat pairs, written as they are. */
export function headBytes(startLine: string, headers: readonly string[]): Buffer {
  let text = `${startLine}\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}

/** A whole request. With a body and no framing header, Content-Length is added at the end. */
export function requestBytes(startLine: string, headers: readonly string[] = [], body: string | Uint8Array = ''): Buffer {
  return messageBytes(`${startLine} HTTP/1.1`, headers, body, body.length > 0);
}

/** A whole reply, e.g. `replyBytes('200 OK', ['X', 'y'], 'body')`. Without a framing header, Content-Length is added at the end. */
export function replyBytes(statusLine: string, headers: readonly string[] = [], body: string | Uint8Array = ''): Buffer {
  return messageBytes(`HTTP/1.1 ${statusLine}`, headers, body, true);
}

function messageBytes(startLine: string, headers: readonly string[], body: string | Uint8Array, measure: boolean): Buffer {
  const bytes = Buffer.from(body as string);
  const framed = headerOf({ headers }, 'content-length') ?? headerOf({ headers }, 'transfer-encoding');
  const all = measure && framed === undefined ? [...headers, 'Content-Length', String(bytes.length)] : headers;
  return Buffer.concat([headBytes(startLine, all), bytes]);
}

/** One chunk of the chunked coding; an empty one is the last, with its closing line. */
export function chunk(data: string | Uint8Array): Buffer {
  const bytes = Buffer.from(data as string);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** Splits head bytes. Throws on anything that is not strict HTTP/1.1 syntax. */
export function parseHead(head: Buffer): { readonly startLine: string; readonly headers: string[] } {
  const lines = head.toString('latin1').split('\r\n');
  const startLine = lines[0]!;
  const headers: string[] = [];
  for (const line of lines.slice(1, -2)) {
    const m = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/.exec(line);
    if (!m) throw new Error(`not a header line: ${JSON.stringify(line)}`);
    headers.push(m[1]!, m[2]!);
  }
  return { startLine, headers };
}

/** Reads one request; undefined when the connection ended before its first byte. Answers nothing. */
export async function readRequest(
  reader: ByteReader,
  onHead?: (request: Pick<WireRequest, 'method' | 'target' | 'headers' | 'head'>) => void,
): Promise<WireRequest | undefined> {
  const head = await reader.until('\r\n\r\n');
  if (!head) {
    if (reader.unread().length === 0) return undefined;
    throw new Error(`the connection ended inside a head: ${JSON.stringify(reader.unread().toString('latin1', 0, 200))}`);
  }
  const { startLine, headers } = parseHead(head);
  const m = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/1\.[01]$/.exec(startLine);
  if (!m) throw new Error(`not a request line: ${JSON.stringify(startLine)}`);
  const line = { startLine, method: m[1]!, target: m[2]!, headers, head };
  onHead?.(line);
  const rest = await readBody(reader, headers, 'none');
  return { ...line, ...rest };
}

/** A reply's head alone. */
export type ReplyHead = Pick<WireReply, 'startLine' | 'headers' | 'head' | 'status' | 'reason'>;

/** Reads the head of the final reply; 1xx replies (not 101) are handed to `onInterim`. Throws when no head came. */
export async function readReplyHead(
  reader: ByteReader,
  onInterim?: (status: number, headers: readonly string[]) => void,
): Promise<ReplyHead> {
  for (;;) {
    const head = await reader.until('\r\n\r\n');
    if (!head) {
      const seen = JSON.stringify(reader.unread().toString('latin1', 0, 200));
      throw new Error(`the connection ended (${JSON.stringify(reader.ending)}) before a reply; unread ${seen}`);
    }
    const { startLine, headers } = parseHead(head);
    const m = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(startLine);
    if (!m) throw new Error(`not a status line: ${JSON.stringify(startLine)}`);
    const status = Number(m[1]);
    if (status >= 200 || status === 101) return { startLine, headers, head, status, reason: m[2] ?? '' };
    onInterim?.(status, headers);
  }
}

/** Reads one final reply to a request of `method` whole. */
export async function readReply(
  reader: ByteReader,
  method = 'GET',
  onInterim?: (status: number, headers: readonly string[]) => void,
): Promise<WireReply> {
  const head = await readReplyHead(reader, onInterim);
  const { status } = head;
  const bare = method === 'HEAD' || status === 101 || status === 204 || status === 304 || (method === 'CONNECT' && status < 300);
  return { ...head, ...(bare ? empty : await readBody(reader, head.headers, 'close')) };
}

type Body = Pick<WireMessage, 'body' | 'wireBody' | 'trailers' | 'framing' | 'complete'>;
const nothing = Buffer.alloc(0);
const empty: Body = { body: nothing, wireBody: nothing, trailers: [], framing: 'none', complete: true };

async function readBody(reader: ByteReader, headers: readonly string[], otherwise: 'none' | 'close'): Promise<Body> {
  const coding = headerOf({ headers }, 'transfer-encoding');
  const length = headerOf({ headers }, 'content-length');
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked' || length !== undefined) throw new Error(`ambiguous framing: ${coding} / ${length}`);
    return readChunks(reader);
  }
  if (length !== undefined) {
    if (!/^\d+$/.test(length)) throw new Error(`bad content-length ${length}`);
    const body = await reader.exactly(Number(length));
    return { body, wireBody: body, trailers: [], framing: 'length', complete: body.length === Number(length) };
  }
  if (otherwise === 'none') return empty;
  const body = await reader.rest();
  return { body, wireBody: body, trailers: [], framing: 'close', complete: reader.ending?.how === 'end' };
}

async function readChunks(reader: ByteReader): Promise<Body> {
  const wire: Buffer[] = [];
  const data: Buffer[] = [];
  const cut = (): Body => {
    const rest = reader.unread();
    return { body: Buffer.concat(data), wireBody: Buffer.concat([...wire, rest]), trailers: [], framing: 'chunked', complete: false };
  };
  for (;;) {
    const line = await reader.until('\r\n');
    if (!line) return cut();
    wire.push(line);
    const m = /^([0-9A-Fa-f]{1,8})(?:[ \t]*;[^\r\n]*)?\r\n$/.exec(line.toString('latin1'));
    if (!m) throw new Error(`bad chunk size line ${JSON.stringify(line.toString('latin1'))}`);
    const size = Number.parseInt(m[1]!, 16);
    if (size === 0) break;
    const piece = await reader.exactly(size + 2);
    wire.push(piece);
    data.push(piece.subarray(0, size));
    if (piece.length < size + 2) return cut();
    if (piece.toString('latin1', size) !== '\r\n') throw new Error('a chunk does not end in CRLF');
  }
  const trailers: string[] = [];
  for (;;) {
    const line = await reader.until('\r\n');
    if (!line) return cut();
    wire.push(line);
    if (line.length === 2) break;
    const text = line.toString('latin1', 0, line.length - 2);
    const colon = text.indexOf(':');
    if (colon < 1) throw new Error(`bad trailer ${JSON.stringify(text)}`);
    trailers.push(text.slice(0, colon), text.slice(colon + 1).trim());
  }
  return { body: Buffer.concat(data), wireBody: Buffer.concat(wire), trailers, framing: 'chunked', complete: true };
}

/** The body after `head` as a stream without its transfer coding; broken off with an error when the message is cut. */
export function streamBody(reader: ByteReader, head: { readonly headers: readonly string[] }): PassThrough {
  const out = new PassThrough();
  const cut = (why: unknown) => out.destroy(new Error('the body was cut', { cause: why }));
  pump(reader, head, out).then((whole) => (whole ? out.end() : cut('ended early')), cut);
  return out;
}

async function pump(reader: ByteReader, head: { readonly headers: readonly string[] }, out: PassThrough): Promise<boolean> {
  const put = async (data: Buffer) => {
    if (!out.write(data)) await once(out, 'drain');
  };
  const upTo = async (count: number): Promise<boolean> => {
    let left = count;
    while (left > 0) {
      const piece = await reader.some(left);
      if (piece.length === 0) return false;
      left -= piece.length;
      await put(piece);
    }
    return true;
  };
  const length = headerOf(head, 'content-length');
  if (length !== undefined) return upTo(Number(length));
  if (headerOf(head, 'transfer-encoding')?.toLowerCase() !== 'chunked') {
    for (let piece = await reader.some(); piece.length > 0; piece = await reader.some()) await put(piece);
    return reader.ending?.how === 'end';
  }
  for (;;) {
    const line = await reader.until('\r\n');
    if (!line) return false;
    const size = Number.parseInt(line.toString('latin1'), 16);
    if (Number.isNaN(size)) throw new Error(`bad chunk size line ${JSON.stringify(line.toString('latin1'))}`);
    if (size > 0 && !(await upTo(size))) return false;
    const end = await reader.until('\r\n');
    if (!end) return false;
    if (size === 0) return true;
  }
}
