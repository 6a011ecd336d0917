// Where in a JSON document one stands: the open objects and arrays, the member or element being read in each, and the type of each.
// Names are kept as offsets into the bytes being read and become text when somebody asks. It must not read JSON itself.
import { unescapeLevels } from './unescape.ts';

/** One open object or array. `name` and `type` are undefined while only their offsets are known; `typeStart` is -1 without a type. */
export class Frame {
  isObject = false;
  index = 0;
  name: string | undefined;
  nameStart = 0;
  nameEnd = 0;
  type: string | undefined;
  typeStart = -1;
  typeEnd = 0;
}

/** A place in a document. What asks for text gives the bytes that the offsets belong to. */
export class Place {
  // Frames are used again: only the first `depth` are open.
  readonly #frames: Frame[] = [];
  /** How many objects and arrays are open. */
  depth = 0;

  /** The innermost object or array. */
  get top(): Frame | undefined {
    return this.depth > 0 ? this.#frames[this.depth - 1] : undefined;
  }

  /** Goes into an object or array. */
  enter(isObject: boolean): void {
    if (this.#frames.length === this.depth) this.#frames.push(new Frame());
    const frame = this.#frames[this.depth++]!;
    frame.isObject = isObject;
    frame.index = 0;
    frame.name = '';
    frame.type = undefined;
    frame.typeStart = -1;
  }

  /** Leaves the innermost one. */
  leave(): void {
    this.depth--;
  }

  /** Member names from the root, array steps left out. */
  path(bytes: Buffer): string[] {
    const out: string[] = [];
    for (let d = 0; d < this.depth; d++) if (this.#frames[d]!.isObject) out.push(nameOf(this.#frames[d]!, bytes));
    return out;
  }

  /** Member names and array indexes from the root. */
  steps(bytes: Buffer): (string | number)[] {
    return this.#frames.slice(0, this.depth).map((frame) => (frame.isObject ? nameOf(frame, bytes) : frame.index));
  }

  /** The type of the innermost object, if it is known already. */
  type(bytes: Buffer): string | undefined {
    for (let d = this.depth - 1; d >= 0; d--) if (this.#frames[d]!.isObject) return typeOf(this.#frames[d]!, bytes);
    return undefined;
  }

  /** What is open, with the names and types known of it. */
  outline(bytes: Buffer): string {
    let out = '';
    for (let d = 0; d < this.depth; d++) {
      const frame = this.#frames[d]!;
      out += frame.isObject ? `{${JSON.stringify([nameOf(frame, bytes), typeOf(frame, bytes)])}` : '[';
    }
    return out;
  }

  /** The bytes go away: what is known by offsets becomes text. */
  settle(bytes: Buffer): void {
    for (let d = 0; d < this.depth; d++) {
      const frame = this.#frames[d]!;
      if (!frame.isObject) continue;
      nameOf(frame, bytes);
      typeOf(frame, bytes);
    }
  }

  /** A copy that goes its own way. Settle first. */
  clone(): Place {
    const copy = new Place();
    copy.depth = this.depth;
    for (let d = 0; d < this.depth; d++) copy.#frames.push(Object.assign(new Frame(), this.#frames[d]));
    return copy;
  }
}

/** Whether the member being read is the object's `type`. */
export function isNamedType(frame: Frame, bytes: Buffer): boolean {
  if (frame.name !== undefined) return frame.name === 'type';
  const at = frame.nameStart;
  return frame.nameEnd - at === 4 && bytes[at] === 0x74 && bytes[at + 1] === 0x79 && bytes[at + 2] === 0x70 && bytes[at + 3] === 0x65;
}

/** The text of a JSON string's contents, given as bytes in Latin-1. */
export function textOf(latin1: string): string {
  return unescapeLevels(Buffer.from(latin1, 'latin1').toString(), 1);
}

function nameOf(frame: Frame, bytes: Buffer): string {
  frame.name ??= textOf(bytes.toString('latin1', frame.nameStart, frame.nameEnd));
  return frame.name;
}

function typeOf(frame: Frame, bytes: Buffer): string | undefined {
  if (frame.type === undefined && frame.typeStart >= 0) frame.type = textOf(bytes.toString('latin1', frame.typeStart, frame.typeEnd));
  return frame.type;
}
