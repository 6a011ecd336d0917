// The body of one HTTP/1 request on its way from the client: with its own framing where it may, framed anew where it was edited.
// Trailers come last and may change though the body did not. It does not know where the bytes go, nor what is looked for in them.
import { Fault } from '../../fault.ts';
import { withoutDigests } from '../../headers.ts';
import type { LineTally, OutgoingRequest } from '../exchange.ts';
import { type BodyFramer, createFramer, encodeChunk } from '../wire/frame.ts';
import { type BodyFraming, renderHead } from '../wire/head.ts';
import type { Wire } from '../wire/wire.ts';
import { type BodyPiece, leavingPieces } from './held.ts';
import type { Upload } from './upload.ts';

const LAST_LINE = Buffer.from('0\r\n', 'latin1');

type Body = OutgoingRequest['body'];

/** Reads one body once: collected and then sent whole, or streamed. */
export class Http1Body {
  readonly #client: Wire;
  readonly #upload: Upload;
  readonly #seen: LineTally;
  readonly #isChunked: boolean;
  readonly #framer: BodyFramer;
  #raw: Buffer[] = [];
  /** The trailer section as it came, its closing line included. */
  #tail: Buffer[] = [];

  constructor(client: Wire, framing: BodyFraming, upload: Upload, seen: LineTally) {
    this.#client = client;
    this.#upload = upload;
    this.#seen = seen;
    this.#isChunked = framing.kind === 'chunked';
    this.#framer = createFramer(framing, 'request');
  }

  /** The last byte was read from the client. */
  get done(): boolean {
    return this.#framer.done;
  }

  /** The payload. Faults body-too-large past `maxBytes`, client-gone, client-slow, bad-request. */
  async collect(maxBytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let size = 0;
    for (let piece = await this.#next(); piece; piece = await this.#next()) {
      for (const bytes of piece.payload) size += bytes.length;
      if (size > maxBytes) throw new Fault('body-too-large');
      pieces.push(...piece.payload);
      // A length frames nothing: the body itself is what came, in one piece.
      if (this.#isChunked) this.#raw.push(piece.raw);
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  /** What leaves for a collected body, to be asked for once. Throws what `trailers` throws. */
  whole({ bytes, changed, trailers }: Body & { readonly kind: 'whole' }): readonly Buffer[] {
    if (!this.#isChunked) return [bytes];
    const tail = this.#leavingTail(changed, trailers);
    return changed ? [...encodeChunk(bytes), LAST_LINE, tail] : [...this.#raw.splice(0), tail];
  }

  /** What leaves for a streamed one. Throws besides what `held`, `watch` and `trailers` throw. */
  async *leaving(body: Body & { readonly kind: 'stream' }): AsyncGenerator<Buffer, void> {
    let changed = false;
    const frame = (edited: Buffer) => {
      changed = true;
      return this.#isChunked ? [...encodeChunk(edited), LAST_LINE] : [edited];
    };
    for await (const bytes of leavingPieces(() => this.#next(), body, frame)) if (bytes.length > 0) yield bytes;
    if (this.#isChunked) yield this.#leavingTail(changed, body.trailers);
  }

  async #next(): Promise<BodyPiece | undefined> {
    if (this.#framer.done) return undefined;
    const chunk = await this.#upload.read();
    if (!chunk) throw new Fault('client-gone');
    const payload: Buffer[] = [];
    const used = this.#framer.push(chunk, (bytes) => payload.push(bytes));
    this.#seen.requestBytes += used;
    if (used < chunk.length) this.#client.unread(chunk.subarray(used));
    const { trailersAt } = this.#framer;
    if (trailersAt >= 0) this.#tail.push(chunk.subarray(trailersAt, used));
    return { raw: chunk.subarray(0, trailersAt >= 0 ? trailersAt : used), payload };
  }

  #leavingTail(changed: boolean, trailers: Body['trailers']): Buffer {
    const came = this.#framer.trailers;
    const fields = trailers?.(came) ?? came;
    const leaving = changed ? withoutDigests(fields) : fields;
    if (leaving === came) return Buffer.concat(this.#tail);
    return renderHead('0', leaving).subarray(LAST_LINE.length);
  }
}
