// HTTP/1 heads, read strictly and kept byte for byte. What two implementations could read differently (RFC 9112 11.2: smuggling)
// is refused here, before anything else looks at the message. Must not know about sockets, providers or what is forwarded.
import { type Authority, parseAuthority } from '../../authority.ts';
import { Fault, type FaultCode } from '../../fault.ts';
import type { RawHeaders } from '../../headers.ts';
import { isFieldText, isToken, listElements, parseFields, readsAsFraming, refuseControls } from './field.ts';

/** Longest head accepted, start line and final empty line included. Whoever reads the socket throws Fault `head-too-large` beyond it. */
export const MAX_HEAD_BYTES = 128 * 1024;

/** Most interim replies that may come before the final one, whatever the protocol. */
export const MAX_INTERIM = 64;

/** Where a message's body ends (RFC 9112 6.3). */
export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

/** A request head that passed every check. `headers` holds names as received and trimmed latin1 values. */
export interface ParsedRequest {
  readonly method: string;
  /** As received. */
  readonly target: string;
  readonly form: 'origin' | 'absolute' | 'authority' | 'asterisk';
  /** Absolute form only. */
  readonly scheme: 'http' | 'https' | undefined;
  /** What the target itself names: absolute and authority form only. */
  readonly authority: Authority | undefined;
  /** The target in origin form (or `*`); '' for CONNECT. */
  readonly path: string;
  /** What the Host field names; undefined only in HTTP/1.0. */
  readonly host: Authority | undefined;
  readonly version: '1.0' | '1.1';
  readonly headers: RawHeaders;
  /** The head exactly as received, from the method to the empty line. */
  readonly bytes: Buffer;
  readonly framing: BodyFraming;
  readonly keepAlive: boolean;
  readonly expectContinue: boolean;
  /** Protocols of Upgrade, lower case; empty unless HTTP/1.1 and Connection says `upgrade` (RFC 9110 7.8). */
  readonly upgrade: readonly string[];
  /** Options of Connection, lower case. */
  readonly connection: readonly string[];
}

/** A reply head that passed every check. */
export interface ParsedReply {
  readonly status: number;
  /** Reason phrase as received, '' when there is none. */
  readonly reason: string;
  readonly version: '1.0' | '1.1';
  readonly headers: RawHeaders;
  /** The head exactly as received. */
  readonly bytes: Buffer;
  readonly framing: BodyFraming;
  readonly keepAlive: boolean;
  readonly upgrade: readonly string[];
  readonly connection: readonly string[];
}

