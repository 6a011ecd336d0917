// Where in a body digits stand together, as in the numbers of cards, telephones and people: a run of digits with single blanks,
// hyphens, dots and the like between them, written plainly, in full width or with escapes. It must not know what the numbers mean.

/** Called with the bytes `[start, end)` of a run and how many digits it has. Offsets rise. */
export type RunHit = (start: number, end: number, count: number) => void;

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
/** How many separators may stand between two digits. */
export const MAX_GAP = 4;

const DIGIT = 1;
const SEPARATOR = 2;
/** Begins a character of two or three bytes that may be a space, a hyphen, of no width or of full width. */
const WIDE = 3;
const CLASSES = new Uint8Array(256);
for (let byte = 0x30; byte <= 0x39; byte++) CLASSES[byte] = DIGIT;
for (const char of ' -./()+_') CLASSES[char.charCodeAt(0)] = SEPARATOR;
for (const lead of [0xc2, 0xd9, 0xdb, 0xe0, 0xe2, 0xef]) CLASSES[lead] = WIDE;
CLASSES[BACKSLASH] = WIDE;

/** By pair of bytes: whether a run may begin at one of them. */
const MARKS = markPairs();

function markPairs(): Uint8Array {
  const begins = (byte: number) => CLASSES[byte] === DIGIT || (CLASSES[byte] === WIDE && ![0xc2, 0xe2, BACKSLASH].includes(byte));
  const both = Uint8Array.from({ length: 2 * 65536 }, (_, i) => (i & 1 ? (i >> 1) & 255 : i >> 9));
  const pairs = new Uint16Array(both.buffer);
  const marks = new Uint8Array(65536);
  for (let i = 0; i < pairs.length; i++) {
    const left = both[2 * i]!;
    const right = both[2 * i + 1]!;
    const mayBegin = begins(left) || begins(right) || right === BACKSLASH || (left === BACKSLASH && right === LETTER_U);
    marks[pairs[i]!] = mayBegin ? 1 : 0;
  }
  return marks;
}

/** Reports each run in `bytes[from, to)` of at least `least` digits. Reads two bytes at a step where there are none. */
export function findDigitRuns(bytes: Uint8Array, from: number, to: number, least: number, hit: RunHit): void {
  const shift = bytes.byteOffset & 1;
  const pairs = new Uint16Array(bytes.buffer, bytes.byteOffset + shift, (bytes.length - shift) >> 1);
  let i = from;
  while (i < to) {
    if (((i - shift) & 1) === 0) {
      let step = (i - shift) >> 1;
      const last = Math.min(pairs.length, (to - shift) >> 1);
      const whole = last - 3;
      while (step < whole && (MARKS[pairs[step]!]! | MARKS[pairs[step + 1]!]! | MARKS[pairs[step + 2]!]! | MARKS[pairs[step + 3]!]!) === 0)
        step += 4;
      while (step < last && MARKS[pairs[step]!] === 0) step++;
      i = 2 * step + shift;
      if (i >= to) return;
    }
    const kind = CLASSES[bytes[i]!]!;
    if (kind !== DIGIT && (kind !== WIDE || wideDigits(bytes, i) === 0)) {
      i++;
      continue;
    }
    i = runFrom(bytes, i, to, least, hit);
  }
}

/** Reads the run that begins at `start`; gives where to go on. */
function runFrom(bytes: Uint8Array, start: number, to: number, least: number, hit: RunHit): number {
  let i = start;
  let end = start;
  let count = 0;
  let gap = 0;
  while (i < to && gap <= MAX_GAP) {
    const next = CLASSES[bytes[i]!]!;
    if (next === DIGIT) {
      count++;
      gap = 0;
      end = ++i;
    } else if (next === SEPARATOR) {
      gap++;
      i++;
    } else if (next === WIDE) {
      const width = wideWidth(bytes, i);
      if (width === 0) break;
      const digits = wideDigits(bytes, i);
      i += width;
      count += digits;
      gap = digits > 0 ? 0 : gap + 1;
      if (digits > 0) end = i;
    } else break;
  }
  if (count >= least) hit(start, Math.min(end, to), count);
  return i;
}

/** Whether a code unit may stand between the digits of one number. */
export function isSeparator(code: number): boolean {
  return CLASSES[code] === SEPARATOR;
}

/** How many bytes the character or escape at `at` takes; 0 for a backslash that begins no `\uXXXX`. */
function wideWidth(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead !== BACKSLASH) return lead < 0xe0 ? 2 : 3;
  let i = at + 1;
  while (bytes[i] === BACKSLASH && i - at < 16) i++;
  return bytes[i] === LETTER_U ? i + 5 - at : 0;
}

/** 1 where the character or escape at `at` is a digit, else 0. */
function wideDigits(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  const next = bytes[at + 1]!;
  if (lead === 0xef) return next === 0xbc && isIn(bytes[at + 2]!, 0x90) ? 1 : 0;
  if (lead === 0xd9) return isIn(next, 0xa0) ? 1 : 0;
  if (lead === 0xdb) return isIn(next, 0xb0) ? 1 : 0;
  if (lead === 0xe0) return (next === 0xa5 || next === 0xa7) && isIn(bytes[at + 2]!, 0xa6) ? 1 : 0;
  if (lead !== BACKSLASH) return 0;
  const width = wideWidth(bytes, at);
  if (width === 0) return 0;
  const hex = String.fromCharCode(...bytes.subarray(at + width - 4, at + width));
  return /^(?:003|ff1|066|06f)\d$/i.test(hex) ? 1 : 0;
}

function isIn(byte: number, first: number): boolean {
  return byte >= first && byte < first + 10;
}
