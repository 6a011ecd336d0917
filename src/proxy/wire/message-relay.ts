// One direction of a WebSocket, message by message: held until whole, shown to a rule, then passed on with its own bytes or replaced.
// Must not know sockets or what rules look for.
import { isUtf8 } from 'node:buffer';
import { Fault } from '../../fault.ts';
import { DeflateDirection, type DeflateParameters } from './deflate.ts';
import { type Frame, FrameParser, isControl, OPCODE, type Sender, writeFrame, wrongBy } from './websocket.ts';

/** What one direction needs to know. */
export interface MessageRelayOptions {
  readonly from: Sender;
  /** What the reply agreed to (`parseDeflate`), the same for both directions. */
  readonly deflate: DeflateParameters | undefined;
  /** Most payload bytes of a message, as sent and after inflating. */
  readonly maxMessageBytes: number;
  /**
   * Sees each whole data message, inflated. undefined passes it on with the bytes it came in; a Buffer or several take its place, each as
   * a message of the same kind; an empty array drops it. The payload may not be changed in place.
   */
  readonly onMessage: (payload: Buffer, isText: boolean) => Buffer | readonly Buffer[] | undefined;
}

/** One direction. Synchronous: what `push` returns is in order and complete. */
export interface MessageRelay {
  /**
   * The bytes to forward for `chunk`, views of it where nothing changed. Control frames go at once, before a message they interrupt.
   * Throws Fault `bad-request` or `upstream-protocol` for what RFC 6455 and 7692 forbid, `body-too-large`, and whatever `onMessage`
   * throws; then nothing more may be pushed. Bytes behind a Close frame are dropped.
   */
  push(chunk: Buffer): Buffer[];
  /** Whether a Close frame went through. */
  readonly closed: boolean;
}

const MAX_FRAGMENTS = 65_536;
/** Smaller held pieces are copied, so that a few bytes do not keep a whole socket read alive. */
const COPY_BYTES = 16 * 1024;

/** A relay for the messages of one direction. */
export function createMessageRelay(options: MessageRelayOptions): MessageRelay {
  return new Relay(options);
}

class Relay implements MessageRelay {
  readonly #options: MessageRelayOptions;
  readonly #parser: FrameParser;
  readonly #deflate: DeflateDirection | undefined;
  #closed = false;
  /** The frames held of a message begun, with the first one's opcode and bit. */
  #held: Frame[] = [];
  #heldBytes = 0;
  constructor(options: MessageRelayOptions) {
    this.#options = options;
    this.#deflate = options.deflate && new DeflateDirection(options.from, options.deflate);
    this.#parser = new FrameParser(options.from, options.deflate !== undefined, () => options.maxMessageBytes - this.#heldBytes);
  }
  get closed(): boolean {
    return this.#closed;
  }
  push(chunk: Buffer): Buffer[] {
    const out: Buffer[] = [];
    if (!this.#closed) this.#parser.push(chunk, (frame) => this.#take(frame, out));
    return out;
  }
  #take(frame: Frame, out: Buffer[]): void {
    if (this.#closed) return;
    if (isControl(frame.opcode)) {
      this.#closed = frame.opcode === OPCODE.close;
      out.push(frame.raw);
      return;
    }
    const begun = this.#held.length > 0;
    if (begun !== (frame.opcode === OPCODE.continuation))
      throw this.#wrong(begun ? 'a message inside another' : 'a continuation of nothing');
    if (frame.fin && !begun) {
      this.#conclude([frame], out);
      return;
    }
    if (this.#held.length >= MAX_FRAGMENTS) throw this.#wrong('too many fragments');
    this.#held.push(frame.fin || frame.raw.length >= COPY_BYTES ? frame : ownFrame(frame));
    this.#heldBytes += frame.payload.length;
    if (!frame.fin) return;
    const frames = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    this.#conclude(frames, out);
  }
  #conclude(frames: readonly Frame[], out: Buffer[]): void {
    const { from, maxMessageBytes, onMessage } = this.#options;
    const { opcode, rsv1 } = frames[0]!;
    const payload = frames.length === 1 ? frames[0]!.payload : Buffer.concat(frames.map((frame) => frame.payload));
    // The parser lets RSV1 through only where compression was agreed.
    const deflate = rsv1 ? this.#deflate : undefined;
    const plain = deflate ? deflate.inflate(payload, maxMessageBytes) : payload;
    const isText = opcode === OPCODE.text;
    if (isText && !isUtf8(plain)) throw this.#wrong('a text message that is not UTF-8');
    const answer = onMessage(plain, isText);
    if (answer === undefined) {
      if (!deflate || deflate.inStep) {
        for (const frame of frames) out.push(frame.raw);
      } else {
        out.push(writeFrame(from, opcode, deflate.deflate(plain), true));
        deflate.noteUnchanged(plain.length);
      }
      return;
    }
    deflate?.noteChanged();
    for (const message of Array.isArray(answer) ? (answer as readonly Buffer[]) : [answer as Buffer]) {
      out.push(writeFrame(from, opcode, deflate ? deflate.deflate(message) : message, rsv1));
    }
  }
  #wrong(detail: string): Fault {
    return new Fault(wrongBy(this.#options.from), detail);
  }
}

function ownFrame(frame: Frame): Frame {
  const raw = Buffer.from(frame.raw);
  // From the client the payload is its own copy already.
  const aliased = frame.payload.buffer === frame.raw.buffer;
  return { ...frame, raw, payload: aliased ? raw.subarray(raw.length - frame.payload.length) : frame.payload };
}