const REQUEST_LINE = /^([^ ]+) ([!-~]+) HTTP\/1\.([01])$/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/;
// A tab or a trailing blank round `chunked` is grammatical, but no client writes it and some servers then overlook the field.
const PLAIN_CHUNKED = /\r\nTransfer-Encoding: ?chunked\r\n/i;
const ABSOLUTE = /^(https?):\/\/([^/?#]*)([^#]*)$/i;
// Enough of the two to tell early that something is neither; the parse functions look closer.
const METHOD_BEGUN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]*(?: |\r?$)/;
const FIELD_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:/;
const CRLF = Buffer.from('\r\n', 'latin1');
const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');
const NONE: BodyFraming = { kind: 'none' };
const CHUNKED: BodyFraming = { kind: 'chunked' };
const UNTIL_CLOSE: BodyFraming = { kind: 'until-close' };

/**
 * Offset just past the CRLFCRLF that ends the head at the start of `buf`, or -1 while more bytes are needed. Bytes before `from` were
 * searched by an earlier call. When no end is there yet but a bare LF, bare CR or control byte is, the offset just past that byte is
 * given instead: the parse functions refuse it, so a malformed head is answered at once and not awaited for ever.
 */
export function findHeadEnd(buf: Buffer, from = 0): number {
  const start = Math.max(0, from - 3);
  const end = buf.indexOf(HEAD_END, start);
  if (end >= 0) return end + 4;
  let previous = start > 0 ? buf[start - 1]! : 0;
  for (let i = start; i < buf.length; i++) {
    const byte = buf[i]!;
    if (byte === 0x0a ? previous !== 0x0d : previous === 0x0d || (byte < 0x20 && byte !== 0x0d && byte !== 0x09)) return i + 1;
    previous = byte;
  }
  return -1;
}

/**
 * Whether no head can come of bytes whose end is not there yet: a complete line of `sender` is no start line or no field line, or what
 * comes before the first line end begins like none. Refusing it need not wait for the rest. Lines before `from` were looked at by an earlier call.
 */
export function isHopeless(buf: Buffer, sender: 'client' | 'upstream', from = 0): boolean {
  const first = sender === 'client' && buf[0] === 0x0d && buf[1] === 0x0a ? 2 : 0;
  const before = from < 2 ? -1 : buf.lastIndexOf(CRLF, from - 2);
  let at = before < 0 ? first : before + 2;
  for (let end = buf.indexOf(CRLF, at); end >= 0; end = buf.indexOf(CRLF, at)) {
    const line = buf.toString('latin1', at, end);
    if (!(at > first ? FIELD_LINE : sender === 'client' ? REQUEST_LINE : STATUS_LINE).test(line)) return true;
    at = end + 2;
  }
  if (at > first) return false;
  const begun = buf.toString('latin1', first, Math.min(buf.length, first + 64));
  return sender === 'client' ? !METHOD_BEGUN.test(begun) : !'HTTP/1.'.startsWith(begun.slice(0, 7));
}

/**
 * Parses one whole request head. One empty line before it is tolerated (RFC 9112 2.2) and left out of `bytes`. A Host without port
 * gets the target's port, or `defaultPort`. Throws Fault `bad-request` for everything that is not strictly RFC 9112, `head-too-large`
 * for too many fields.
 */
export function parseRequestHead(bytes: Buffer, defaultPort = 443): ParsedRequest {
  const head = bytes[0] === 0x0d && bytes[1] === 0x0a ? bytes.subarray(2) : bytes;
  const text = head.toString('latin1');
  refuseControls(text, 'bad-request');
  const lineEnd = text.indexOf('\r\n');
  const line = lineEnd < 0 ? null : REQUEST_LINE.exec(text.slice(0, lineEnd));
  if (!line || !isToken(line[1]!)) throw new Fault('bad-request', 'malformed request line');
  const method = line[1]!;
  const target = line[2]!;
  const version = line[3] === '1' ? '1.1' : '1.0';
  const headers = parseFields(text, lineEnd + 2, 'bad-request', 'head-too-large');
  const facts = factsOf(headers, 'bad-request');
  const aim = parseTarget(method, target);
  const length = lengthOf(facts, version, 'bad-request');
  if (length === 'chunked' && !PLAIN_CHUNKED.test(text)) throw new Fault('bad-request', 'Transfer-Encoding other than chunked');
  // A CONNECT has no body (RFC 9110 9.3.6): what follows belongs to the tunnel, so a length would make its first bytes ambiguous.
  if (method === 'CONNECT' && (length === 'chunked' || (length ?? 0) > 0)) throw new Fault('bad-request', 'CONNECT with a body');
  const connection = listElements(facts.connection);
  return {
    method,
    target,
    form: aim.form,
    scheme: aim.scheme,
    authority: aim.authority,
    path: aim.path,
    host: parseHost(facts.host, version, aim.authority?.port ?? defaultPort),
    version,
    headers,
    bytes: head,
    framing: method === 'CONNECT' || length === undefined ? NONE : framingFor(length),
    keepAlive: keepsAlive(version, connection),
    expectContinue: version === '1.1' && listElements(facts.expect).includes('100-continue'),
    upgrade: version === '1.1' && connection.includes('upgrade') ? listElements(facts.upgrade) : [],
    connection,
  };
}

/**
 * Parses one whole reply head to a request with `requestMethod`, with the framing of RFC 9112 6.3. Throws Fault `upstream-protocol`
 * for conflicting or malformed lengths, folding, control bytes, a malformed status line.
 */
export function parseReplyHead(bytes: Buffer, requestMethod: string): ParsedReply {
  const text = bytes.toString('latin1');
  refuseControls(text, 'upstream-protocol');
  const lineEnd = text.indexOf('\r\n');
  const line = lineEnd < 0 ? null : STATUS_LINE.exec(text.slice(0, lineEnd));
  if (!line) throw new Fault('upstream-protocol', 'malformed status line');
  const version = line[1] === '1' ? '1.1' : '1.0';
  const status = Number(line[2]);
  const headers = parseFields(text, lineEnd + 2, 'upstream-protocol');
  const facts = factsOf(headers, 'upstream-protocol');
  const length = lengthOf(facts, version, 'upstream-protocol');
  // Whoever overlooks that an interim reply has no body (RFC 9110 15.2) would take the real reply for it.
  if (status < 200 && length !== undefined && length !== 0) throw new Fault('upstream-protocol', 'an interim reply with a body');
  const bodiless = requestMethod === 'HEAD' || status < 200 || status === 204 || status === 304;
  const tunnel = requestMethod === 'CONNECT' && status >= 200 && status < 300;
  const framing = bodiless || tunnel ? NONE : length === undefined ? UNTIL_CLOSE : framingFor(length);
  const connection = listElements(facts.connection);
  return {
    status,
    reason: line[3] ?? '',
    version,
    headers,
    bytes,
    framing,
    keepAlive: framing.kind !== 'until-close' && keepsAlive(version, connection),
    upgrade: version === '1.1' && connection.includes('upgrade') ? listElements(facts.upgrade) : [],
    connection,
  };
}

/**
 * A head in latin1: `startLine`, one `name: value` line a field, the empty line. With '0' as start line it is a last chunk with
 * trailers. Throws Fault `internal` rather than write a name or value that could start another line.
 */
export function renderHead(startLine: string, headers: RawHeaders): Buffer {
  if (!isFieldText(startLine)) throw new Fault('internal', 'a start line with a control byte');
  let text = `${startLine}\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    const value = headers[i + 1]!;
    if (!isToken(name) || !isFieldText(value)) throw new Fault('internal', 'a field that cannot be written');
    text += `${name}: ${value}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'latin1');
}

