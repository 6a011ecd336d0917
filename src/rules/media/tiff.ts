// The directory of places in Exif data: emptied where it lies, so that nothing else moves (Exif 3.0, TIFF 6.0).
// It must not know which file holds the data.

const GPS = 0x8825;
/** Directories that lie beside the first one: Exif's own, and that of compatibility. */
const FURTHER: ReadonlySet<number> = new Set([0x8769, 0xa005]);
/** Packets that may say the place as text: XMP, IPTC, Photoshop's. */
const PACKETS: ReadonlySet<number> = new Set([0x02bc, 0x83bb, 0x8649]);
/** Bytes by type of a field. */
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
const ENTRY = 12;
const MAX_DIRECTORIES = 16;
/** More than a camera writes; a medium that says more of them is made to keep us busy. */
const MAX_ENTRIES = 4096;
const MAX_BLANKED = 4;

/** Whether TIFF data begins here. */
export function isTiff(bytes: Buffer, at: number): boolean {
  const mark = bytes.toString('hex', at, at + 4);
  return mark === '49492a00' || mark === '4d4d002a';
}

/**
 * Empties the directory of places in the data `[start, end)`, in place, and blanks packets of text. True where anything changed. Data that
 * cannot be read is blanked as a whole: nobody knows what it says.
 */
export function emptyPlaces(bytes: Buffer, start: number, end: number): boolean {
  try {
    return new Tiff(bytes.subarray(start, end)).empty();
  } catch {
    bytes.fill(0, start, end);
    return true;
  }
}

class Tiff {
  readonly #bytes: Buffer;
  readonly #isLittle: boolean;
  #changed = false;
  #entries = 0;
  #blanked = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#isLittle = bytes[0] === 0x49;
  }

  empty(): boolean {
    const open = [this.#u32(4)];
    for (let n = 0; n < MAX_DIRECTORIES; n++) {
      const at = open.shift();
      if (at === undefined || at === 0) break;
      open.push(...this.#directory(at));
    }
    return this.#changed;
  }

  /** Goes through one; gives where further ones are. */
  #directory(at: number): number[] {
    const count = this.#count(at);
    const next: number[] = [];
    for (let i = 0; i < count; i++) {
      const entry = at + 2 + i * ENTRY;
      const tag = this.#u16(entry);
      if (tag === GPS) this.#emptyDirectory(this.#u32(entry + 8));
      else if (FURTHER.has(tag)) next.push(this.#u32(entry + 8));
      else if (PACKETS.has(tag)) this.#blankValue(entry);
    }
    return [...next, this.#u32(at + 2 + count * ENTRY)];
  }

  #emptyDirectory(at: number): void {
    const count = this.#count(at);
    for (let i = 0; i < count; i++) this.#blankValue(at + 2 + i * ENTRY);
    this.#fill(at, 2 + count * ENTRY);
  }

  #count(at: number): number {
    const count = this.#u16(at);
    this.#entries += count;
    if (this.#entries > MAX_ENTRIES) throw new RangeError('too many entries');
    return count;
  }

  /** What does not fit into the entry stands elsewhere. */
  #blankValue(entry: number): void {
    const size = (SIZES[this.#u16(entry + 2)] ?? 1) * this.#u32(entry + 4);
    if (size > 4) this.#fill(this.#u32(entry + 8), size);
    else this.#fill(entry + 8, 4);
  }

  #fill(at: number, size: number): void {
    this.#blanked += size;
    if (at + size > this.#bytes.length || this.#blanked > MAX_BLANKED * this.#bytes.length) throw new RangeError('behind the end');
    if (this.#bytes.subarray(at, at + size).every((byte) => byte === 0)) return;
    this.#bytes.fill(0, at, at + size);
    this.#changed = true;
  }

  #u16(at: number): number {
    return this.#isLittle ? this.#bytes.readUInt16LE(at) : this.#bytes.readUInt16BE(at);
  }

  #u32(at: number): number {
    return this.#isLittle ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at);
  }
}
