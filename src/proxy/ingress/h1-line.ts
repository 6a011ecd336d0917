// One HTTP/1 exchange between a client wire and its upstream wire. Heads and bodies that nobody touched leave with the
// bytes they came in; edited ones are re-framed here. It does not know providers, rules or TLS.
import { asFault, CLIENT_GONE, Fault } from '../../fault.ts';
import { type ReplyHead, type RequestHead, withValue } from '../../headers.ts';
import type { Dialect } from '../../rules/provider.ts';
import type { Line, LineTally, MessagePlan, OutgoingRequest, ReplyPlan, WholeReply } from '../exchange.ts';
import { MAX_INTERIM, type ParsedReply, type ParsedRequest, renderHead } from '../wire/head.ts';
import { whileQuiet } from '../wire/patience.ts';
import type { Wire } from '../wire/wire.ts';
import { errorHead } from './error-reply.ts';
import { answerPieces, answerWhole } from './h1-answer.ts';
import { Http1Body } from './h1-body.ts';
import { asSaid, beginReply, forwardable, readReply, relayReply } from './h1-reply.ts';
import { type LinePatience, nextTurn, Upload } from './upload.ts';
import { farewell, relayMessages } from './websocket.ts';

/** Where an exchange's upstream wire comes from. */
export interface Http1Origin {
  /** The current wire, or a new one. Faults upstream-*, target-refused. */
  open(signal: AbortSignal): Promise<{ readonly wire: Wire; readonly reused: boolean }>;
  /** The wire cannot carry another exchange. */
  drop(how: 'close' | 'cut'): void;
}

/** Up to here a body leaves together with its head. */
const MAX_TOGETHER_BYTES = 256 * 1024;
/** Waiting for a 100 Continue before the body is sent anyway (RFC 9110 10.1.1 leaves the time open). */
const CONTINUE_MS = 1000;

/** An HTTP/1 exchange, from its parsed head on. Made by serveHttp1 for each request; lives until the reply is relayed or has failed. */
export class Http1Line implements Line {
  readonly protocol = 'http/1.1';
  readonly head: RequestHead;
  readonly seen: LineTally = { status: 0, requestBytes: 0, replyBytes: 0 };
  /** Both sides are at a message boundary and willing to go on. */
  reusable = false;
  /** The reply had no framing and upstream ended it by FIN alone: whether it is whole is for the client to judge, by the same end. */
  endsBare = false;
  readonly #client: Wire;
  readonly #parsed: ParsedRequest;
  readonly #origin: Http1Origin;
  readonly #idleMs: () => number;
  readonly #body: Http1Body;
  readonly #abort = new AbortController();
  /** False once the target was rewritten (absolute-form): the head must be rendered anew. */
  readonly #ownBytes: boolean;
  #upstream: Wire | undefined;
  #reused = false;
  #pending: ParsedReply | undefined;
  #continued = false;
  #bodyHeld = false;
  #uploadFault: Fault | undefined;
  #replayable: Buffer | undefined;
  #outlivesClient = (): boolean => false;
  /** A WebSocket is open. */
  #isTalk = false;

