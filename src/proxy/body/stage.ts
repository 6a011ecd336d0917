// One zlib stream driven call by call: all that a piece of input makes readable comes out with the call that put it in, and no call
// is left without an answer. Must not know codings or limits.
import type zlib from 'node:zlib';
import { Fault } from '../../fault.ts';

/** Any coder or decoder of node:zlib. */
export type ZlibStream =
  | zlib.Gzip
  | zlib.Gunzip
  | zlib.InflateRaw
  | zlib.BrotliCompress
  | zlib.BrotliDecompress
  | zlib.ZstdCompress
  | zlib.ZstdDecompress;

/** One direction of a stream. Await each call before the next. */
export interface Recoder {
  /** What `chunk` gives, complete: nothing that could go on is held back. */
  push(chunk: Buffer): Buffer | Promise<Buffer>;
  /** What is left once there is no more input. Decoders throw their Fault for a stream that is cut short. */
  end(): Buffer | Promise<Buffer>;
  /** Frees the memory outside the heap. A call under way is rejected. May be called at any time, and twice. */
  close(): void;
}

const CLOSED = 'the stream was closed';

/** Owns `stream`. `onBytes` hears of every piece of output before it is kept and may end the stream with a Fault. */
export class Stage implements Recoder {
  readonly stream: ZlibStream;
  readonly #onBytes: ((count: number) => Fault | undefined) | undefined;
  #out: Buffer[] = [];
  #reject: ((reason: unknown) => void) | undefined;
  constructor(stream: ZlibStream, onBytes?: (count: number) => Fault | undefined) {
    this.stream = stream;
    this.#onBytes = onBytes;
    stream.on('data', (bytes: Buffer) => {
      const fault = this.#onBytes?.(bytes.length);
      if (fault) {
        this.#fail(fault);
        this.close();
      } else {
        this.#out.push(bytes);
      }
    });
    stream.on('error', (error) => this.#fail(error));
    stream.on('close', () => this.#fail(new Fault('internal', CLOSED)));
  }
  push(chunk: Buffer): Promise<Buffer> {
    return this.#collect((done) => this.stream.write(chunk, (error) => (error ? this.#fail(error) : done())));
  }
  end(): Promise<Buffer> {
    return this.#collect((done) => {
      this.stream.once('end', done);
      this.stream.end();
    });
  }
  close(): void {
    this.#out = [];
    this.stream.destroy();
  }
  #collect(start: (done: () => void) => void): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.stream.destroyed) return reject(new Fault('internal', CLOSED));
      this.#reject = reject;
      start(() => {
        this.#reject = undefined;
        const out = this.#out.length === 1 ? this.#out[0]! : Buffer.concat(this.#out);
        this.#out = [];
        resolve(out);
      });
    });
  }
  #fail(reason: unknown): void {
    this.#reject?.(reason);
    this.#reject = undefined;
  }
}
