// Reads a stream byte by byte for a test: exact bytes, how the stream ended, and a time limit on every wait whose
// message says what was awaited and what had come. Knows nothing of HTTP or TLS.
import type { Duplex } from 'node:stream';

/** How the reading side of a connection ended. */
export interface Ending {
  /** `end`: a FIN. `reset`: ECONNRESET or EPIPE. `error`: another error. `closed`: closed here or without either. */
  readonly how: 'end' | 'reset' | 'error' | 'closed';
  readonly code?: string | undefined;
}

/** Longest wait for the next bytes unless the constructor is told otherwise. */
export const DEFAULT_WAIT_MS = 8_000;

/** Collects what a stream delivers. One reader a stream; `detach` gives the stream back. */
export class ByteReader {
  readonly stream: Duplex;
  /** Resolves (never rejects) when nothing more can come. */
  readonly ended: Promise<Ending>;
  ending: Ending | undefined;
  totalBytes = 0;
  readonly #waitMs: number;
  readonly #kept: Buffer[] | undefined;
  readonly #wake = new Set<() => void>();
  #pending: Buffer = Buffer.alloc(0);
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #settle!: (e: Ending) => void;

  /** `keep: false` forgets bytes once read, for very long streams. */
  constructor(stream: Duplex, options: { readonly waitMs?: number; readonly keep?: boolean } = {}) {
    this.stream = stream;
    this.#waitMs = options.waitMs ?? DEFAULT_WAIT_MS;
    this.#kept = options.keep === false ? undefined : [];
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
    stream.on('error', this.#onError);
    stream.on('close', this.#onClose);
    stream.resume();
    if (stream.destroyed) this.#finish({ how: 'closed' });
  }

  /** Everything that ever came, in order. Empty with `keep: false`. */
  received(): Buffer {
    return Buffer.concat(this.#kept ?? []);
  }

  /** Bytes that came and were not yet taken. */
  unread(): Buffer {
    if (this.#queue.length > 0) {
      this.#pending = Buffer.concat([this.#pending, ...this.#queue]);
      this.#queue = [];
      this.#queuedBytes = 0;
    }
    return this.#pending;
  }

  /** Takes everything up to and including `delimiter`; undefined when the stream ends first (nothing is taken then). */
  async until(delimiter: string, maxBytes = 1 << 20): Promise<Buffer | undefined> {
    const mark = Buffer.from(delimiter, 'latin1');
    for (;;) {
      const at = this.unread().indexOf(mark);
      if (at >= 0) return this.#take(at + mark.length);
      if (this.#pending.length > maxBytes) throw new Error(`no ${JSON.stringify(delimiter)} in ${maxBytes} bytes`);
      if (this.ending) return undefined;
      await this.#more(JSON.stringify(delimiter));
    }
  }

  /** Takes exactly `count` bytes; fewer only when the stream ends first. */
  async exactly(count: number): Promise<Buffer> {
    while (this.#pending.length + this.#queuedBytes < count && !this.ending) await this.#more(`${count} bytes`);
    return this.#take(Math.min(count, this.unread().length));
  }

  /** Takes what is there (at most `limit`), waiting for at least one byte; empty at the end of the stream. */
  async some(limit = Number.POSITIVE_INFINITY): Promise<Buffer> {
    while (this.unread().length === 0 && !this.ending) await this.#more('any byte');
    return this.#take(Math.min(limit, this.#pending.length));
  }

  /** Takes all bytes up to the end of the stream, however it ends. */
  async rest(): Promise<Buffer> {
    while (!this.ending) await this.#more('the end', true);
    return this.#take(this.unread().length);
  }

  /** Stops reading and gives the stream back with its unread bytes in front. */
  detach(): void {
    this.stream.off('data', this.#onData);
    this.stream.off('end', this.#onEnd);
    this.stream.off('error', this.#onError);
    this.stream.off('close', this.#onClose);
    this.stream.pause();
    const rest = this.unread();
    if (rest.length > 0) this.stream.unshift(rest);
    this.#pending = Buffer.alloc(0);
  }

  #take(count: number): Buffer {
    const out = this.#pending.subarray(0, count);
    this.#pending = this.#pending.subarray(count);
    return out;
  }

  #more(what: string, anyProgress = false): Promise<void> {
    return new Promise((resolve, reject) => {
      const before = this.totalBytes;
      const timer = setTimeout(() => {
        if (anyProgress && this.totalBytes > before) return done();
        this.#wake.delete(done);
        const seen = this.unread();
        reject(
          new Error(
            `waited ${this.#waitMs} ms for ${what}; unread ${seen.length} bytes: ${JSON.stringify(seen.toString('latin1', 0, 200))}`,
          ),
        );
      }, this.#waitMs);
      const done = () => {
        clearTimeout(timer);
        this.#wake.delete(done);
        resolve();
      };
      this.#wake.add(done);
    });
  }

  #wakeAll(): void {
    for (const wake of [...this.#wake]) wake();
  }

  #finish(ending: Ending): void {
    if (this.ending) return;
    this.ending = ending;
    this.#settle(ending);
    this.#wakeAll();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.totalBytes += chunk.length;
    this.#kept?.push(chunk);
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    this.#wakeAll();
  };
  readonly #onEnd = (): void => this.#finish({ how: 'end' });
  readonly #onError = (error: NodeJS.ErrnoException): void => {
    const reset = error.code === 'ECONNRESET' || error.code === 'EPIPE';
    this.#finish({ how: reset ? 'reset' : 'error', code: error.code ?? error.message });
  };
  readonly #onClose = (): void => this.#finish({ how: 'closed' });
}
