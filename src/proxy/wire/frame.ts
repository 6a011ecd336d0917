// Where a body ends, found without copying or changing a byte: the caller relays raw slices, and payload slices are offered beside.
// Chunked framing is read as strictly as heads are (RFC 9112 7.1). Must not know what the payload is or where it goes.
import { Fault, type FaultCode } from '../../fault.ts';
import type { RawHeaders } from '../../headers.ts';
import { parseFields, readsAsFraming, refuseControls } from './field.ts';
import type { BodyFraming } from './head.ts';

/** Longest chunk-size line with its extensions, and longest trailer section, in bytes. */
const MAX_CHUNK_LINE = 1024;
const MAX_TRAILER_BYTES = 16 * 1024;

// Besides framing also routing, credentials, caching and content format: RFC 9110 6.5.1 bars them from trailers.
const NOT_IN_TRAILERS = new Set(
  (
    'host connection keep-alive te trailer upgrade proxy-connection ' +
    'authorization proxy-authorization proxy-authenticate www-authenticate cookie set-cookie x-api-key api-key x-goog-api-key ' +
    'content-encoding content-type content-range expect max-forwards range cache-control age expires date location vary retry-after'
  ).split(' '),
);

/** Follows one body through the bytes that carry it. Nothing is kept but a few counters. */
export interface BodyFramer {
  /** True once the last byte of the body, its framing included, was pushed. */
  readonly done: boolean;
  /**
   * Of a chunked body: the offset, in the bytes last pushed, at which a chunk begins that is not complete in them, the last chunk and its
   * trailers included; their length when none is begun. -1 when the last one was begun earlier, and for every other body.
   */
  readonly boundary: number;
  /** Of a chunked body: the offset, in the bytes last pushed, from which they are its trailer section, the closing line included. -1 before that. */
  readonly trailersAt: number;
  /** Trailer fields of a chunked body, complete when `done`. */
  readonly trailers: RawHeaders;
  /**
   * How many bytes of `chunk`, from its start, belong to this body; fewer than its length means the body ended there. `onPayload` gets
   * the payload among them in order, as views of `chunk`. Throws Fault `bad-request` or `upstream-protocol` for malformed chunks; then
   * nothing of `chunk` may be relayed.
   */
  push(chunk: Buffer, onPayload?: (slice: Buffer) => void): number;
  /** The sender closed. Completes an `until-close` body; throws Fault `bad-request` or `upstream-cut` for any other that is not done. */
  end(): void;
}

/** A framer for one body with `framing`, sent by the client (`request`) or the upstream (`reply`). */
export function createFramer(framing: BodyFraming, side: 'request' | 'reply'): BodyFramer {
  return framing.kind === 'chunked' ? new ChunkedFramer(side) : new CountedFramer(framing, side);
}

/** `payload` as one chunk in pieces to be written in order, without copying it. Nothing for an empty payload, which would end the body. */
export function encodeChunk(payload: Buffer): Buffer[] {
  return payload.length === 0 ? [] : [Buffer.from(`${payload.length.toString(16)}\r\n`, 'latin1'), payload, CRLF];
}

/** Ends a chunked body that has no trailers. With trailers, write `renderHead('0', trailers)` instead. */
export const LAST_CHUNK: Buffer = Buffer.from('0\r\n\r\n', 'latin1');

const CRLF = Buffer.from('\r\n', 'latin1');

function cut(side: 'request' | 'reply'): Fault {
  return side === 'request' ? new Fault('bad-request', 'the body is not complete') : new Fault('upstream-cut');
}

