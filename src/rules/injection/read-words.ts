// Reads a text once and gives each of its words as a hash, with the sign before it; and says where something may be hidden in it.
// It must not know what words mean, and keeps no string of one.

/** How many words are given at a time, at most. */
export const WORDS_AT_ONCE = 64;

/** Takes `count` words: their hashes and the signs before them. Both arrays are used again. */
export type TakeWords = (hashes: Int32Array, signs: Int32Array, count: number) => void;

/** What else was seen in a text. */
export interface Marks {
  /** Where long runs without a space begin. */
  readonly runs: readonly number[];
  /** Where six letters in a row stood alone: the place after the sixth. */
  readonly apart: readonly number[];
}

const LONG_RUN = 20;
const MOST_RUNS = 64;
const MOST_APART = 16;
const OTHER = 1;
const PRIME = 0x01000193;

const BLANK = 0x20;
const BACKSLASH = 0x5c;

const isUnspaced = (code: number): boolean => (code >= 0x3040 && code < 0xa000) || (code >= 0xac00 && code < 0xd7b0);
const isSign = (code: number): boolean =>
  (code >= 0x2000 && code < 0x2070) || (code >= 0x3000 && code < 0x3040) || (code >= 0x80 && code < 0xc0);

/** By code unit: what of it counts in a word (letters in lower case); 0 where it ends one. */
const FOLD = Uint16Array.from({ length: 65_536 }, (_, code) => {
  if (code < 128) return /\w/.test(String.fromCharCode(code)) ? String.fromCharCode(code).toLowerCase().charCodeAt(0) : 0;
  return isUnspaced(code) || isSign(code) ? 0 : code;
});

// What is given out before the next words are read: most texts are short, and memory of their own would cost them more than the reading.
const hashes = new Int32Array(WORDS_AT_ONCE);
const signs = new Int32Array(WORDS_AT_ONCE);

/** The hash of a word in lower case. */
export const hashOf = (word: string): number => {
  let h = OTHER;
  for (let i = 0; i < word.length; i++) h = Math.imul(h ^ word.charCodeAt(i), PRIME);
  return h;
};

/** The code units of a text and a blank behind them: read from memory they cost half of what they cost from a string. */
const codesOf = (text: string): Uint16Array => {
  const bytes = Buffer.allocUnsafeSlow(2 * (text.length + 1));
  const codes = new Uint16Array(bytes.buffer);
  bytes.write(text, 'utf16le');
  codes[text.length] = BLANK;
  return codes;
};

/** The letter of an escaped line break or tabulator. */
const isBreak = (code: number): boolean => code === 0x6e || code === 0x72 || code === 0x74;

/** Reads a text whose disguises were taken off. Linear: each character is looked at once. */
export const readWords = (text: string, take: TakeWords): Marks => {
  const runs: number[] = [];
  const apart: number[] = [];
  let count = 0;
  let sign = 0;
  let singles = 0;
  const codes = codesOf(text);
  for (let i = 0; i < text.length; ) {
    const start = i;
    let hash = OTHER;
    for (let folded = FOLD[codes[i]!]!; folded !== 0; folded = FOLD[codes[++i]!]!) hash = Math.imul(hash ^ folded, PRIME);
    const size = i - start;
    const code = codes[i]!;
    if (size === 0) {
      i++;
      if (!isUnspaced(code)) {
        sign = code;
        // A line break that was escaped is no letter of the next word.
        if (code === BACKSLASH && isBreak(codes[i]!)) i++;
        continue;
      }
      hash = Math.imul(hash ^ code, PRIME);
    } else {
      if (size >= LONG_RUN && runs.length < MOST_RUNS) runs.push(start);
      singles = size === 1 ? singles + 1 : 0;
      if (singles === 6 && apart.length < MOST_APART) apart.push(i);
    }
    hashes[count] = hash;
    signs[count] = sign;
    sign = size === 0 ? code : BLANK;
    if (++count < WORDS_AT_ONCE) continue;
    take(hashes, signs, count);
    count = 0;
  }
  take(hashes, signs, count);
  return { runs, apart };
};
