// Character classes that detectors speak of. Codes above ASCII are in none of them, except by `isLatin`.
// It must not know any detector.

/** 0-9. Classes are combined with `|`. */
export const DIGIT = 1;
/** A-Z. */
export const UPPER = 2;
/** a-z. */
export const LOWER = 4;
/** `-` */
export const DASH = 8;
/** `_` */
export const UNDERSCORE = 16;
/** `.` */
export const DOT = 32;
/** `+` and `/`, which base64 has besides letters and digits. */
export const BASE64 = 64;
/** `=` */
export const EQUALS = 128;
/** 0-9, a-f. */
export const HEX = 256;
/** A-Z, a-z. */
export const LETTER = UPPER | LOWER;
/** Letters and digits. */
export const ALNUM = LETTER | DIGIT;
/** Letters, digits and `_`. */
export const WORD = ALNUM | UNDERSCORE;
/** The alphabet of base64url. */
export const URL_SAFE = WORD | DASH;

const classes = new Uint16Array(128);
const put = (chars: string, mask: number) => {
  for (let i = 0; i < chars.length; i++) classes[chars.charCodeAt(i)]! |= mask;
};
put('0123456789', DIGIT | HEX);
put('abcdef', HEX);
put('abcdefghijklmnopqrstuvwxyz', LOWER);
put('ABCDEFGHIJKLMNOPQRSTUVWXYZ', UPPER);
put('-', DASH);
put('_', UNDERSCORE);
put('.', DOT);
put('+/', BASE64);
put('=', EQUALS);

/** Whether the code unit belongs to one of the classes. NaN (past the end of a string) belongs to none. */
export function isIn(code: number, mask: number): boolean {
  return code < 128 && (classes[code]! & mask) !== 0;
}

/** A letter of the Latin script outside ASCII: À to ɏ without × and ÷. */
export function isLatin(code: number): boolean {
  return code >= 0xc0 && code <= 0x24f && code !== 0xd7 && code !== 0xf7;
}

/** The end of the run of characters of the classes that begins at `from`. */
export function runEnd(text: string, from: number, mask: number): number {
  let i = from;
  while (isIn(text.charCodeAt(i), mask)) i++;
  return i;
}
