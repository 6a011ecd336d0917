// WebSocket frames (RFC 6455 5), read strictly and kept byte for byte beside their unmasked payload, and written. Must not know what
// messages say or which extensions were agreed, beyond whether RSV1 may be set.

import { isUtf8 } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import { Fault, type FaultCode } from '../../fault.ts';

/** Who sent a frame: the client masks, the upstream does not (RFC 6455 5.1). */
export type Sender = 'client' | 'upstream';

/** Opcodes of RFC 6455 11.8; all others are refused. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One whole frame. */
export interface Frame {
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly opcode: number;
  /** Unmasked; from the upstream a view of `raw`. Not to be changed. */
  readonly payload: Buffer;
  /** The frame exactly as received, mask key included. */
  readonly raw: Buffer;
}

interface Header {
  readonly headerBytes: number;
  readonly payloadBytes: number;
}

/** The Fault code for what `from` does wrong. */
export function wrongBy(from: Sender): FaultCode {
  return from === 'client' ? 'bad-request' : 'upstream-protocol';
}

/** Whether a frame with this opcode is a control frame (RFC 6455 5.5). */
export function isControl(opcode: number): boolean {
  return opcode >= OPCODE.close;
}

/**
 * Cuts one direction's bytes into frames. Throws Fault `bad-request` or `upstream-protocol`, as soon as the frame's header is there, for
 * reserved bits and opcodes, a wrong mask bit, a length not in its shortest form, long or fragmented control frames, malformed Close
 * frames; and `body-too-large` for a data frame of more than `room()` payload bytes.
 */
export class FrameParser {
  readonly #from: Sender;
  readonly #mayCompress: boolean;
  readonly #room: () => number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #needed = 2;
  constructor(from: Sender, mayCompress: boolean, room: () => number) {
    this.#from = from;
    this.#mayCompress = mayCompress;
    this.#room = room;
  }
  /** Calls `onFrame` for each frame that `chunk` completes. Raw bytes of frames are views of `chunk` where it holds them whole. */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    if (chunk.length === 0) return;
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes < this.#needed) return;
    const bytes = this.#pending.length === 1 ? chunk : Buffer.concat(this.#pending, this.#pendingBytes);
    let at = 0;
    for (;;) {
      const header = this.#header(bytes, at);
      const end = at + (header ? header.headerBytes + header.payloadBytes : this.#needed);
      if (!header || end > bytes.length) {
        this.#needed = end - at;
        break;
      }
      onFrame(this.#frame(bytes.subarray(at, end), header.headerBytes));
      this.#needed = 2;
      at = end;
    }
    const rest = bytes.length - at;
    this.#pending = rest > 0 ? [bytes.subarray(at)] : [];
    this.#pendingBytes = rest;
  }
  /** The header at `at`, or undefined with `#needed` set to the bytes it takes. */
  #header(bytes: Buffer, at: number): Header | undefined {
    this.#needed = 2;
    if (bytes.length - at < 2) return undefined;
    const first = bytes[at]!;
    const second = bytes[at + 1]!;
    const opcode = first & 0x0f;
    const short = second & 0x7f;
    const masked = second >= 0x80;
    this.#check(first, opcode, short, masked);
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const headerBytes = 2 + lengthBytes + (masked ? 4 : 0);
    this.#needed = headerBytes;
    if (bytes.length - at < headerBytes) return undefined;
    const payloadBytes = lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    if ((lengthBytes === 2 && payloadBytes < 126) || (lengthBytes === 8 && payloadBytes < 65_536))
      throw this.#wrong('a length in a longer form');
    if (lengthBytes === 8 && bytes[at + 2]! >= 0x80) throw this.#wrong('a length of more than 63 bits');
    if (!isControl(opcode) && payloadBytes > this.#room()) throw new Fault('body-too-large');
    return { headerBytes, payloadBytes };
  }
  #check(first: number, opcode: number, short: number, masked: boolean): void {
    if ((first & 0x30) !== 0) throw this.#wrong('a reserved bit');
    if (opcode > OPCODE.pong || (opcode > OPCODE.binary && opcode < OPCODE.close)) throw this.#wrong('a reserved opcode');
    if (masked !== (this.#from === 'client')) throw this.#wrong(masked ? 'a masked frame' : 'a frame without mask');
    if (isControl(opcode) && (first < 0x80 || short > 125)) throw this.#wrong('a control frame that is long or in fragments');
    // RFC 7692 6.1: the bit belongs to the first frame of a message.
    const rsv1Allowed = this.#mayCompress && (opcode === OPCODE.text || opcode === OPCODE.binary);
    if ((first & 0x40) !== 0 && !rsv1Allowed) throw this.#wrong('a reserved bit');
  }
  #frame(raw: Buffer, headerBytes: number): Frame {
    const masked = raw.subarray(headerBytes);
    const payload = this.#from === 'client' ? xored(masked, raw.subarray(headerBytes - 4, headerBytes)) : masked;
    const first = raw[0]!;
    const opcode = first & 0x0f;
    if (opcode === OPCODE.close) this.#checkClose(payload);
    return { fin: first >= 0x80, rsv1: (first & 0x40) !== 0, opcode, payload, raw };
  }
  #checkClose(payload: Buffer): void {
    if (payload.length === 0) return;
    const code = payload.length === 1 ? 0 : payload.readUInt16BE(0);
    const registered = code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
    if (!registered && !(code >= 3000 && code <= 4999)) throw this.#wrong('a malformed close code');
    if (!isUtf8(payload.subarray(2))) throw this.#wrong('a close reason that is not UTF-8');
  }
  #wrong(detail: string): Fault {
    return new Fault(wrongBy(this.#from), detail);
  }
}

/** One whole frame as `sender` writes it: final, in the shortest form, from the client masked with a fresh random key. */
export function writeFrame(sender: Sender, opcode: number, payload: Buffer, rsv1 = false): Buffer {
  const mask = sender === 'client';
  const n = payload.length;
  const lengthBytes = n < 126 ? 0 : n < 65_536 ? 2 : 8;
  const headerBytes = 2 + lengthBytes + (mask ? 4 : 0);
  const out = Buffer.allocUnsafe(headerBytes + n);
  out[0] = 0x80 | (rsv1 ? 0x40 : 0) | opcode;
  out[1] = (mask ? 0x80 : 0) | (lengthBytes === 0 ? n : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) out.writeUInt16BE(n, 2);
  if (lengthBytes === 8) out.writeBigUInt64BE(BigInt(n), 2);
  if (mask) {
    const key = randomFillSync(out.subarray(headerBytes - 4, headerBytes));
    xored(payload, key).copy(out, headerBytes);
  } else {
    payload.copy(out, headerBytes);
  }
  return out;
}

/** A Close frame with a code of RFC 6455 7.4 and a reason of at most 123 bytes. */
export function closeFrame(sender: Sender, code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2);
  return writeFrame(sender, OPCODE.close, payload);
}

/** A copy of `bytes` under the four-byte `key` (RFC 6455 5.3), word by word: messages of megabytes pass here. */
function xored(bytes: Buffer, key: Buffer): Buffer {
  const out = new Uint8Array(bytes.length);
  out.set(bytes);
  const words = new Uint32Array(out.buffer, 0, out.length >> 2);
  const word = new Uint32Array(Uint8Array.from(key).buffer)[0]!;
  for (let i = 0; i < words.length; i++) words[i]! ^= word;
  for (let i = words.length * 4; i < out.length; i++) out[i]! ^= key[i & 3]!;
  return Buffer.from(out.buffer);
}
