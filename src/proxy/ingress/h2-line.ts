// One HTTP/2 exchange between a stream of the client's session and one of the upstream session. Pseudo-field order, field
// order and RST codes are carried across; flow control works end to end through paused streams.
import { type ClientHttp2Session, type ClientHttp2Stream, constants, type ServerHttp2Stream, sensitiveHeaders } from 'node:http2';
import { asFault, CLIENT_GONE, Fault } from '../../fault.ts';
import { firstValue, type RawHeaders, type ReplyHead, type RequestHead, withoutFields, withValue } from '../../headers.ts';
import type { Dialect } from '../../rules/provider.ts';
import type { Line, LineTally, MessagePlan, OutgoingRequest, ReplyPlan, WholeReply } from '../exchange.ts';
import { whileQuiet } from '../wire/patience.ts';
import { Wire } from '../wire/wire.ts';
import { errorReply } from './error-reply.ts';
import { linger } from './h1.ts';
import { Http2Body } from './h2-body.ts';
import { endOf, fieldObject, lowerNames, requestHead, sendTrailers, trailersOf } from './h2-fields.ts';
import { type Http2Ends, relayReply } from './h2-relay.ts';
import { awaitReply, type Http2Reply } from './h2-reply.ts';
import { type LinePatience, Upload } from './upload.ts';
import { farewell, relayMessages } from './websocket.ts';

/** Opens a stream towards upstream. Faults upstream-*, misdirected. */
export type Http2Origin = ClientHttp2Session['request'];

/** An HTTP/2 exchange. Made by serveHttp2 for each stream of the client; lives as long as the stream. */
export class Http2Line implements Line {
  readonly protocol = 'h2';
  readonly head: RequestHead;
  readonly hasBody: boolean;
  readonly wantsWebSocket: boolean;
  readonly seen: LineTally = { status: 0, requestBytes: 0, replyBytes: 0 };
  readonly #stream: ServerHttp2Stream;
  readonly #client: Wire;
  readonly #pseudo: readonly string[];
  readonly #sensitive: readonly string[];
  readonly #origin: Http2Origin;
  readonly #idleMs: () => number;
  readonly #abort = new AbortController();
  readonly #body: Http2Body;
  #replyTrailers: ReturnType<typeof trailersOf> | undefined;
  #replyEnded = () => false;
  #upstreamStream: ClientHttp2Stream | undefined;
  #upstream: Wire | undefined;
  #reply: Promise<Http2Reply> | undefined;
  #uploadFault: Fault | undefined;
  #outlivesClient = (): boolean => false;
  #begun = false;
  #done = false;

