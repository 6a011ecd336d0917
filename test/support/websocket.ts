// A WebSocket peer for tests on any duplex (TLS socket or HTTP/2 stream): sends text or raw frames, hands out messages
// in order and keeps every frame it saw.
import { createHash, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { DEFAULT_WAIT_MS } from './byte-reader.ts';
import { Deflater, type Frame, FrameParser, frameBytes, Inflater, OPCODE } from './websocket-frames.ts';

/** A message, or the end of the conversation. */
export type WsEvent =
  | {
      readonly kind: 'text' | 'binary';
      readonly data: Buffer;
      readonly text: string;
      readonly compressed: boolean;
      readonly frames: number;
    }
  | { readonly kind: 'close'; readonly code: number | undefined; readonly reason: string }
  /** The stream ended or broke without a close frame. */
  | { readonly kind: 'cut' };

/** What permessage-deflate came to. */
export interface DeflateTerms {
  /** The window is kept between messages of the client / of the server. */
  readonly clientTakeover: boolean;
  readonly serverTakeover: boolean;
}

/** Sec-WebSocket-Accept for a key (RFC 6455 4.2.2). */
export function acceptValue(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** Reads a Sec-WebSocket-Extensions value; undefined without permessage-deflate. */
export function deflateTerms(extensions: string | undefined): DeflateTerms | undefined {
  const offer = extensions?.split(',').find((e) => e.trim().startsWith('permessage-deflate'));
  if (offer === undefined) return undefined;
  return { clientTakeover: !offer.includes('client_no_context_takeover'), serverTakeover: !offer.includes('server_no_context_takeover') };
}

/** One side of an open WebSocket. */
export class WebSocketPeer {
  readonly stream: Duplex;
  /** Every frame received, control frames included. */
  readonly frames: Frame[] = [];
  readonly #client: boolean;
  readonly #deflater: Deflater | undefined;
  readonly #inflater: Inflater | undefined;
  readonly #parser = new FrameParser();
  readonly #events: WsEvent[] = [];
  readonly #waiting: ((event: WsEvent) => void)[] = [];
  #parts: Frame[] = [];
  #incoming: Promise<void> = Promise.resolve();
  #outgoing: Promise<void> = Promise.resolve();
  #over = false;
  #closing = false;

  constructor(stream: Duplex, role: 'client' | 'server', deflate?: DeflateTerms) {
    this.stream = stream;
    this.#client = role === 'client';
    if (deflate) {
      const [mine, theirs] = this.#client
        ? [deflate.clientTakeover, deflate.serverTakeover]
        : [deflate.serverTakeover, deflate.clientTakeover];
      this.#deflater = new Deflater(mine);
      this.#inflater = new Inflater(theirs);
    }
    stream.on('data', (chunk: Buffer) => {
      for (const frame of this.#parser.feed(chunk)) {
        this.frames.push(frame);
        this.#incoming = this.#incoming.then(() => this.#take(frame)).catch(() => this.#emit({ kind: 'cut' }));
      }
    });
    const cut = () => {
      this.#incoming = this.#incoming.then(() => this.#emit({ kind: 'cut' }));
    };
    stream.on('end', cut);
    stream.on('end', () => stream.end());
    stream.on('close', cut);
    stream.on('error', cut);
    // Whoever read the handshake left the stream paused.
    stream.resume();
  }

  /** Sends a message; compressed when that was agreed, unless `plain`; in `fragments` frames. */
  send(data: string | Buffer, options: { readonly fragments?: number; readonly plain?: boolean } = {}): Promise<void> {
    const raw = Buffer.from(data as string);
    const opcode = typeof data === 'string' ? OPCODE.text : OPCODE.binary;
    this.#outgoing = this.#outgoing.then(async () => {
      const pack = this.#deflater && !options.plain;
      const payload = pack ? await this.#deflater!.pack(raw) : raw;
      const count = Math.max(1, Math.min(options.fragments ?? 1, payload.length));
      const size = Math.ceil(payload.length / count);
      for (let i = 0; i < count; i++) {
        const part = payload.subarray(i * size, (i + 1) * size);
        this.frame({
          fin: i === count - 1,
          rsv1: pack !== false && pack !== undefined && i === 0,
          opcode: i === 0 ? opcode : 0,
          payload: part,
        });
      }
    });
    return this.#outgoing;
  }

  /** Writes one frame as it is (masked when this side is the client). */
  frame(frame: Partial<Omit<Frame, 'masked'>> & { readonly opcode: number }): void {
    if (!this.stream.destroyed) this.stream.write(frameBytes(frame, this.#client ? randomBytes(4) : undefined));
  }

  /** Starts the closing handshake. */
  close(code = 1000, reason = ''): void {
    const payload = Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);
    this.#closing = true;
    this.#outgoing = this.#outgoing.then(() => this.frame({ opcode: OPCODE.close, payload }));
  }

  /** The next message or the end, in order. After the end it says so again. */
  next(waitMs = DEFAULT_WAIT_MS): Promise<WsEvent> {
    const ready = this.#events.length > 1 || !this.#over ? this.#events.shift() : this.#events[0];
    if (ready) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      const done = (event: WsEvent) => {
        clearTimeout(timer);
        resolve(event);
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(done), 1);
        reject(new Error(`waited ${waitMs} ms for a WebSocket message`));
      }, waitMs);
      this.#waiting.push(done);
    });
  }

  async #take(frame: Frame): Promise<void> {
    if (frame.opcode === OPCODE.ping) return this.frame({ opcode: OPCODE.pong, payload: frame.payload });
    if (frame.opcode === OPCODE.pong) return;
    if (frame.opcode === OPCODE.close) {
      if (!this.#closing) this.frame({ opcode: OPCODE.close, payload: frame.payload.subarray(0, 2) });
      const code = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : undefined;
      this.#emit({ kind: 'close', code, reason: frame.payload.subarray(2).toString() });
      if (!this.#client) this.stream.end();
      return;
    }
    this.#parts.push(frame);
    if (!frame.fin) return;
    const parts = this.#parts;
    this.#parts = [];
    const joined = Buffer.concat(parts.map((p) => p.payload));
    const compressed = parts[0]!.rsv1;
    if (compressed && !this.#inflater) throw new Error('compressed, but compression was not agreed');
    const data = compressed ? await this.#inflater!.unpack(joined) : joined;
    const kind = parts[0]!.opcode === OPCODE.text ? 'text' : 'binary';
    this.#emit({ kind, data, text: data.toString(), compressed, frames: parts.length });
  }

  #emit(event: WsEvent): void {
    if (this.#over) return;
    this.#over = event.kind === 'close' || event.kind === 'cut';
    const waiter = this.#waiting.shift();
    if (waiter) waiter(event);
    if (!waiter || this.#over) this.#events.push(event);
    if (this.#over) for (const w of this.#waiting.splice(0)) w(event);
  }
}
