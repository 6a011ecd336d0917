// Reads a TLS ClientHello out of the first bytes of a tunnel: complete and plausible, or refused. Everything later
// (the leaf, the upstream leg, the fingerprints) works on what is parsed here. Must not know about sockets or policy.
import { calculateJa3, calculateJa4, extensionParsers, type TlsClientHelloMessage } from 'read-tls-client-hello';
import { parseAuthority } from '../../authority.ts';
import { Fault } from '../../fault.ts';

/** The most bytes, record headers included, that are read for a hello. Real ones are 0.2 to 2 KB. */
export const MAX_HELLO_BYTES = 65_536;

/** One extension in wire order: parsed data for the known ones, and the bytes as sent. */
export interface HelloExtension {
  readonly id: number;
  readonly data: Record<string, unknown> | null;
  readonly raw: Buffer;
}

/** A ClientHello (RFC 8446 4.1.2), GREASE values included wherever there is a list of numbers. */
export interface ClientHello {
  /** The TLS records as received, up to the end of the hello and no further. */
  readonly raw: Buffer;
  /** The shape read-tls-client-hello gives and tls-impersonate takes. */
  readonly parsed: TlsClientHelloMessage;
  readonly extensions: readonly HelloExtension[];
  /** Server name in lower case, or an IPv4 address from clients that send one; undefined when absent. */
  readonly sni: string | undefined;
  /** Application protocols in the client's order, latin-1; empty when the extension is absent. */
  readonly alpn: readonly string[];
  readonly groups: readonly number[];
  readonly keyShareGroups: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  readonly pointFormats: readonly number[];
  /** `supported_versions`, or the version field when that extension is absent. */
  readonly versions: readonly number[];
  readonly offersTls13: boolean;
  /** The hello asks to resume a session of this client (`pre_shared_key` or a session ticket), which nobody else can repeat upstream. */
  readonly resumes: boolean;
  /** JA3 as text and as its MD5. */
  readonly ja3: { readonly text: string; readonly hash: string };
  readonly ja4: string;
}

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const MAX_RECORD_BYTES = 16_384;
const TLS13 = 0x0304;
const EXTENSION = {
  serverName: 0,
  groups: 10,
  pointFormats: 11,
  signatures: 13,
  alpn: 16,
  ticket: 35,
  psk: 41,
  versions: 43,
  keyShare: 51,
} as const;

/** Codepoints reserved to keep servers tolerant (RFC 8701); fingerprints leave them out. */
export const isGrease = (value: number): boolean => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);

/**
 * The hello at the start of `buffer` (everything received so far), or undefined while more bytes are needed. It may be cut
 * into any number of TLS records. Throws Fault `not-tls` as soon as the bytes cannot be a ClientHello, are malformed,
 * name no valid server, or exceed MAX_HELLO_BYTES.
 */
export function readHello(buffer: Buffer): ClientHello | undefined {
  const fragments: Buffer[] = [];
  let have = 0;
  let need = 4;
  let at = 0;
  while (have < need) {
    const left = buffer.length - at;
    if (left > 0 && buffer[at] !== HANDSHAKE_RECORD) throw refuse('not a TLS handshake');
    if (left > 1 && buffer[at + 1] !== 3) throw refuse('unknown record version');
    if (left < 5) return wait(buffer);
    const length = buffer.readUInt16BE(at + 3);
    if (length === 0 || length > MAX_RECORD_BYTES) throw refuse('record of a wrong size');
    const fragment = buffer.subarray(at + 5, Math.min(at + 5 + length, buffer.length));
    if (have === 0 && fragment.length > 0 && fragment[0] !== CLIENT_HELLO) throw refuse('not a ClientHello');
    fragments.push(fragment);
    have += fragment.length;
    if (need === 4 && have >= 4) need = 4 + (fragments.length === 1 ? fragment : Buffer.concat(fragments)).readUIntBE(1, 3);
    if (need > MAX_HELLO_BYTES || at > MAX_HELLO_BYTES) throw refuse('ClientHello too large');
    if (fragment.length < length) return wait(buffer);
    at += 5 + length;
  }
  if (have > need) throw refuse('bytes behind the ClientHello in its record');
  return parseMessage(fragments.length === 1 ? fragments[0]! : Buffer.concat(fragments), buffer.subarray(0, at));
}

function wait(buffer: Buffer): undefined {
  if (buffer.length > MAX_HELLO_BYTES) throw refuse('ClientHello too large');
  return undefined;
}

