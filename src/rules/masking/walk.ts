// Walks JSON as bytes, without building it: which stretch of bytes is a string, and where in the document it stands. Bytes may come
// in pieces, cut anywhere. Structure is checked strictly, numbers and escapes loosely. It must not know what anybody looks for.
import { isNamedType, Place, textOf } from './place.ts';

/**
 * A string's contents between its quotes, as offsets into the bytes pushed. `more`: it goes on in the next piece, which then begins
 * with the rest of it. While it runs, `path()` and the like speak of this string.
 */
export type StringVisit = (start: number, end: number, more: boolean) => void;

const VALUE = 0;
const FIRST_VALUE = 1;
const NAME = 2;
const FIRST_NAME = 3;
const COLON = 4;
const AFTER = 5;
const SCALAR = 6;
const IN_VALUE = 7;
const IN_NAME = 8;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MAX_DEPTH = 4096;
/** Where a walk may pause: in a list of messages, not in the parts of one. */
const SHALLOW = 3;
/** What a number or a literal word begins with and goes on with, NaN and Infinity too. Any other word is the beginning of a text. */
const BEGINS = 1;
const INSIDE = 2;
const SCALARS = new Uint8Array(256);
for (const char of '-+0123456789tfnNI') SCALARS[char.charCodeAt(0)]! |= BEGINS;
for (const char of '-+.0123456789eEtrufalsnNIiy') SCALARS[char.charCodeAt(0)]! |= INSIDE;
/** Names and types are remembered to this length. */
const MAX_CARRY = 1024;
const SHORT_STRING = 48;
const HEAD_BYTES = 64;

/** A walk over one document, or with `many` over several in a row. */
export class JsonWalk {
  /** Strings that end at or before this offset of the bytes pushed are passed over without a visit. */
  wanted = 0;
  readonly #many: boolean;
  #place = new Place();
  #state = VALUE;
  #bytes: Buffer = Buffer.alloc(0);
  #escaped = false;
  #head = '';
  #headStart = 0;
  #headEnd = 0;
  #carry = '';
  #broken = false;

  constructor(many = false) {
    this.#many = many;
  }

  /** Not JSON, or more than one document where one was expected. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Whether the document is complete. */
  get complete(): boolean {
    return !this.#broken && this.#place.depth === 0 && (this.#state === AFTER || this.#state === SCALAR);
  }

