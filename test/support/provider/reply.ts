// How the fake provider's answers get on the wire: JSON bodies and event streams, over HTTP/1.1 or HTTP/2, optionally
// compressed and then flushed after each event.

import type { ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { brotliCompressSync, createBrotliCompress, createGzip, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib';
import { chunk, headBytes } from '../http1.ts';

/** One event: SSE `event:` name (if any) and the data object. */
export interface NamedEvent {
  readonly name: string | undefined;
  readonly data: unknown;
}

export type Coding = 'gzip' | 'br' | 'zstd';

/** The protocol under a reply. */
export interface Wire {
  /** `length` undefined: a stream of unknown length. */
  head(status: number, headers: readonly string[], length: number | undefined): void;
  write(data: Buffer): void;
  end(): void;
  gone(): boolean;
}

/** HTTP/1.1: Content-Length or chunked. */
export function http1Wire(stream: Duplex): Wire {
  let chunked = false;
  return {
    head: (status, headers, length) => {
      chunked = length === undefined;
      const framing = length === undefined ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(length)];
      stream.write(headBytes(`HTTP/1.1 ${status} ${status < 400 ? 'OK' : 'Not OK'}`, [...headers, ...framing]));
    },
    write: (data) => {
      // An empty chunk is the end of the body, and that is said by `end` alone.
      if (data.length > 0) stream.write(chunked ? chunk(data) : data);
    },
    end: () => {
      if (chunked) stream.write(chunk(''));
    },
    gone: () => stream.destroyed,
  };
}

/** HTTP/2. */
export function http2Wire(stream: ServerHttp2Stream): Wire {
  return {
    head: (status, headers, length) => {
      const fields: Record<string, string | number> = { ':status': status };
      for (let i = 0; i < headers.length; i += 2) fields[headers[i]!.toLowerCase()] = headers[i + 1]!;
      if (length !== undefined) fields['content-length'] = length;
      stream.respond(fields);
    },
    write: (data) => {
      if (!stream.destroyed) stream.write(data);
    },
    end: () => {
      if (!stream.destroyed) stream.end();
    },
    gone: () => stream.destroyed,
  };
}

/** One answer. Exactly one of its methods is called, once. */
export class Reply {
  status = 0;
  readonly #wire: Wire;
  readonly #coding: Coding | undefined;
  constructor(wire: Wire, coding?: Coding) {
    this.#wire = wire;
    this.#coding = coding;
  }

  /** A JSON body. */
  json(status: number, value: unknown, headers: readonly string[] = []): void {
    this.bytes(status, ['content-type', 'application/json', ...headers], Buffer.from(JSON.stringify(value)));
  }

  /** Any body. */
  bytes(status: number, headers: readonly string[], plain: Buffer): void {
    const body = this.#coding ? PACK[this.#coding](plain) : plain;
    this.status = status;
    this.#wire.head(status, [...headers, ...this.#codingHeader()], body.length);
    this.#wire.write(body);
    this.#wire.end();
  }

  /** An event stream; `last` is written after the events. */
  async events(
    events: Iterable<NamedEvent>,
    options: { readonly pauseMs?: number; readonly last?: string; readonly headers?: readonly string[] } = {},
  ): Promise<void> {
    this.status = 200;
    const type = ['content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-cache'];
    this.#wire.head(200, [...type, ...(options.headers ?? []), ...this.#codingHeader()], undefined);
    const put = this.#coding ? packer(this.#coding, this.#wire) : async (s: string) => this.#wire.write(Buffer.from(s));
    for (const event of events) {
      if (this.#wire.gone()) return;
      await put(`${event.name === undefined ? '' : `event: ${event.name}\n`}data: ${JSON.stringify(event.data)}\n\n`);
      await (options.pauseMs ? pause(options.pauseMs) : turn());
    }
    if (options.last) await put(options.last);
    await put('', true);
    this.#wire.end();
  }

  #codingHeader(): string[] {
    return this.#coding ? ['content-encoding', this.#coding] : [];
  }
}

const PACK = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync };
const OPEN = { gzip: createGzip, br: createBrotliCompress, zstd: createZstdCompress };

function packer(coding: Coding, wire: Wire): (text: string, last?: boolean) => Promise<void> {
  const stream = OPEN[coding]();
  stream.on('data', (data: Buffer) => wire.write(data));
  return (text, last) =>
    new Promise((resolve) => {
      if (last) {
        stream.on('end', () => resolve());
        stream.end(text);
      } else {
        stream.write(text);
        stream.flush(() => resolve());
      }
    });
}
