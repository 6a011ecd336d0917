// Chunks of a PNG (ISO/IEC 15948 5.3) that may say where a picture was taken. Their checksums are made anew.
// It must not know how Exif data is built.
import { crc32 } from '../masking/crc32.ts';
import { emptyPlaces } from './tiff.ts';

const SIGNATURE = '89504e470d0a1a0a';
const TEXTS: ReadonlySet<string> = new Set(['iTXt', 'tEXt', 'zTXt']);
const TELLING = /^(?:XML:com\.adobe\.xmp|Raw profile type (?:exif|app1|xmp|iptc|8bim))\0/i;
/** Length, name and checksum of a chunk. */
const FRAME = 12;
const LONGEST_NAME = 80;

/** Whether a PNG begins here. */
export function isPng(bytes: Buffer): boolean {
  return bytes.toString('hex', 0, 8) === SIGNATURE;
}

/** Takes places out, in place. True where anything changed. What breaks off is left as far as it cannot be read. */
export function emptyChunks(bytes: Buffer): boolean {
  let changed = false;
  for (let at = 8; at + FRAME <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const start = at + 8;
    const end = start + length;
    if (end + 4 > bytes.length) break;
    if (emptied(bytes, bytes.toString('latin1', at + 4, start), start, end)) {
      bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end);
      changed = true;
    }
    at = end + 4;
  }
  return changed;
}

function emptied(bytes: Buffer, name: string, start: number, end: number): boolean {
  if (name === 'eXIf') return emptyPlaces(bytes, start, end);
  const word = TEXTS.has(name) ? TELLING.exec(bytes.toString('latin1', start, Math.min(end, start + LONGEST_NAME))) : null;
  if (!word) return false;
  const from = start + word[0].length;
  if (bytes.subarray(from, end).every((byte) => byte === 0)) return false;
  // No compression, no language: an empty text that is filled up.
  bytes.fill(0, from, end);
  return true;
}
