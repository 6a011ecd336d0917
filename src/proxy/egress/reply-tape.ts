// A reply that is written once and read by any number of readers, each at its own pace, from its beginning. Up to its bound it keeps all of
// it, so that one may still come; above it only what a reader has not had yet, and a reader that falls far behind is let go of.
// It must not know where it comes from.
import { CLIENT_GONE, Fault } from '../../fault.ts';
import type { ReplyHead } from '../../headers.ts';

/** One who reads along. */
export interface ReplyReader {
  /** Rejects with the Fault that ended it before its head, and client-gone. */
  head(signal: AbortSignal): Promise<ReplyHead>;
  /** The payload as its first reader gets it, in pieces; throws the Fault that ended it. To be asked for once, behind the head. */
  pieces(signal: AbortSignal): AsyncGenerator<Buffer, void>;
}

/** Most of one reply, and most that a reader may be behind. */
const MAX_BYTES = 4 * 1024 * 1024;

/** The room that all tapes share, in bytes. */
export interface Room {
  /** False: there is none. */
  take(size: number): boolean;
  give(size: number): void;
}

interface Place {
  at: number;
  isLost: boolean;
}

/** One reply. */
export class ReplyTape {
  #head: ReplyHead | undefined;
  #pieces: Buffer[] = [];
  /** Pieces that were let go of. */
  #gone = 0;
  /** Bytes that came, and those that are kept. */
  #bytes = 0;
  #kept = 0;
  #isOver = false;
  #fault: Fault | undefined;
  /** Nobody may join any more. */
  #isShut = false;
  readonly #places = new Set<Place>();
  readonly #waiting = new Set<() => void>();
  readonly #room: Room;
  /** Called when the last reader has left. */
  onUnread: () => void = () => undefined;

  constructor(room: Room) {
    this.#room = room;
  }

  get readers(): number {
    return this.#places.size;
  }
  get isOver(): boolean {
    return this.#isOver;
  }
  isOpen(): boolean {
    return !this.#isShut;
  }
  isSuccess(): boolean {
    return this.#head !== undefined && this.#head.status >= 200 && this.#head.status < 300;
  }

  begin(head: ReplyHead): void {
    this.#head = head;
    this.#tell();
  }

  push(piece: Buffer): void {
    if (piece.length === 0 || (this.#isShut && this.#places.size === 0)) return;
    this.#bytes += piece.length;
    if (this.#bytes > MAX_BYTES) this.#isShut = true;
    if (this.#room.take(piece.length)) {
      this.#kept += piece.length;
      // A slice would keep all of what was read with it.
      this.#pieces.push(Buffer.from(piece));
    } else {
      this.#isShut = true;
      for (const place of this.#places) place.isLost = true;
    }
    if (this.#isShut) this.#trim();
    this.#tell();
  }

  end(fault: Fault | undefined): void {
    this.#isOver = true;
    this.#fault = fault;
    this.#tell();
  }

  /** Nobody comes any more; those that are there read what they have not had. */
  close(): void {
    this.#isShut = true;
    this.#trim();
  }

  read(): ReplyReader {
    const place: Place = { at: 0, isLost: false };
    this.#places.add(place);
    const leave = (): void => {
      if (!this.#places.delete(place)) return;
      if (this.#isShut) this.#trim();
      if (this.#places.size === 0) this.onUnread();
    };
    return {
      head: async (signal) => {
        try {
          while (!this.#head) {
            if (this.#isOver) throw this.#fault ?? new Fault('upstream-cut', 'before a reply');
            await this.#next(signal);
          }
          return this.#head;
        } catch (thrown) {
          leave();
          throw thrown;
        }
      },
      pieces: (signal) => this.#read(place, signal, leave),
    };
  }

  async *#read(place: Place, signal: AbortSignal, leave: () => void): AsyncGenerator<Buffer, void> {
    try {
      for (;;) {
        if (place.isLost) throw new Fault('client-slow', 'too far behind the first reader');
        const piece = this.#pieces[place.at - this.#gone];
        if (piece) {
          place.at++;
          if (this.#isShut) this.#trim();
          yield piece;
        } else if (this.#isOver) {
          if (this.#fault) throw this.#fault;
          return;
        } else await this.#next(signal);
      }
    } finally {
      leave();
    }
  }

  /** Lets go of what everybody has had, and of readers for whose sake too much would be kept. */
  #trim(): void {
    while (this.#pieces.length > 0) {
      const isTooMuch = this.#kept > MAX_BYTES;
      const behind = [...this.#places].filter(({ at, isLost }) => !isLost && at <= this.#gone);
      if (behind.length > 0 && !isTooMuch) return;
      for (const place of behind) place.isLost = true;
      const { length } = this.#pieces.shift()!;
      this.#kept -= length;
      this.#room.give(length);
      this.#gone++;
    }
  }

  #next(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(CLIENT_GONE);
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(go);
        signal.removeEventListener('abort', onGone);
      };
      const go = () => {
        leave();
        resolve();
      };
      const onGone = () => {
        leave();
        reject(CLIENT_GONE);
      };
      this.#waiting.add(go);
      signal.addEventListener('abort', onGone);
    });
  }

  #tell(): void {
    for (const go of [...this.#waiting]) go();
  }
}
