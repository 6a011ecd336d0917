// Takes out of a picture, a document or a film where it was made. Bytes are blanked where they lie, so the length stays and everything
// else is the same: which way is up, the colours, the picture. It must not know where the medium stands.
import { emptyChunks, isPng } from './png.ts';
import { emptyPlaces, isTiff } from './tiff.ts';

const EXIF = Buffer.from('Exif\0\0');
/** A film has one, a picture with pictures in it a few. */
const MAX_EXIF = 32;
const TIFF_HEAD = 8;
const XMP_BEGIN = Buffer.from('<x:xmpmeta');
const XMP_END = Buffer.from('</x:xmpmeta>');
/** A segment of JPEG that holds IPTC's words: city, state, country. */
const PHOTOSHOP = Buffer.from('Photoshop 3.0\0');
/** A chunk of WebP, whose data may begin without the word. */
const WEBP_EXIF = Buffer.from('EXIF');
/** ISO 6709, as films carry it. */
const COORDINATES = /[+-]\d{2}(?:\.\d+)?[+-]\d{3}(?:\.\d+)?(?:[+-]\d+(?:\.\d+)?)?\//g;

/** A copy without places; the same buffer where there are none. */
export function withoutPlaces(medium: Buffer): Buffer {
  const bytes = Buffer.from(medium);
  const changes = isPng(bytes)
    ? [emptyChunks(bytes)]
    : [inExif(bytes), isTiff(bytes, 0) && emptyPlaces(bytes, 0, bytes.length), inWebp(bytes), inXmp(bytes), inIptc(bytes), inFilm(bytes)];
  return changes.includes(true) ? bytes : medium;
}

/** Every one, in pictures within the picture too. Of more than there can be the rest is made unreadable. */
function inExif(bytes: Buffer): boolean {
  let changed = false;
  let count = 0;
  for (let at = bytes.indexOf(EXIF); at >= 0; at = bytes.indexOf(EXIF, at + EXIF.length)) {
    const start = at + EXIF.length;
    if (!isTiff(bytes, start)) continue;
    const end = segmentEnd(bytes, at);
    if (++count > MAX_EXIF) bytes.fill(0, start, Math.min(end, start + TIFF_HEAD));
    changed = count > MAX_EXIF || emptyPlaces(bytes, start, end) || changed;
  }
  return changed;
}

/** The end of the JPEG segment whose data begins at `at`; of the whole where it is no such segment. */
function segmentEnd(bytes: Buffer, at: number): number {
  const isSegment = at >= 4 && bytes[at - 4] === 0xff && (bytes[at - 3]! & 0xf0) === 0xe0;
  return isSegment ? Math.min(bytes.length, at - 2 + bytes.readUInt16BE(at - 2)) : bytes.length;
}

function inWebp(bytes: Buffer): boolean {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF') return false;
  const at = bytes.indexOf(WEBP_EXIF, 12);
  if (at < 0 || !isTiff(bytes, at + 8)) return false;
  return emptyPlaces(bytes, at + 8, Math.min(bytes.length, at + 8 + bytes.readUInt32LE(at + 4)));
}

function inXmp(bytes: Buffer): boolean {
  let changed = false;
  for (let at = bytes.indexOf(XMP_BEGIN); at >= 0; at = bytes.indexOf(XMP_BEGIN, at + 1)) {
    const end = bytes.indexOf(XMP_END, at);
    bytes.fill(0x20, at, end < 0 ? segmentEnd(bytes, at) : end + XMP_END.length);
    changed = true;
  }
  return changed;
}

function inIptc(bytes: Buffer): boolean {
  let changed = false;
  for (let at = bytes.indexOf(PHOTOSHOP); at >= 0; at = bytes.indexOf(PHOTOSHOP, at + 1)) {
    const start = at + PHOTOSHOP.length;
    const end = segmentEnd(bytes, at);
    // Without the length of a segment it is a word in a text.
    if (end === bytes.length || bytes.subarray(start, end).every((byte) => byte === 0)) continue;
    bytes.fill(0, start, end);
    changed = true;
  }
  return changed;
}

function inFilm(bytes: Buffer): boolean {
  if (bytes.toString('latin1', 4, 8) !== 'ftyp') return false;
  let changed = false;
  for (const m of bytes.toString('latin1').matchAll(COORDINATES)) {
    bytes.write(m[0].replace(/\d/g, '0'), m.index, 'latin1');
    changed = true;
  }
  return changed;
}