interface Facts {
  readonly encodings: string[];
  readonly lengths: string[];
  readonly host: string[];
  readonly connection: string[];
  readonly upgrade: string[];
  readonly expect: string[];
}

function factsOf(headers: RawHeaders, code: FaultCode): Facts {
  const facts: Facts = { encodings: [], lengths: [], host: [], connection: [], upgrade: [], expect: [] };
  for (let i = 0; i < headers.length; i += 2) {
    const value = headers[i + 1]!;
    switch (headers[i]!.toLowerCase()) {
      case 'transfer-encoding':
        facts.encodings.push(value);
        break;
      case 'content-length':
        facts.lengths.push(value);
        break;
      case 'host':
        facts.host.push(value);
        break;
      case 'connection':
        facts.connection.push(value);
        break;
      case 'upgrade':
        facts.upgrade.push(value);
        break;
      case 'expect':
        facts.expect.push(value);
        break;
      default:
        if (readsAsFraming(headers[i]!)) throw new Fault(code, 'a disguised framing field');
    }
  }
  return facts;
}

function lengthOf(facts: Facts, version: '1.0' | '1.1', code: FaultCode): number | 'chunked' | undefined {
  const { encodings, lengths } = facts;
  if (encodings.length > 0) {
    if (lengths.length > 0) throw new Fault(code, 'Content-Length beside Transfer-Encoding');
    if (version === '1.0') throw new Fault(code, 'Transfer-Encoding in HTTP/1.0');
    if (encodings.length > 1 || encodings[0]!.toLowerCase() !== 'chunked') throw new Fault(code, 'Transfer-Encoding other than chunked');
    return 'chunked';
  }
  if (lengths.length === 0) return undefined;
  if (lengths.length > 1) throw new Fault(code, 'more than one Content-Length');
  const length = /^\d{1,16}$/.test(lengths[0]!) ? Number(lengths[0]) : Number.NaN;
  if (!Number.isSafeInteger(length)) throw new Fault(code, 'malformed Content-Length');
  return length;
}

function framingFor(length: number | 'chunked'): BodyFraming {
  return length === 'chunked' ? CHUNKED : { kind: 'length', length };
}

function keepsAlive(version: '1.0' | '1.1', connection: readonly string[]): boolean {
  return !connection.includes('close') && (version === '1.1' || connection.includes('keep-alive'));
}

type Aim = Pick<ParsedRequest, 'form' | 'scheme' | 'authority' | 'path'>;

function parseTarget(method: string, target: string): Aim {
  if (method === 'CONNECT') return { form: 'authority', scheme: undefined, authority: parseAuthority(target), path: '' };
  // A fragment never travels (RFC 9112 3.2); a server that cuts it off would see another path than our rules did.
  if (target.includes('#')) throw new Fault('bad-request', 'a target with a fragment');
  if (target.startsWith('/')) return { form: 'origin', scheme: undefined, authority: undefined, path: target };
  if (target === '*' && method === 'OPTIONS') return { form: 'asterisk', scheme: undefined, authority: undefined, path: target };
  const url = ABSOLUTE.exec(target);
  if (!url) throw new Fault('bad-request', 'malformed target');
  const scheme = url[1]!.toLowerCase() === 'https' ? 'https' : 'http';
  const rest = url[3]!;
  const path = rest.startsWith('/') ? rest : rest === '' && method === 'OPTIONS' ? '*' : `/${rest}`;
  return { form: 'absolute', scheme, authority: parseAuthority(url[2]!, scheme === 'https' ? 443 : 80), path };
}

function parseHost(values: readonly string[], version: '1.0' | '1.1', defaultPort: number): Authority | undefined {
  if (values.length === 0 && version === '1.0') return undefined;
  if (values.length !== 1) throw new Fault('bad-request', 'exactly one Host is needed');
  return parseAuthority(values[0]!, defaultPort);
}
