// The body of one HTTP/2 request on its way from the client, and the trailers behind it.
// It does not know where they go, nor what is looked for in them.
import type { Http2Stream } from 'node:http2';
import { Fault } from '../../fault.ts';
import { type RawHeaders, withoutDigests } from '../../headers.ts';
import type { LineTally, OutgoingRequest } from '../exchange.ts';
import { trailersOf } from './h2-fields.ts';
import { type BodyPiece, leavingPieces } from './held.ts';
import type { Upload } from './upload.ts';

type Body = OutgoingRequest['body'];

/** Reads one body once: collected and then sent whole, or streamed. To be made before anything of the stream was read. */
export class Http2Body {
  readonly #upload: Upload;
  readonly #seen: LineTally;
  readonly #trailers: () => RawHeaders;
  #edited = false;

  constructor(stream: Http2Stream, upload: Upload, seen: LineTally) {
    this.#upload = upload;
    this.#seen = seen;
    this.#trailers = trailersOf(stream);
  }

  /** All of it, or what came until the client left. Faults body-too-large past `maxBytes`, client-slow. */
  async collect(maxBytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let piece = await this.#next(); piece; piece = await this.#next()) {
      if (this.#seen.requestBytes > maxBytes) throw new Fault('body-too-large');
      pieces.push(piece.raw);
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  /** What leaves for a streamed body, as it comes. Faults client-slow; throws besides what `held` and `watch` throw. */
  leaving(body: Body & { readonly kind: 'stream' }): AsyncGenerator<Buffer, void> {
    const frame = (edited: Buffer) => {
      this.#edited = true;
      return [edited];
    };
    return leavingPieces(() => this.#next(), body, frame);
  }

  /** The trailers that leave, once the body has. Throws what `body.trailers` throws. */
  leavingTrailers(body: Body): RawHeaders {
    const came = this.#trailers();
    const fields = body.trailers?.(came) ?? came;
    return this.#edited || (body.kind === 'whole' && body.changed) ? withoutDigests(fields) : fields;
  }

  async #next(): Promise<BodyPiece | undefined> {
    const bytes = await this.#upload.read();
    if (!bytes) return undefined;
    this.#seen.requestBytes += bytes.length;
    return { raw: bytes, payload: [bytes] };
  }
}