  constructor(client: Wire, parsed: ParsedRequest, head: RequestHead, origin: Http1Origin, patience: LinePatience) {
    this.#client = client;
    this.#parsed = parsed;
    this.head = head;
    this.#origin = origin;
    this.#idleMs = () => patience.idleMs;
    this.#ownBytes = head.target === parsed.target;
    this.#body = new Http1Body(client, parsed.framing, new Upload(client, patience, this.seen), this.seen);
    client.onLeave = () => {
      this.#abort.abort(CLIENT_GONE);
      if (!this.#outlivesClient()) this.#origin.drop('cut');
    };
    if (client.state !== 'open') client.onLeave();
  }

  get hasBody(): boolean {
    return this.#parsed.framing.kind === 'chunked' || (this.#parsed.framing.kind === 'length' && this.#parsed.framing.length > 0);
  }
  get bodyLength(): number | undefined {
    return this.#parsed.framing.kind === 'length' ? this.#parsed.framing.length : undefined;
  }
  get wantsWebSocket(): boolean {
    // A handshake has no body (RFC 6455 4.1): with one, the two sides could disagree on where the frames begin.
    return this.head.method === 'GET' && this.#parsed.upgrade.includes('websocket') && !this.hasBody;
  }
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  async collect(maxBytes: number): Promise<Buffer> {
    if (this.#parsed.expectContinue && !this.#client.hasBytes) {
      this.#continued = true;
      this.#client.write('HTTP/1.1 100 Continue\r\n\r\n');
    }
    const bytes = await this.#body.collect(maxBytes);
    this.#live();
    return bytes;
  }

  async send(out: OutgoingRequest): Promise<void> {
    const { wire, reused } = await this.#origin.open(this.signal);
    this.#upstream = wire;
    this.#reused = reused;
    this.#live();
    this.#outlivesClient = out.outlivesClient ?? this.#outlivesClient;
    const head = this.#headBytes(out);
    if (out.body.kind === 'whole') {
      // Before anything is sent: trailers may be refused.
      const parts = this.#body.whole(out.body);
      if (this.#parsed.expectContinue && !(await this.#mayContinue(wire, head))) {
        this.#bodyHeld = true;
        return;
      }
      // Pieces that leave together are copied into one first, which a large body is not worth.
      const uncork = out.body.bytes.length > MAX_TOGETHER_BYTES ? () => {} : wire.cork();
      if (!this.#parsed.expectContinue) wire.write(head);
      // Not awaited: it is all in memory anyway, and upstream may answer without reading it.
      for (const part of parts) void wire.write(part);
      uncork();
      return;
    }
    if (!this.hasBody) {
      if (SAFE.has(this.head.method)) this.#replayable = head;
      await wire.write(head);
      return;
    }
    const uncork = wire.cork();
    wire.write(head);
    queueMicrotask(uncork);
    void this.#pump(wire, out.body);
  }

  async receive(): Promise<ReplyHead> {
    const pending = this.#pending;
    if (pending) {
      this.#pending = undefined;
      return pending;
    }
    for (let interim = 0; interim < MAX_INTERIM; interim++) {
      const reply = forwardable(await this.#nextHead());
      const isSwitch = reply.status === 101 && this.wantsWebSocket && reply.upgrade.includes('websocket');
      if (reply.status >= 200 || isSwitch) return reply;
      if (reply.status !== 100 || !this.#continued) this.#passInterim(reply);
    }
    throw new Fault('upstream-protocol', 'too many interim replies');
  }

  async relay(head: ReplyHead, plan: ReplyPlan): Promise<void> {
    const reply = asSaid(head as ParsedReply);
    const upstream = this.#upstream!;
    const isFramed = await relayReply({ ...this.#ends(), upstream, explain: (fault) => this.#explain(fault) }, reply, plan);
    // Bytes behind a complete reply belong to nobody: they must never be taken for the next one.
    const clean = !upstream.hasBytes && upstream.state === 'open' && reply.keepAlive && reply.framing.kind !== 'until-close';
    const whole = this.#body.done && !this.#bodyHeld;
    if (!clean || !whole) this.#origin.drop('close');
    this.endsBare = !isFramed && upstream.endedBare();
    this.reusable = whole && isFramed && this.#parsed.keepAlive && reply.keepAlive && this.#client.state === 'open';
    this.#client.onLeave = undefined;
  }

  async relayMessages(head: ReplyHead, plan: MessagePlan): Promise<void> {
    const reply = asSaid(head as ParsedReply);
    // From here on a side that ends is part of the protocol, not a client that left.
    this.#client.onLeave = undefined;
    await relayMessages(this.#client, this.#upstream!, reply.headers, plan, this.seen, () => {
      this.#isTalk = true;
      beginReply({ client: this.#client, seen: this.seen }, reply, reply.bytes);
    });
    this.#origin.drop('close');
  }

  answer(reply: WholeReply): void {
    answerWhole({ client: this.#client, seen: this.seen }, reply);
    this.#answered(this.#parsed.version === '1.1');
  }

  async answerAsItComes(head: ReplyHead, pieces: AsyncIterable<Buffer>): Promise<void> {
    this.#answered(await answerPieces(this.#ends(), head, pieces));
  }

  abandon(): void {
    if (this.signal.aborted) this.#origin.drop('cut');
  }

  fail(fault: Fault, dialect: Dialect, id: string): void {
    this.#client.onLeave = undefined;
    this.#origin.drop('cut');
    if (this.seen.status !== 0 || fault.code === 'client-gone' || this.signal.aborted) {
      const last = this.#isTalk && this.#client.state === 'open' ? farewell(fault, dialect, id) : undefined;
      if (last) this.#client.write(last);
      else this.#client.cut();
      return;
    }
    const answer = errorHead(fault, dialect, id);
    this.seen.status = answer.status;
    this.#client.write(Buffer.concat([answer.head, this.head.method === 'HEAD' ? Buffer.alloc(0) : answer.body]));
  }

  #ends() {
    const { version } = this.#parsed;
    return { client: this.#client, seen: this.seen, version, idleMs: this.#idleMs, live: () => this.#live() };
  }

  #answered(isFramed: boolean): void {
    this.reusable = isFramed && this.#parsed.keepAlive && this.#client.state === 'open';
    this.#client.onLeave = undefined;
  }

  /** The fault that stopped a streamed upload explains a missing reply better than the reply side can. */
  #explain(thrown: unknown): unknown {
    if (this.signal.aborted) return new Fault('client-gone');
    return this.#uploadFault ?? thrown;
  }

  #passInterim(reply: ParsedReply): void {
    if (reply.status === 101) throw new Fault('upstream-protocol', 'a protocol switch nobody asked for');
    if (this.#parsed.version === '1.1') this.#client.write(reply.bytes);
  }

  #live(): void {
    if (this.signal.aborted && !this.#outlivesClient()) throw new Fault('client-gone');
  }

  #headBytes(out: OutgoingRequest): Buffer {
    const resized = out.body.kind === 'whole' && out.body.changed && this.#parsed.framing.kind === 'length';
    if (this.#ownBytes && !out.headChanged && !resized) return this.#parsed.bytes;
    const headers = resized
      ? withValue(out.head.headers, 'content-length', String((out.body as { bytes: Buffer }).bytes.length))
      : out.head.headers;
    return renderHead(`${out.head.method} ${out.head.target} HTTP/${this.#parsed.version}`, headers);
  }

  async #mayContinue(wire: Wire, head: Buffer): Promise<boolean> {
    await wire.write(head);
    try {
      for (let interim = 0; interim < MAX_INTERIM; interim++) {
        const reply = await readReply(wire, this.head.method, CONTINUE_MS);
        if (reply.status === 100) return true;
        if (reply.status >= 200) {
          this.#pending = forwardable(reply);
          return false;
        }
        this.#passInterim(forwardable(reply));
      }
      throw new Fault('upstream-protocol', 'too many interim replies');
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.code === 'upstream-silent') return true;
      throw thrown;
    }
  }

  async #nextHead(): Promise<ParsedReply> {
    for (;;) {
      const wire = this.#upstream!;
      try {
        const first = await whileQuiet(wire.read(), this.#idleMs, 'upstream-silent', () => this.seen.requestBytes);
        if (first) wire.unread(first);
        return await readReply(wire, this.head.method, 0);
      } catch (thrown) {
        const stale =
          this.#reused &&
          this.#replayable !== undefined &&
          thrown instanceof Fault &&
          thrown.code === 'upstream-cut' &&
          !this.signal.aborted;
        if (!stale) throw this.#explain(thrown);
        // A kept connection that upstream closed while it was idle; a request without side effects may go out once more.
        this.#origin.drop('close');
        const fresh = await this.#origin.open(this.signal);
        this.#upstream = fresh.wire;
        this.#reused = fresh.reused;
        const again = this.#replayable!;
        this.#replayable = undefined;
        await fresh.wire.write(again);
      }
    }
  }

  async #pump(wire: Wire, body: OutgoingRequest['body'] & { kind: 'stream' }): Promise<void> {
    const give = async (bytes: Buffer) => {
      await nextTurn();
      if (wire.state === 'open') await wire.write(bytes);
    };
    try {
      for await (const bytes of this.#body.leaving(body)) {
        await whileQuiet(give(bytes), this.#idleMs, 'upstream-silent', () => this.seen.replyBytes);
        this.#live();
      }
    } catch (thrown) {
      // Half an upload must not look complete: the connection goes down with it.
      this.#uploadFault = asFault(thrown);
      wire.cut();
    }
  }
}

/** Methods without side effects (RFC 9110 9.2.1): the only ones sent again on a stale connection. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