class CountedFramer implements BodyFramer {
  readonly boundary = -1;
  readonly trailersAt = -1;
  readonly trailers: RawHeaders = [];
  readonly #side: 'request' | 'reply';
  readonly #untilClose: boolean;
  #left: number;
  constructor(framing: Exclude<BodyFraming, { kind: 'chunked' }>, side: 'request' | 'reply') {
    this.#side = side;
    this.#untilClose = framing.kind === 'until-close';
    this.#left = framing.kind === 'none' ? 0 : framing.kind === 'length' ? framing.length : Number.POSITIVE_INFINITY;
  }
  get done(): boolean {
    return this.#left === 0;
  }
  push(chunk: Buffer, onPayload?: (slice: Buffer) => void): number {
    const n = Math.min(chunk.length, this.#left);
    this.#left -= n;
    if (onPayload && n > 0) onPayload(n === chunk.length ? chunk : chunk.subarray(0, n));
    return n;
  }
  end(): void {
    if (this.#untilClose) this.#left = 0;
    else if (!this.done) throw cut(this.#side);
  }
}

// States of a chunked body. SIZE and the two after it read the chunk-size line, END_* the CRLF behind the payload.
const SIZE = 0;
const BLANK = 1;
const EXTENSION = 2;
const SIZE_LF = 3;
const DATA = 4;
const END_CR = 5;
const END_LF = 6;
const TRAILERS = 7;
const DONE = 8;

class ChunkedFramer implements BodyFramer {
  readonly #side: 'request' | 'reply';
  readonly #code: FaultCode;
  #state = SIZE;
  #size = 0;
  #digits = 0;
  #lineBytes = 0;
  #trailerText = '';
  #trailers: RawHeaders = [];
  boundary = 0;
  trailersAt = -1;
  constructor(side: 'request' | 'reply') {
    this.#side = side;
    this.#code = side === 'request' ? 'bad-request' : 'upstream-protocol';
  }
  get done(): boolean {
    return this.#state === DONE;
  }
  get trailers(): RawHeaders {
    return this.#trailers;
  }
  push(chunk: Buffer, onPayload?: (slice: Buffer) => void): number {
    let at = 0;
    this.boundary = this.#atBoundary() ? 0 : -1;
    this.trailersAt = this.#state === TRAILERS ? 0 : -1;
    while (at < chunk.length && this.#state !== DONE) {
      if (this.#state === DATA) {
        const n = Math.min(this.#size, chunk.length - at);
        if (onPayload) onPayload(chunk.subarray(at, at + n));
        at += n;
        this.#size -= n;
        if (this.#size === 0) this.#state = END_CR;
      } else {
        this.#step(chunk[at++]!);
        if (this.#atBoundary()) this.boundary = at;
        if (this.#state === TRAILERS && this.trailersAt < 0) this.trailersAt = at;
      }
    }
    return at;
  }
  end(): void {
    if (!this.done) throw cut(this.#side);
  }
  #atBoundary(): boolean {
    return this.#state === SIZE && this.#lineBytes === 0;
  }
  #step(byte: number): void {
    switch (this.#state) {
      case END_CR:
        this.#expect(byte, 0x0d, END_LF);
        return;
      case END_LF:
        this.#expect(byte, 0x0a, SIZE);
        this.#digits = this.#lineBytes = 0;
        return;
      case SIZE_LF:
        this.#expect(byte, 0x0a, this.#size === 0 ? TRAILERS : DATA);
        return;
      case TRAILERS:
        this.#trailer(byte);
        return;
      default:
        this.#sizeLine(byte);
    }
  }
  #expect(byte: number, wanted: number, next: number): void {
    if (byte !== wanted) throw this.#malformed('a chunk without its line end');
    this.#state = next;
  }
  #sizeLine(byte: number): void {
    if (++this.#lineBytes > MAX_CHUNK_LINE) throw this.#malformed('a chunk-size line that is too long');
    if (byte === 0x0d && this.#digits > 0 && this.#state !== BLANK) {
      this.#state = SIZE_LF;
    } else if (this.#state === EXTENSION) {
      if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) throw this.#malformed('a control byte in a chunk extension');
    } else if (this.#digits > 0 && byte === 0x3b) {
      this.#state = EXTENSION;
    } else if (this.#digits > 0 && (byte === 0x20 || byte === 0x09)) {
      // Blanks are grammatical only before an extension; a padded size is read differently by different servers.
      this.#state = BLANK;
    } else {
      const digit = this.#state === SIZE ? hexValue(byte) : -1;
      if (digit < 0 || ++this.#digits > 15) throw this.#malformed('malformed chunk size');
      this.#size = this.#size * 16 + digit;
      if (!Number.isSafeInteger(this.#size)) throw this.#malformed('malformed chunk size');
    }
  }
  #trailer(byte: number): void {
    const text = this.#trailerText + String.fromCharCode(byte);
    if (text.length > MAX_TRAILER_BYTES) throw this.#malformed('trailers that are too long');
    this.#trailerText = text;
    if (byte !== 0x0a) return;
    if (text !== '\r\n' && !text.endsWith('\r\n\r\n')) {
      if (!text.endsWith('\r\n')) throw this.#malformed('bare line end in the trailers');
      return;
    }
    refuseControls(text, this.#code);
    const trailers = parseFields(text, 0, this.#code);
    for (let i = 0; i < trailers.length; i += 2) {
      if (readsAsFraming(trailers[i]!) || NOT_IN_TRAILERS.has(trailers[i]!.toLowerCase()))
        throw this.#malformed('a field that may not be a trailer');
    }
    this.#trailers = trailers;
    this.#trailerText = '';
    this.#state = DONE;
  }
  #malformed(detail: string): Fault {
    return new Fault(this.#code, detail);
  }
}

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
