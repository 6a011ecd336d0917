// permessage-deflate (RFC 7692): what was agreed, and one direction's messages inflated and deflated. Keeps account of whether the
// receiver can still follow the sender's own compressed bytes. Must not know frames.
import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import { Fault } from '../../fault.ts';
import { allValues, type RawHeaders } from '../../headers.ts';
import { type Sender, wrongBy } from './websocket.ts';

/** The agreed parameters (RFC 7692 7.1), in the direction the reply gives them. Window sizes as powers of two, 8 to 15. */
export interface DeflateParameters {
  readonly clientNoContextTakeover: boolean;
  readonly serverNoContextTakeover: boolean;
  readonly clientWindowBits: number;
  readonly serverWindowBits: number;
}

const { constants: Z } = zlib;
const WINDOW_BYTES = 32 * 1024;
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const NONCE_BYTES = 8;
const SEAL_HEADER = Buffer.from([0x01, NONCE_BYTES, 0x00, 0xff - NONCE_BYTES, 0xff]);
const MAX_FINAL_BLOCKS = 8;
const NOTHING = Buffer.alloc(0);

/**
 * What the reply's Sec-WebSocket-Extensions agreed to; undefined without the field. Throws Fault `upstream-protocol` for any extension
 * but one permessage-deflate, and for unknown, repeated or malformed parameters: messages in them could not be read.
 */
export function parseDeflate(replyHeaders: RawHeaders): DeflateParameters | undefined {
  const values = allValues(replyHeaders, 'sec-websocket-extensions');
  if (values.length === 0) return undefined;
  const [name, ...parameters] = values
    .join(',')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  if (name !== 'permessage-deflate') throw new Fault('upstream-protocol', 'a WebSocket extension that is not known');
  const seen = new Map<string, string | undefined>();
  for (const parameter of parameters) {
    const m = /^(?:((?:client|server)_no_context_takeover)|((?:client|server)_max_window_bits)\s*=\s*("?)([89]|1[0-5])\3)$/.exec(parameter);
    const key = m?.[1] ?? m?.[2];
    if (key === undefined || seen.has(key)) throw new Fault('upstream-protocol', 'malformed permessage-deflate');
    seen.set(key, m?.[4]);
  }
  return {
    clientNoContextTakeover: seen.has('client_no_context_takeover'),
    serverNoContextTakeover: seen.has('server_no_context_takeover'),
    clientWindowBits: Number(seen.get('client_max_window_bits') ?? 15),
    serverWindowBits: Number(seen.get('server_max_window_bits') ?? 15),
  };
}

/**
 * The compressed messages of one direction, in order. The window is the last 32 KiB the sender compressed, given to zlib as a dictionary:
 * at the end of a message nothing else of its state lives on, and so each message is one synchronous call.
 */
export class DeflateDirection {
  readonly #from: Sender;
  readonly #takeover: boolean;
  readonly #windowBits: number;
  #window: Buffer = NOTHING;
  #behind = 0;
  constructor(from: Sender, agreed: DeflateParameters) {
    this.#from = from;
    this.#takeover = !(from === 'client' ? agreed.clientNoContextTakeover : agreed.serverNoContextTakeover);
    this.#windowBits = from === 'client' ? agreed.clientWindowBits : agreed.serverWindowBits;
  }

  /** Whether the receiver's window holds what the sender's does, so that the sender's own bytes may be passed on. */
  get inStep(): boolean {
    return this.#behind === 0;
  }

  /** The receiver gets other messages than the sender sent: it cannot follow until a whole window has passed unchanged. */
  noteChanged(): void {
    if (this.#takeover) this.#behind = WINDOW_BYTES;
  }

  /** A message of this many bytes, uncompressed, reaches the receiver as the sender wrote it. */
  noteUnchanged(plainBytes: number): void {
    this.#behind = Math.max(0, this.#behind - plainBytes);
  }

  /** The plain message. Throws Fault `body-too-large` past `maxBytes`, and the sender's Fault for data that is corrupt or ends inside a block. */
  inflate(payload: Buffer, maxBytes: number): Buffer {
    // A message that stops inside a block would be finished by the next one in the receiver's inflater, and so read differently there.
    // A final block with a nonce shows that this one does not: only at the end of a block does the nonce come out and nothing before it.
    const nonce = randomBytes(NONCE_BYTES);
    let input = Buffer.concat([payload, TAIL, SEAL_HEADER, nonce]);
    const parts: Buffer[] = [];
    let room = maxBytes;
    for (;;) {
      const { out, used } = this.#inflateSome(input, room + NONCE_BYTES);
      if (used === input.length) {
        const end = out.length - NONCE_BYTES;
        const plain = out.subarray(0, Math.max(0, end));
        if (end < 0 || !out.subarray(end).equals(nonce) || plain.subarray(-SEAL_HEADER.length).equals(SEAL_HEADER)) throw this.#corrupt();
        this.#remember(plain);
        parts.push(plain);
        return parts.length === 1 ? plain : Buffer.concat(parts);
      }
      // A block that says it is the last (RFC 7692 7.2.3.4). Receivers disagree about the window behind it, so they get it re-made.
      if (out.length > room) throw new Fault('body-too-large');
      if (parts.push(out) > MAX_FINAL_BLOCKS) throw this.#corrupt();
      this.#remember(out);
      this.#behind = this.#takeover ? WINDOW_BYTES : 1;
      room -= out.length;
      input = input.subarray(used);
    }
  }

  /** `plain` compressed so that any receiver can read it: with no reference to earlier messages, within the agreed window. */
  deflate(plain: Buffer): Buffer {
    // zlib has no raw window of 8 bits, but with 9 it never looks back further than 250 bytes.
    const bits = Math.min(this.#windowBits, Math.ceil(Math.log2(plain.length + 512)));
    const out = zlib.deflateRawSync(plain, {
      finishFlush: Z.Z_SYNC_FLUSH,
      windowBits: Math.max(9, bits),
      memLevel: plain.length < 4096 ? 5 : 8,
    });
    return out.subarray(0, out.length - TAIL.length);
  }

  #inflateSome(input: Buffer, maxOutputLength: number): { out: Buffer; used: number } {
    const dictionary = this.#window.length > 0 ? { dictionary: this.#window } : {};
    try {
      const info = zlib.inflateRawSync(input, { ...dictionary, maxOutputLength, info: true }) as unknown as {
        buffer: Buffer;
        engine: { bytesWritten: number };
      };
      return { out: info.buffer, used: info.engine.bytesWritten };
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new Fault('body-too-large');
      throw this.#corrupt(thrown);
    }
  }

  #remember(plain: Buffer): void {
    if (!this.#takeover || plain.length === 0) return;
    this.#window = Buffer.from(
      plain.length >= WINDOW_BYTES ? plain.subarray(-WINDOW_BYTES) : Buffer.concat([this.#window, plain]).subarray(-WINDOW_BYTES),
    );
  }

  #corrupt(cause?: unknown): Fault {
    return new Fault(wrongBy(this.#from), 'a compressed message that is corrupt', { cause });
  }
}
