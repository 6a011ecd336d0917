// HTTP/2 frames and literal HPACK as bytes (RFC 9113, RFC 7541), for what node:http2 would never send: bad fields,
// wrong lengths, floods. Reads frames back without decoding header blocks.

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rst: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export interface H2Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The bytes of one frame. */
export function h2Frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Preface and a SETTINGS frame with these id/value pairs. */
export function openingBytes(settings: readonly (readonly [number, number])[] = []): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return Buffer.concat([PREFACE, h2Frame(FRAME.settings, 0, 0, payload)]);
}

/** A header block of literals without indexing and without Huffman: any name and any value, as given. */
export function headerBlock(pairs: readonly string[]): Buffer {
  const out: Buffer[] = [];
  for (let i = 0; i < pairs.length; i += 2) out.push(Buffer.from([0]), literal(pairs[i]!), literal(pairs[i + 1]!));
  return Buffer.concat(out);
}

/** A HEADERS frame with END_HEADERS. */
export function headersFrame(stream: number, pairs: readonly string[], endStream: boolean): Buffer {
  return h2Frame(FRAME.headers, FLAG.endHeaders | (endStream ? FLAG.endStream : 0), stream, headerBlock(pairs));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const size = [127];
  let rest = bytes.length - 127;
  while (rest >= 128) {
    size.push((rest & 127) | 128);
    rest >>= 7;
  }
  size.push(rest);
  return Buffer.concat([Buffer.from(size), bytes]);
}

/** Cuts a byte stream into frames. */
export class H2FrameParser {
  #bytes: Buffer = Buffer.alloc(0);

  /** The frames that are complete after `chunk`. */
  feed(chunk: Buffer): H2Frame[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const out: H2Frame[] = [];
    while (this.#bytes.length >= 9) {
      const end = 9 + this.#bytes.readUIntBE(0, 3);
      if (this.#bytes.length < end) break;
      const stream = this.#bytes.readUInt32BE(5) & 0x7fffffff;
      out.push({ type: this.#bytes[3]!, flags: this.#bytes[4]!, stream, payload: Buffer.from(this.#bytes.subarray(9, end)) });
      this.#bytes = this.#bytes.subarray(end);
    }
    return out;
  }
}