  /** A walk that goes on from here on its own. Only between pushes. */
  clone(): JsonWalk {
    const copy = new JsonWalk(this.#many);
    copy.#place = this.#place.clone();
    copy.#state = this.#state;
    copy.#escaped = this.#escaped;
    copy.#carry = this.#carry;
    copy.#broken = this.#broken;
    copy.#head = this.#head;
    return copy;
  }

  /** Member names from the root to the string, array steps left out. A member name stands at its own place. */
  path(): string[] {
    return this.#place.path(this.#bytes);
  }

  /** The same with array indexes. */
  steps(): (string | number)[] {
    return this.#place.steps(this.#bytes);
  }

  /** The `type` member of the innermost object, if it came before. */
  type(): string | undefined {
    return this.#place.type(this.#bytes);
  }

  /** How the string being visited begins: its first 64 bytes or so, escapes undone. */
  head(): string {
    return textOf(this.#head + this.#bytes.toString('latin1', this.#headStart, this.#headEnd));
  }

  /** Where the walk stands between two pushes, as text: equal for two walks that read what follows alike, array indexes apart. */
  place(): string {
    return `${this.#state}${this.#place.outline(this.#bytes)}`;
  }

  /** Whether a comma between two elements or members came last. */
  get betweenElements(): boolean {
    return !this.#broken && (this.#state === VALUE || this.#state === NAME) && this.#place.depth > 0;
  }

  /** Whether the string being visited is a member's name. */
  get atName(): boolean {
    return this.#state === IN_NAME;
  }

  /**
   * Reads `bytes` from `from` on and returns how far it came: the end; or where the document broke; or, with `pauseFrom`, behind the
   * first comma at or after that offset between elements of an outer container.
   */
  push(bytes: Buffer, from: number, visit: StringVisit, pauseFrom = Number.POSITIVE_INFINITY): number {
    this.#bytes = bytes;
    let i = from;
    if (this.#state >= IN_VALUE) i = this.#string(i, visit, true);
    while (i < bytes.length && !this.#broken) {
      const byte = bytes[i]!;
      switch (byte) {
        case QUOTE:
          this.#openString();
          if (!this.#broken) i = this.#string(i + 1, visit, false);
          continue;
        case 0x20:
        case 0x0a:
        case 0x0d:
        case 0x09:
          if (this.#state === SCALAR) this.#state = AFTER;
          break;
        case 0x2c:
          this.#comma();
          if (i >= pauseFrom && this.#place.depth <= SHALLOW && !this.#broken) {
            this.#place.settle(bytes);
            return i + 1;
          }
          break;
        case 0x3a:
          if (this.#state === COLON) this.#state = VALUE;
          else this.#broken = true;
          break;
        case 0x7b:
          this.#open(true);
          break;
        case 0x5b:
          this.#open(false);
          break;
        case 0x7d:
          this.#close(true);
          break;
        case 0x5d:
          this.#close(false);
          break;
        default:
          this.#scalar(byte);
      }
      if (this.#broken) break;
      i++;
    }
    this.#place.settle(bytes);
    return i;
  }

  #value(): boolean {
    if (this.#place.depth === 0 && this.#many && this.#state === AFTER) this.#state = VALUE;
    if (this.#state <= FIRST_VALUE) return true;
    this.#broken = true;
    return false;
  }

  #openString(): void {
    if (this.#state === NAME || this.#state === FIRST_NAME) this.#state = IN_NAME;
    else if (this.#value()) this.#state = IN_VALUE;
    this.#head = '';
    this.#carry = '';
    this.#escaped = false;
  }

  /** Reads on in the string that is open, to its quote or to the end of the bytes. */
  #string(from: number, visit: StringVisit, resumed: boolean): number {
    const bytes = this.#bytes;
    const start = Math.min(from, bytes.length);
    const skip = this.#escaped && start < bytes.length ? 1 : 0;
    const end = closingQuote(bytes, start + skip);
    const more = end < 0;
    const to = more ? bytes.length : end;
    this.#headStart = start;
    this.#headEnd = Math.min(to, start + HEAD_BYTES - this.#head.length);
    const frame = this.#place.top;
    if (this.#state === IN_NAME) {
      frame!.nameStart = start;
      frame!.nameEnd = to;
      frame!.name = resumed || more ? this.#carried(start, to) : undefined;
    }
    if (to > this.wanted) visit(start, to, more);
    if (this.#state === IN_VALUE && frame?.isObject && isNamedType(frame, bytes)) {
      const type = resumed || more ? this.#carried(start, to) : undefined;
      if (!more) {
        frame.type = type;
        frame.typeStart = start;
        frame.typeEnd = to;
      }
    }
    if (!more) {
      this.#state = this.#state === IN_NAME ? COLON : AFTER;
      return end + 1;
    }
    this.#head += bytes.toString('latin1', start, this.#headEnd);
    if (start + skip < bytes.length) this.#escaped = isEscapedAt(bytes, start + skip, bytes.length);
    else if (skip > 0) this.#escaped = false;
    return bytes.length;
  }

  /** A name or type that lies in several pieces, as far as it is known. */
  #carried(start: number, to: number): string {
    if (this.#carry.length < MAX_CARRY) this.#carry += this.#bytes.toString('latin1', start, to);
    return textOf(this.#carry);
  }

  #comma(): void {
    const frame = this.#place.top;
    if (!frame || (this.#state !== AFTER && this.#state !== SCALAR)) {
      this.#broken = true;
      return;
    }
    frame.index++;
    this.#state = frame.isObject ? NAME : VALUE;
  }

  #open(isObject: boolean): void {
    if (!this.#value()) return;
    if (this.#place.depth === MAX_DEPTH) {
      this.#broken = true;
      return;
    }
    this.#place.enter(isObject);
    this.#state = isObject ? FIRST_NAME : FIRST_VALUE;
  }

  #close(isObject: boolean): void {
    const top = this.#place.top;
    const first = isObject ? FIRST_NAME : FIRST_VALUE;
    if (top?.isObject === isObject && (this.#state === AFTER || this.#state === SCALAR || this.#state === first)) {
      this.#place.leave();
      this.#state = AFTER;
    } else this.#broken = true;
  }

  #scalar(byte: number): void {
    const goesOn = this.#state === SCALAR;
    if ((SCALARS[byte]! & (goesOn ? INSIDE : BEGINS)) === 0) this.#broken = true;
    else if (!goesOn && this.#value()) this.#state = SCALAR;
  }
}

/** Where the string that goes on at `from` ends; -1 if not in these bytes. Long strings are searched natively. */
function closingQuote(bytes: Buffer, from: number): number {
  let i = from;
  const near = Math.min(bytes.length, from + SHORT_STRING);
  while (i < near) {
    const byte = bytes[i]!;
    if (byte === QUOTE) return i;
    i += byte === BACKSLASH ? 2 : 1;
  }
  while (i < bytes.length) {
    const quote = bytes.indexOf(QUOTE, i);
    if (quote < 0) return -1;
    if (!isEscapedAt(bytes, i, quote)) return quote;
    i = quote + 1;
  }
  return -1;
}

/** Whether an odd run of backslashes ends right before `at`, looking back to `from`. */
function isEscapedAt(bytes: Buffer, from: number, at: number): boolean {
  let i = at;
  while (i > from && bytes[i - 1] === BACKSLASH) i--;
  return ((at - i) & 1) === 1;
}
