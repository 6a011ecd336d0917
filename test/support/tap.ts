// A duplex laid round a TCP socket that sees every byte below TLS: counts them, can cut writes into fragments, can
// reset, and knows whether the peer said close_notify before its FIN. Slower than the bare socket; for tests only.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** How the TCP connection ended, seen from below TLS. */
export interface TcpEnding {
  readonly how: 'fin' | 'reset' | 'closed-here';
  /** The last TLS record before the FIN was an alert; undefined when the bytes were not TLS. */
  readonly closeNotify: boolean | undefined;
}

/** Wraps a connected (or connecting) socket. */
export class Tap extends Duplex {
  readonly socket: Socket;
  /** Resolves when the peer's side of the connection is over. */
  readonly over: Promise<TcpEnding>;
  /** When set, each write leaves in pieces of this many bytes, one per turn of the event loop. */
  fragmentBytes: number | undefined;
  bytesIn = 0;
  bytesOut = 0;
  #records: RecordWatch | undefined;
  #settle!: (ending: TcpEnding) => void;

  constructor(socket: Socket) {
    super({ allowHalfOpen: true });
    this.socket = socket;
    socket.setNoDelay(true);
    this.over = new Promise((resolve) => {
      this.#settle = resolve;
    });
    socket.on('data', (chunk: Buffer) => {
      this.bytesIn += chunk.length;
      this.#records?.feed(chunk);
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => {
      this.#settle({ how: 'fin', closeNotify: this.#records?.endedByAlert() });
      this.push(null);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#settle({ how: 'reset', closeNotify: false });
      this.destroy(error);
    });
    socket.on('close', () => {
      this.#settle({ how: 'closed-here', closeNotify: undefined });
      this.destroy();
    });
    // A reader of `over` may be the only one interested in the error.
    this.on('error', () => {});
  }

  /** From here on the incoming bytes are TLS records. */
  expectTls(): void {
    this.#records = new RecordWatch();
  }

  /** Ends with RST instead of FIN. */
  reset(): void {
    this.socket.resetAndDestroy();
    this.destroy();
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.bytesOut += chunk.length;
    const size = this.fragmentBytes;
    if (size === undefined || chunk.length <= size) {
      this.socket.write(chunk, done);
      return;
    }
    let at = 0;
    const next = () => {
      if (at >= chunk.length || this.socket.destroyed) {
        done();
        return;
      }
      const piece = chunk.subarray(at, at + size);
      at += size;
      this.socket.write(piece, (error) => (error ? done(error) : setImmediate(next)));
    };
    next();
  }

  override _final(done: () => void): void {
    this.socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }
}

// Follows TLS record headers. In TLS 1.3 an alert is an encrypted record of 2 bytes, 1 type byte and a 16 byte tag.
class RecordWatch {
  #header = Buffer.alloc(0);
  #left = 0;
  #type = 0;
  #length = 0;

  feed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      const take = Math.min(5 - this.#header.length, chunk.length - at);
      this.#header = Buffer.concat([this.#header, chunk.subarray(at, at + take)]);
      at += take;
      if (this.#header.length === 5) {
        this.#type = this.#header[0]!;
        this.#length = this.#header.readUInt16BE(3);
        this.#left = this.#length;
        this.#header = Buffer.alloc(0);
      }
    }
  }

  endedByAlert(): boolean {
    const whole = this.#left === 0 && this.#header.length === 0;
    return whole && (this.#type === 21 || (this.#type === 23 && this.#length === 19));
  }
}
