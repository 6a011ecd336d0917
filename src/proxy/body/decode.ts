// Content codings undone and redone (RFC 9110 8.4.1), whole or as a stream, never beyond a budget: a bomb is given up before it is
// unpacked. Must not know what the bytes say, nor why they are wanted.
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { Fault } from '../../fault.ts';
import { type Recoder, Stage, type ZlibStream } from './stage.ts';
import { unpacksWithin } from './unpacks-within.ts';

/** Bounds on what may come out of a decoder. */
export interface DecodeLimits {
  /** Most decoded bytes: of the whole body, or of one `push` of a stream. */
  readonly maxBytes: number;
  /** Most decoded bytes for each encoded byte; the first MiB is free of it. */
  readonly maxRatio: number;
  /** Whose body it is, for the Fault's code. */
  readonly side?: 'request' | 'reply';
}

type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';
interface Info {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

const { constants: Z } = zlib;
const NAMES = new Map<string, Coding | 'identity'>([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ['zstd', 'zstd'],
  ['identity', 'identity'],
]);
const MAX_LAYERS = 3;
const FREE_BYTES = 1024 * 1024;
/** Encoded bytes up to which the synchronous calls are quicker than a trip to the thread pool, and how far they may unpack. */
const SYNC_BYTES = 64 * 1024;
const SYNC_DECODED_BYTES = 1024 * 1024;
const COUNTING = { chunkSize: 64 * 1024 };
const EMPTY = Buffer.alloc(0);
const STREAM_LIMITS: DecodeLimits = { maxBytes: 16 * 1024 * 1024, maxRatio: 1000, side: 'reply' };

// RFC 9659: no window above 8 MiB, whatever the frame asks for.
const ZSTD_DECODE = { params: { [Z.ZSTD_d_windowLogMax]: 23 } };
// Brotli's own default, quality 11, takes seconds for a long prompt.
const BROTLI_ENCODE = { params: { [Z.BROTLI_PARAM_QUALITY]: 5, [Z.BROTLI_PARAM_MODE]: Z.BROTLI_MODE_TEXT } };

/** Whether every coding of a Content-Encoding value can be undone here. */
export function knowsEncoding(contentEncoding: string): boolean {
  return codingsOf(contentEncoding) !== undefined;
}

/**
 * The decoded body. Takes gzip, x-gzip, br, zstd, deflate (zlib-wrapped or raw), identity and stacks of up to three. Throws Fault
 * `body-too-large` past the limits, `body-unreadable` for unknown codings, corrupt or cut input and bytes after its end; for side
 * `reply` all of these are `reply-unreadable`. No bytes at all decode to none.
 */
export async function decodeBody(bytes: Buffer, contentEncoding: string | undefined, limits: DecodeLimits): Promise<Buffer> {
  const codings = contentEncoding === undefined ? [] : codingsOf(contentEncoding);
  if (!codings) throw unreadable(limits, 'unknown content encoding');
  let out = bytes;
  for (const coding of codings.toReversed()) if (out.length > 0) out = await decodeLayer(out, coding, limits);
  if (out.length > limits.maxBytes) throw tooLarge(limits);
  return out;
}

/** `bytes` in the codings of `contentEncoding`; deflate is always zlib-wrapped. Throws Fault `internal` for a coding not known here. */
export async function encodeBody(bytes: Buffer, contentEncoding: string | undefined): Promise<Buffer> {
  let out = bytes;
  for (const coding of knownCodings(contentEncoding)) out = await encodeLayer(out, coding);
  return out;
}

/** Decodes a stream, giving out all that each piece makes readable. Throws as `decodeBody` does, for `reply` unless told otherwise. */
export function createDecoder(contentEncoding: string | undefined, limits: DecodeLimits = STREAM_LIMITS): Recoder {
  const codings = contentEncoding === undefined ? [] : codingsOf(contentEncoding);
  if (!codings) throw unreadable(limits, 'unknown content encoding');
  return chain(codings.toReversed().map((coding) => new DecoderStage(coding, limits)));
}

/** Encodes a stream, flushed after each piece so that no event waits inside. Throws Fault `internal` for a coding not known here. */
export function createEncoder(contentEncoding: string | undefined): Recoder {
  return chain(knownCodings(contentEncoding).map((coding) => new Stage(streamEncoder(coding))));
}

function codingsOf(contentEncoding: string): Coding[] | undefined {
  const out: Coding[] = [];
  for (const element of contentEncoding.split(',')) {
    const coding = NAMES.get(element.trim().toLowerCase());
    if (coding === undefined) return undefined;
    if (coding !== 'identity') out.push(coding);
  }
  return out.length > MAX_LAYERS ? undefined : out;
}

function knownCodings(contentEncoding: string | undefined): Coding[] {
  const codings = contentEncoding === undefined ? [] : codingsOf(contentEncoding);
  if (!codings) throw new Fault('internal', 'unknown content encoding');
  return codings;
}

function unreadable(limits: DecodeLimits, detail: string, cause?: unknown): Fault {
  return new Fault(limits.side === 'reply' ? 'reply-unreadable' : 'body-unreadable', detail, { cause });
}

function tooLarge(limits: DecodeLimits): Fault {
  return limits.side === 'reply' ? new Fault('reply-unreadable', 'it unpacks to more than the limit') : new Fault('body-too-large');
}

/** Servers and clients disagree whether `deflate` is zlib or raw; a raw stream cannot start with a byte that ends in 8. */
function isZlibWrapped(firstByte: number): boolean {
  return (firstByte & 0x0f) === 8;
}

async function decodeLayer(bytes: Buffer, coding: Coding, limits: DecodeLimits): Promise<Buffer> {
  const budget = Math.min(limits.maxBytes, Math.max(FREE_BYTES, Math.floor(bytes.length * limits.maxRatio)));
  const run = { gzip: gunzip, deflate: isZlibWrapped(bytes[0]!) ? inflate : inflateRaw, br: unbrotli, zstd: unzstd }[coding];
  try {
    if (bytes.length <= SYNC_BYTES) {
      try {
        return checked(run.sync(bytes, Math.min(budget, SYNC_DECODED_BYTES)), bytes, limits);
      } catch (thrown) {
        if (budget <= SYNC_DECODED_BYTES || !isOverBudget(thrown)) throw thrown;
      }
    }
    // Collecting up to the budget and giving up there would make every bomb cost as much as the largest body allowed.
    if (!(await unpacksWithin(streamDecoder(coding, bytes[0]!, COUNTING), bytes, budget))) throw tooLarge(limits);
    return checked(await run.async(bytes, budget), bytes, limits);
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown;
    throw isOverBudget(thrown) ? tooLarge(limits) : unreadable(limits, 'corrupt or incomplete', thrown);
  }
}

/** What lies behind the end of the encoded stream would go on unseen. */
function checked(info: Info, bytes: Buffer, limits: DecodeLimits): Buffer {
  if (info.engine.bytesWritten < bytes.length) throw unreadable(limits, 'bytes after its end');
  return info.buffer;
}

function isOverBudget(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
}

type SyncCall = (bytes: Buffer, options: object) => unknown;
type AsyncCall = (bytes: Buffer, options: object, done: (error: Error | null, result: unknown) => void) => void;

function decoderPair(sync: SyncCall, async: AsyncCall, options: object = {}) {
  const settings = (budget: number) => ({ ...options, maxOutputLength: Math.max(1, budget), info: true });
  const call = promisify(async as (bytes: Buffer, options: object, done: (error: Error | null, result: Info) => void) => void);
  return {
    sync: (bytes: Buffer, budget: number): Info => sync(bytes, settings(budget)) as Info,
    async: (bytes: Buffer, budget: number): Promise<Info> => call(bytes, { ...settings(budget), chunkSize: 64 * 1024 }),
  };
}

const gunzip = decoderPair(zlib.gunzipSync, zlib.gunzip as AsyncCall);
const inflate = decoderPair(zlib.inflateSync, zlib.inflate as AsyncCall);
const inflateRaw = decoderPair(zlib.inflateRawSync, zlib.inflateRaw as AsyncCall);
const unbrotli = decoderPair(zlib.brotliDecompressSync, zlib.brotliDecompress as AsyncCall);
const unzstd = decoderPair(zlib.zstdDecompressSync, zlib.zstdDecompress as AsyncCall, ZSTD_DECODE);

const encoders = {
  gzip: [zlib.gzipSync, promisify(zlib.gzip), {}],
  deflate: [zlib.deflateSync, promisify(zlib.deflate), {}],
  br: [zlib.brotliCompressSync, promisify(zlib.brotliCompress), BROTLI_ENCODE],
  zstd: [zlib.zstdCompressSync, promisify(zlib.zstdCompress), {}],
} as const;

async function encodeLayer(bytes: Buffer, coding: Coding): Promise<Buffer> {
  const [sync, async, options] = encoders[coding];
  return bytes.length <= SYNC_BYTES ? sync(bytes, options) : await async(bytes, options);
}

// Small windows: a daemon may hold a hundred of these, and what is flushed event by event gains nothing from large ones.
function streamEncoder(coding: Coding): ZlibStream {
  const flush = { flush: Z.Z_SYNC_FLUSH };
  if (coding === 'gzip') return zlib.createGzip(flush);
  if (coding === 'deflate') return zlib.createDeflate(flush);
  if (coding === 'br') {
    const params = { ...BROTLI_ENCODE.params, [Z.BROTLI_PARAM_QUALITY]: 4, [Z.BROTLI_PARAM_LGWIN]: 18 };
    return zlib.createBrotliCompress({ flush: Z.BROTLI_OPERATION_FLUSH, params });
  }
  return zlib.createZstdCompress({ flush: Z.ZSTD_e_flush, params: { [Z.ZSTD_c_windowLog]: 18 } });
}

function streamDecoder(coding: Coding, firstByte: number, options: { readonly chunkSize?: number } = {}): ZlibStream {
  if (coding === 'gzip') return zlib.createGunzip(options);
  if (coding === 'br') return zlib.createBrotliDecompress(options);
  if (coding === 'zstd') return zlib.createZstdDecompress({ ...ZSTD_DECODE, ...options });
  return isZlibWrapped(firstByte) ? zlib.createInflate(options) : zlib.createInflateRaw(options);
}

function chain(stages: readonly Recoder[]): Recoder {
  if (stages.length === 0) return { push: (chunk) => chunk, end: () => EMPTY, close: () => undefined };
  if (stages.length === 1) return stages[0]!;
  const through = async (first: Buffer, from: number): Promise<Buffer> => {
    let out = first;
    for (let i = from; i < stages.length && out.length > 0; i++) out = await stages[i]!.push(out);
    return out;
  };
  return {
    push: (chunk) => through(chunk, 0),
    end: async () => {
      const out: Buffer[] = [];
      for (let i = 0; i < stages.length; i++) out.push(await through(await stages[i]!.end(), i + 1));
      return Buffer.concat(out);
    },
    close: () => {
      for (const stage of stages) stage.close();
    },
  };
}

/** A decoder is made when its first byte is there, since `deflate` has two meanings, and counts what goes in and out. */
class DecoderStage implements Recoder {
  readonly #coding: Coding;
  readonly #limits: DecodeLimits;
  #stage: Stage | undefined;
  #closed = false;
  #in = 0;
  #out = 0;
  #outBefore = 0;
  constructor(coding: Coding, limits: DecodeLimits) {
    this.#coding = coding;
    this.#limits = limits;
  }
  async push(chunk: Buffer): Promise<Buffer> {
    if (chunk.length === 0) return EMPTY;
    if (this.#closed) throw new Fault('internal', 'the stream was closed');
    this.#in += chunk.length;
    this.#outBefore = this.#out;
    this.#stage ??= new Stage(streamDecoder(this.#coding, chunk[0]!), (count) => this.#count(count));
    const out = await this.#readable(this.#stage.push(chunk));
    if (this.#stage.stream.bytesWritten < this.#in) throw unreadable(this.#limits, 'bytes after its end');
    return out;
  }
  async end(): Promise<Buffer> {
    this.#outBefore = this.#out;
    return this.#stage ? await this.#readable(this.#stage.end()) : EMPTY;
  }
  close(): void {
    this.#closed = true;
    this.#stage?.close();
  }
  async #readable(output: Promise<Buffer>): Promise<Buffer> {
    try {
      return await output;
    } catch (thrown) {
      throw thrown instanceof Fault ? thrown : unreadable(this.#limits, 'corrupt or incomplete', thrown);
    }
  }
  #count(count: number): Fault | undefined {
    this.#out += count;
    const { maxBytes, maxRatio } = this.#limits;
    const over = this.#out - this.#outBefore > maxBytes || this.#out > Math.max(FREE_BYTES, this.#in * maxRatio);
    return over ? tooLarge(this.#limits) : undefined;
  }
}
