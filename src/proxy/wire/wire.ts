// One end of a connection: bytes in and out with back-pressure, and one clear word for how it ended.
// It knows nothing of HTTP or TLS records.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { watchForBareEnd } from './bare-end.ts';
import { resetConnection } from './reset.ts';

/** Bytes kept unread before the socket is paused; a peer that leaves is noticed until then. */
const HIGH_WATER = 256 * 1024;
const NOTHING = Buffer.alloc(0);

/** How the other side finished: not yet, with a clean end, or by error or reset. */
export type WireState = 'open' | 'ended' | 'gone';

/** Owns a duplex stream: nobody else reads from it or destroys it while the wire lives. */
export class Wire {
  readonly socket: Duplex;
  /** Called once when the peer ends or is lost. */
  onLeave: (() => void) | undefined;
  /** Whether the peer ended TLS by FIN alone, as far as that is known. */
  endedBare = (): boolean => false;
  /** Bytes read and written so far. */
  bytesIn = 0;
  bytesOut = 0;
  readonly #carrier: Socket | undefined;
  #queue: Buffer[] = [];
  #queued = 0;
  #state: WireState = 'open';
  #left = false;
  #cut = false;
  #reader: ((chunk: Buffer | undefined) => void) | undefined;
  #drainers: (() => void)[] = [];

  /** `carrier` is the TCP socket under a TLS socket, used only to reset the connection. */
  constructor(socket: Duplex, carrier?: Socket) {
    this.socket = socket;
    this.#carrier = carrier;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onClose);
    socket.on('close', this.#onClose);
    socket.on('drain', this.#onDrain);
  }

  get state(): WireState {
    return this.#state;
  }

  /** Whether bytes are waiting to be read. */
  get hasBytes(): boolean {
    return this.#queued > 0;
  }

  /** The next bytes, or undefined when the peer has ended or is gone (see `state`). One reader at a time. */
  read(): Promise<Buffer | undefined> | Buffer | undefined {
    const next = this.#queue.shift();
    if (next) {
      this.#queued -= next.length;
      if (this.#queued < HIGH_WATER && this.socket.isPaused()) this.socket.resume();
      return next;
    }
    if (this.#state !== 'open') return undefined;
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  /** Puts bytes back in front of the queue. */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#queue.unshift(bytes);
    this.#queued += bytes.length;
  }

  /** Writes; returns a promise only when the caller should wait (settles also when the peer is gone: check `state`). */
  write(bytes: Buffer | string): Promise<void> | undefined {
    if (this.#state === 'gone' || this.socket.destroyed || this.socket.writableEnded) return undefined;
    this.bytesOut += bytes.length;
    const ready = typeof bytes === 'string' ? this.socket.write(bytes, 'latin1') : this.socket.write(bytes);
    if (ready) return undefined;
    return new Promise((resolve) => {
      this.#drainers.push(resolve);
    });
  }

  /** Holds small writes together until the returned function is called. */
  cork(): () => void {
    this.socket.cork();
    return () => this.socket.uncork();
  }

  /** Ends the writing side politely; never after `cut`. */
  end(): void {
    if (!this.socket.destroyed && !this.#cut) this.socket.end();
  }

  /** Ends with FIN alone, TLS without its close_notify, once all that was written is in the kernel. Of a connection in clear that is any end. */
  endBare(): void {
    if (this.#carrier && this.#carrier !== this.socket && this.#state === 'open') this.socket.write(NOTHING, () => this.destroy());
    else this.end();
  }

  /** Whether `cut` was called: nothing polite may follow. */
  get isCut(): boolean {
    return this.#cut;
  }

  /** Closes without ceremony; for TLS the TLS socket, never its carrier. */
  destroy(): void {
    this.#left = true;
    this.socket.destroy();
  }

  /**
   * Makes the end look like the failure it is: a reset. What was written before goes to the kernel first, unless `now`: a
   * cancelled request must stop costing at once.
   */
  cut(now = false): void {
    this.#left = true;
    this.#cut = true;
    if (this.socket.destroyed) return;
    if (now || !this.#carrier || this.socket.writableLength === 0) {
      this.#resetNow();
      return;
    }
    const timer = setTimeout(this.#resetNow, 500);
    this.socket.once('close', () => clearTimeout(timer));
    // Its turn comes when everything before it has been handed over; «drain» comes only after a write that was too much.
    if (this.socket.writableEnded) this.socket.once('finish', this.#resetNow);
    else this.socket.write(NOTHING, this.#resetNow);
  }

  /** Takes the wire's hands off the socket and returns what was read but not consumed. */
  release(): Buffer {
    this.socket.pause();
    this.socket.off('data', this.#onData);
    this.socket.off('end', this.#onEnd);
    this.socket.off('error', this.#onClose);
    this.socket.off('close', this.#onClose);
    this.socket.off('drain', this.#onDrain);
    const rest = Buffer.concat(this.#queue);
    this.#queue = [];
    this.#queued = 0;
    return rest;
  }

  #resetNow = (): void => {
    if (this.socket.destroyed) return;
    if (this.#carrier) resetConnection(this.socket, this.#carrier);
    // An HTTP/2 stream: without a reason it would end politely, with this one it is RST_STREAM CANCEL.
    else this.socket.destroy(new DOMException('cut', 'AbortError'));
  };

  #onData = (chunk: Buffer): void => {
    this.bytesIn += chunk.length;
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      reader(chunk);
      return;
    }
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    if (this.#queued >= HIGH_WATER) this.socket.pause();
  };

  #onEnd = (): void => {
    if (this.#state === 'open') this.#state = 'ended';
    this.#leave();
  };

  #onClose = (): void => {
    // A close after a clean end keeps the word «ended» for readers, but nothing can be written any more.
    if (this.#state === 'open') this.#state = 'gone';
    this.#leave();
    this.#onDrain();
  };

  #leave(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.(undefined);
    if (this.#left) return;
    this.#left = true;
    this.onLeave?.();
  }

  #onDrain = (): void => {
    const waiting = this.#drainers;
    if (waiting.length === 0) return;
    this.#drainers = [];
    for (const resolve of waiting) resolve();
  };
}

/** A wire to an upstream: it closes as soon as upstream has ended, for nothing more can be asked on it. What came before stays readable. */
export function upstreamWire(socket: Socket | TLSSocket, carrier: Socket): Wire {
  const wire = new Wire(socket, carrier);
  if (socket !== carrier) wire.endedBare = watchForBareEnd(socket as TLSSocket, carrier);
  wire.onLeave = () => wire.destroy();
  return wire;
}