  /** `sensitive`: names the client sent as never-indexed (RFC 7541 7.1.3); they stay so. */
  constructor(
    stream: ServerHttp2Stream,
    rawHeaders: readonly string[],
    sensitive: readonly string[],
    endsStream: boolean,
    origin: Http2Origin,
    patience: LinePatience,
  ) {
    this.#sensitive = sensitive;
    this.#stream = stream;
    this.#client = new Wire(stream);
    this.#origin = origin;
    this.#idleMs = () => patience.idleMs;
    this.#body = new Http2Body(stream, new Upload(this.#client, patience, this.seen), this.seen);
    this.hasBody = !endsStream;
    this.#pseudo = withoutFields(rawHeaders, (name) => !name.startsWith(':'));
    this.head = requestHead(rawHeaders);
    this.wantsWebSocket = this.head.method === 'CONNECT' && firstValue(this.#pseudo, ':protocol') === 'websocket';
    stream.on('aborted', this.#onAbort);
    stream.once('close', () => {
      if (!this.#done) this.#onAbort();
    });
  }

  get bodyLength(): number | undefined {
    const text = firstValue(this.head.headers, 'content-length');
    return text === undefined ? undefined : Number(text);
  }
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  async collect(maxBytes: number): Promise<Buffer> {
    if (firstValue(this.head.headers, 'expect') === '100-continue') this.#stream.additionalHeaders({ ':status': 100 });
    const bytes = await this.#body.collect(maxBytes);
    this.#live();
    return bytes;
  }

  async send(out: OutgoingRequest): Promise<void> {
    this.#live();
    let headers = out.head.headers;
    if (out.body.kind === 'whole' && out.body.changed) headers = withValue(headers, 'content-length', String(out.body.bytes.length));
    const pseudo = withValue(this.#pseudo, ':path', out.head.target);
    const raw = Object.assign([...pseudo, ...headers], { [sensitiveHeaders]: this.#sensitive });
    const stream = this.#origin(raw as unknown as Record<string, string>, {
      endStream: !this.hasBody && !this.wantsWebSocket,
      waitForTrailers: this.hasBody && !this.wantsWebSocket,
    });
    this.#upstreamStream = stream;
    this.#outlivesClient = out.outlivesClient ?? this.#outlivesClient;
    this.#replyTrailers = trailersOf(stream);
    this.#replyEnded = endOf(stream);
    this.#upstream = new Wire(stream);
    this.#reply = awaitReply(stream, (raw) => this.#passInterim(raw));
    this.#reply.catch(() => undefined);
    if (!this.hasBody || this.wantsWebSocket) return;
    sendTrailers(stream, () => this.#leavingTrailers(out.body));
    if (out.body.kind === 'whole') {
      stream.end(out.body.bytes);
      return;
    }
    void this.#pump(stream, this.#upstream, out.body);
  }

  async receive(): Promise<ReplyHead> {
    try {
      return await whileQuiet(this.#reply!, this.#idleMs, 'upstream-silent', () => this.seen.requestBytes);
    } catch (thrown) {
      throw this.#explain(thrown);
    }
  }

  async relay(head: ReplyHead, plan: ReplyPlan): Promise<void> {
    const reply = head as Http2Reply;
    if (reply.endsStream) this.#respond(reply.status, reply.headers, true);
    else await relayReply(this.#ends(), reply, plan);
    this.#done = true;
    // A reply that is complete before the request: the rest of the upload is of no use to upstream (RFC 9113 8.1).
    if (!this.#stream.readableEnded && this.hasBody) this.#upstreamStream?.close(constants.NGHTTP2_NO_ERROR);
  }

  async relayMessages(head: ReplyHead, plan: MessagePlan): Promise<void> {
    this.#done = true;
    await relayMessages(this.#client, this.#upstream!, head.headers, plan, this.seen, () =>
      this.#respond(head.status, head.headers, false),
    );
  }

  answer({ head, body }: WholeReply): void {
    this.#respond(head.status, lowerNames(head.headers), false);
    this.seen.replyBytes = body.length;
    this.#stream.end(body);
    this.#done = true;
  }

  async answerAsItComes(head: ReplyHead, pieces: AsyncIterable<Buffer>): Promise<void> {
    this.#respond(head.status, lowerNames(head.headers), false);
    for await (const piece of pieces) {
      const wait = this.#give(piece);
      if (wait) await whileQuiet(wait, this.#idleMs, 'client-slow', () => 0);
      this.#live();
    }
    this.#stream.end();
    this.#done = true;
  }

  abandon(): void {
    if (this.signal.aborted) this.#cancelUpstream(constants.NGHTTP2_CANCEL);
  }

  fail(fault: Fault, dialect: Dialect, id: string): void {
    this.#done = true;
    const upstreamCode = this.#upstreamStream?.rstCode ?? 0;
    this.#cancelUpstream(constants.NGHTTP2_CANCEL);
    if (this.#stream.destroyed || this.#stream.closed || this.signal.aborted) return;
    if (this.#begun) {
      const last = this.wantsWebSocket && this.#client.state === 'open' ? farewell(fault, dialect, id) : undefined;
      if (last) {
        this.#client.write(last);
        linger(this.#client, this.#idleMs());
      } else if (this.wantsWebSocket) this.#client.cut();
      else this.#stream.close(upstreamCode === 0 ? constants.NGHTTP2_INTERNAL_ERROR : upstreamCode);
      return;
    }
    if (upstreamCode === constants.NGHTTP2_REFUSED_STREAM) {
      // Upstream promises to have done nothing (RFC 9113 8.7): the client may safely ask again, and must be told so.
      this.#stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    const answer = errorReply(fault, dialect, id);
    this.#respond(answer.status, [...answer.headers, 'content-length', String(answer.body.length)], false);
    this.#stream.end(this.head.method === 'HEAD' ? undefined : answer.body);
    // What the client still uploads is read and thrown away, so that its flow-control window returns.
    this.#client.release();
    this.#stream.resume();
  }

  #onAbort = (): void => {
    if (this.#abort.signal.aborted || this.#client.isCut) return;
    this.#abort.abort(CLIENT_GONE);
    if (!this.#outlivesClient()) this.#cancelUpstream(this.#stream.rstCode || constants.NGHTTP2_CANCEL);
  };

  #cancelUpstream(code: number): void {
    const stream = this.#upstreamStream;
    if (!stream || stream.closed) return;
    // `close` sends END_STREAM before its RST_STREAM unless the stream waits for trailers, and a WebSocket does not.
    if (this.wantsWebSocket) this.#upstream!.cut(true);
    else stream.close(code);
  }

  #live(): void {
    if (this.signal.aborted && !this.#outlivesClient()) throw new Fault('client-gone');
  }

  #explain(thrown: unknown): unknown {
    if (this.signal.aborted) return new Fault('client-gone');
    return this.#uploadFault ?? thrown;
  }

  #passInterim(raw: RawHeaders): void {
    if (this.#begun || firstValue(raw, ':status') === '101' || this.#stream.destroyed || this.#stream.closed) return;
    this.#stream.additionalHeaders(fieldObject(raw) as unknown as Record<string, string>);
  }

  #respond(status: number, headers: RawHeaders, endStream: boolean): void {
    this.#begun = true;
    this.seen.status = status;
    if (this.#stream.destroyed || this.#stream.closed) return;
    if (!endStream && this.#replyTrailers && !this.wantsWebSocket) sendTrailers(this.#stream, this.#replyTrailers);
    const raw = [':status', String(status), ...headers] as unknown as Record<string, string>;
    // The default Date field would be ours, not upstream's.
    this.#stream.respond(raw, {
      endStream,
      waitForTrailers: !endStream && this.#upstreamStream !== undefined && !this.wantsWebSocket,
      sendDate: false,
    } as object);
  }

  #give(piece: Buffer): Promise<void> | undefined {
    if (piece.length === 0) return undefined;
    this.seen.replyBytes += piece.length;
    return this.#client.write(piece);
  }

  #ends(): Http2Ends {
    const upstream = this.#upstream!;
    return {
      upstream,
      idleMs: this.#idleMs,
      progress: () => this.seen.requestBytes,
      live: () => this.#live(),
      isWhole: () => upstream.state === 'ended' && this.#replyEnded() && this.#upstreamStream!.rstCode === 0,
      explain: (fault) => this.#explain(fault),
      respond: (status, headers) => this.#respond(status, headers, false),
      give: (piece) => this.#give(piece),
      end: () => void this.#stream.end(),
    };
  }

  #leavingTrailers(body: OutgoingRequest['body']): RawHeaders {
    try {
      return this.#body.leavingTrailers(body);
    } catch (thrown) {
      this.#uploadFault = asFault(thrown);
      throw thrown;
    }
  }

  async #pump(stream: ClientHttp2Stream, wire: Wire, body: OutgoingRequest['body'] & { kind: 'stream' }): Promise<void> {
    try {
      for await (const piece of this.#body.leaving(body))
        await whileQuiet(wire.write(piece), this.#idleMs, 'upstream-silent', () => this.seen.replyBytes);
      if (this.#client.state === 'ended') stream.end();
    } catch (thrown) {
      this.#uploadFault = asFault(thrown);
      stream.close(constants.NGHTTP2_CANCEL);
    }
  }
}