function parseMessage(message: Buffer, raw: Buffer): ClientHello {
  const body = new Cursor(message, 4);
  const version = body.u16();
  const random = body.take(32);
  const sessionId = body.take(body.u8());
  const cipherSuites = numbers(body.take(body.u16()), 2);
  const compressionMethods = [...body.take(body.u8())];
  const extensions: HelloExtension[] = [];
  if (!body.done) {
    const list = new Cursor(body.take(body.u16()), 0);
    const seen = new Set<number>();
    while (!list.done) {
      const id = list.u16();
      const data = list.take(list.u16());
      if (seen.has(id)) throw refuse('an extension twice');
      seen.add(id);
      extensions.push({ id, data: readExtension(id, data), raw: data });
    }
  }
  if (!body.done || version >> 8 !== 3 || sessionId.length > 32 || cipherSuites.length === 0) throw refuse('malformed ClientHello');

  const find = (id: number) => extensions.find((e) => e.id === id)?.raw;
  const list16 = (id: number) => {
    const data = find(id);
    return data ? numbers(listOf(data, 2), 2) : [];
  };
  const sent = find(EXTENSION.versions);
  const versions = sent ? numbers(listOf(sent, 1), 2) : [version];
  const formats = find(EXTENSION.pointFormats);
  const parsed: TlsClientHelloMessage = { version, random, sessionId, cipherSuites, compressionMethods, extensions };
  const groups = list16(EXTENSION.groups);
  const pointFormats = formats ? [...listOf(formats, 1)] : [];
  return {
    raw,
    parsed,
    extensions,
    sni: serverName(find(EXTENSION.serverName)),
    alpn: protocols(find(EXTENSION.alpn)),
    groups,
    keyShareGroups: keyShares(find(EXTENSION.keyShare)),
    signatureAlgorithms: list16(EXTENSION.signatures),
    pointFormats,
    versions,
    offersTls13: versions.includes(TLS13),
    resumes: find(EXTENSION.psk) !== undefined || (find(EXTENSION.ticket)?.length ?? 0) > 0,
    ja3: { text: ja3Text(parsed, groups, pointFormats), hash: calculateJa3(parsed) },
    ja4: calculateJa4(parsed),
  };
}

function ja3Text(hello: TlsClientHelloMessage, groups: number[], formats: number[]): string {
  const plain = (values: number[]) => values.filter((v) => !isGrease(v)).join('-');
  const ids = hello.extensions.map((e) => e.id);
  return [hello.version, plain(hello.cipherSuites), plain(ids), plain(groups), formats.join('-')].join(',');
}

function serverName(data: Buffer | undefined): string | undefined {
  if (!data) return undefined;
  const list = new Cursor(listOf(data, 2), 0);
  let name: string | undefined;
  while (!list.done) {
    const type = list.u8();
    const value = list.take(list.u16());
    if (type !== 0) continue;
    // Two names would let us check one while somebody else reads the other (RFC 6066 3 allows only one).
    if (name !== undefined) throw refuse('two server names');
    name = value.toString('latin1');
  }
  // Some Go programs (hey 0.1.4) put the port behind the name; it says nothing that CONNECT has not said.
  name = name?.replace(/:\d{1,5}$/, '');
  if (name === undefined || /[:[\]]/.test(name)) throw refuse('malformed server name');
  try {
    return parseAuthority(name, 443).host;
  } catch (cause) {
    throw refuse('malformed server name', cause);
  }
}

function protocols(data: Buffer | undefined): string[] {
  const out: string[] = [];
  if (!data) return out;
  for (const list = new Cursor(listOf(data, 2), 0); !list.done; ) out.push(list.take(list.u8()).toString('latin1'));
  return out;
}

function keyShares(data: Buffer | undefined): number[] {
  const out: number[] = [];
  if (!data) return out;
  for (const list = new Cursor(listOf(data, 2), 0); !list.done; ) {
    out.push(list.u16());
    list.take(list.u16());
  }
  return out;
}

function readExtension(id: number, data: Buffer): Record<string, unknown> | null {
  const parser = (extensionParsers as Record<number, (data: Buffer) => Record<string, unknown> | null>)[id];
  if (!parser || isGrease(id)) return null;
  try {
    return parser(data);
  } catch {
    return null;
  }
}

/** The content of a vector whose length prefix (1 or 2 bytes) fills the extension exactly. */
function listOf(data: Buffer, prefix: 1 | 2): Buffer {
  const cursor = new Cursor(data, 0);
  const content = cursor.take(prefix === 1 ? cursor.u8() : cursor.u16());
  if (!cursor.done) throw refuse('malformed extension');
  return content;
}

function numbers(data: Buffer, width = 2): number[] {
  if (data.length % width !== 0) throw refuse('malformed list');
  const out: number[] = [];
  for (let i = 0; i < data.length; i += width) out.push(data.readUInt16BE(i));
  return out;
}

function refuse(detail: string, cause?: unknown): Fault {
  return new Fault('not-tls', detail, cause === undefined ? undefined : { cause });
}

/** Bounds-checked reading: running over the end is a malformed hello, never a RangeError. */
class Cursor {
  readonly #data: Buffer;
  #at: number;
  constructor(data: Buffer, at: number) {
    this.#data = data;
    this.#at = at;
  }
  get done(): boolean {
    return this.#at === this.#data.length;
  }
  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#data.length) throw refuse('malformed ClientHello');
    const out = this.#data.subarray(this.#at, end);
    this.#at = end;
    return out;
  }
  u8(): number {
    return this.take(1)[0]!;
  }
  u16(): number {
    return this.take(2).readUInt16BE(0);
  }
}
