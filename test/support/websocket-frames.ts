// RFC 6455 frames as bytes, both ways, and the permessage-deflate transform of RFC 7692. Enforces nothing: a test may
// write a frame that breaks every rule, and sees frames exactly as they came.
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib';

/** One frame. `payload` is unmasked, but still compressed when `rsv1` is set. */
export interface Frame {
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly rsv2: boolean;
  readonly rsv3: boolean;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The bytes of a frame. `mask`: the four key bytes; left out, the frame is not masked. */
export function frameBytes(frame: Partial<Omit<Frame, 'masked'>> & { readonly opcode: number }, mask?: Buffer): Buffer {
  const payload = frame.payload ?? Buffer.alloc(0);
  const n = payload.length;
  const first =
    ((frame.fin ?? true) ? 0x80 : 0) | (frame.rsv1 ? 0x40 : 0) | (frame.rsv2 ? 0x20 : 0) | (frame.rsv3 ? 0x10 : 0) | frame.opcode;
  const size = n < 126 ? 0 : n < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + size);
  head[0] = first;
  head[1] = (mask ? 0x80 : 0) | (size === 0 ? n : size === 2 ? 126 : 127);
  if (size === 2) head.writeUInt16BE(n, 2);
  if (size === 8) head.writeBigUInt64BE(BigInt(n), 2);
  return mask ? Buffer.concat([head, mask, masked(payload, mask)]) : Buffer.concat([head, payload]);
}

function masked(payload: Buffer, mask: Buffer): Buffer {
  const out = Buffer.from(payload);
  for (let i = 0; i < out.length; i++) out[i]! ^= mask[i & 3]!;
  return out;
}

/** Cuts a byte stream into frames. */
export class FrameParser {
  #bytes: Buffer = Buffer.alloc(0);

  /** The frames that are complete after `chunk`. */
  feed(chunk: Buffer): Frame[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const out: Frame[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) out.push(frame);
    return out;
  }

  #next(): Frame | undefined {
    const b = this.#bytes;
    if (b.length < 2) return undefined;
    let length = b[1]! & 0x7f;
    let at = 2;
    if (length === 126) {
      if (b.length < 4) return undefined;
      length = b.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (b.length < 10) return undefined;
      length = Number(b.readBigUInt64BE(2));
      at = 10;
    }
    const isMasked = (b[1]! & 0x80) !== 0;
    const start = at + (isMasked ? 4 : 0);
    if (b.length < start + length) return undefined;
    const raw = b.subarray(start, start + length);
    const payload = isMasked ? masked(raw, b.subarray(at, at + 4)) : Buffer.from(raw);
    this.#bytes = b.subarray(start + length);
    const bit = (m: number) => (b[0]! & m) !== 0;
    return { fin: bit(0x80), rsv1: bit(0x40), rsv2: bit(0x20), rsv3: bit(0x10), opcode: b[0]! & 15, masked: isMasked, payload };
  }
}

const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/** One direction of permessage-deflate. `takeover` keeps the window between messages. Calls must not overlap. */
export class Deflater {
  readonly #takeover: boolean;
  #deflate: DeflateRaw | undefined;
  constructor(takeover: boolean) {
    this.#takeover = takeover;
  }

  /** The compressed payload of one message. */
  async pack(data: Buffer): Promise<Buffer> {
    this.#deflate ??= createDeflateRaw();
    const out = await through(this.#deflate, data);
    if (!this.#takeover) this.#deflate = undefined;
    return out.subarray(0, out.length - TAIL.length);
  }
}

/** The other direction. */
export class Inflater {
  readonly #takeover: boolean;
  #inflate: InflateRaw | undefined;
  constructor(takeover: boolean) {
    this.#takeover = takeover;
  }

  /** The plain payload of one message. Rejects on bytes that are not DEFLATE. */
  async unpack(data: Buffer): Promise<Buffer> {
    this.#inflate ??= createInflateRaw();
    const out = await through(this.#inflate, Buffer.concat([data, TAIL]));
    if (!this.#takeover) this.#inflate = undefined;
    return out;
  }
}

function through(stream: DeflateRaw | InflateRaw, data: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const onData = (piece: Buffer) => out.push(piece);
    const finish = (error?: Error) => {
      stream.off('data', onData);
      stream.off('error', finish);
      if (error) reject(error);
      else resolve(Buffer.concat(out));
    };
    stream.on('data', onData);
    stream.on('error', finish);
    stream.write(data);
    stream.flush(constants.Z_SYNC_FLUSH, () => finish());
  });
}
