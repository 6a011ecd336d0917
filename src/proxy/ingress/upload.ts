// Reads a request body from its client at a pace that is bound: silence and dripping end it, unless the reply has begun and the
// two sides are in conversation. It knows neither framing nor where the bytes go.
import type { LineTally } from '../exchange.ts';
import { Pace, whileQuiet } from '../wire/patience.ts';
import type { Wire } from '../wire/wire.ts';

/** How long a line waits for its peers, ms. */
export interface LinePatience {
  /** Longest silence of a client in mid-body while upstream has said nothing. */
  readonly bodyMs: number;
  /** Longest silence of an exchange. */
  readonly idleMs: number;
}

/** A client that owes the rest of its body. */
export class Upload {
  readonly #client: Wire;
  readonly #patience: LinePatience;
  readonly #seen: LineTally;
  readonly #pace: Pace;
  constructor(client: Wire, patience: LinePatience, seen: LineTally) {
    this.#client = client;
    this.#patience = patience;
    this.#seen = seen;
    this.#pace = new Pace(patience.bodyMs);
  }

  /** The next bytes, undefined when the client has ended or gone. Fault `client-slow`. */
  read(): Promise<Buffer | undefined> | Buffer | undefined {
    const next = this.#client.read();
    return next instanceof Promise ? this.#wait(next) : next;
  }

  async #wait(next: Promise<Buffer | undefined>): Promise<Buffer | undefined> {
    const { bodyMs, idleMs } = this.#patience;
    const seen = this.#seen;
    const began = performance.now();
    const isConversation = () => seen.status !== 0;
    const bytes = await whileQuiet(
      next,
      () => (isConversation() ? idleMs : bodyMs),
      'client-slow',
      () => seen.status + seen.replyBytes,
    );
    if (bytes && !isConversation()) this.#pace.note(bytes.length, performance.now() - began);
    return bytes;
  }
}

/**
 * Lets what has already arrived be read first: Node gives up the whole socket when a write meets a reset, with the early answer (413)
 * that came before it.
 */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
