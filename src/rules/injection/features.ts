// Reads a text once and gives each of its words the slots that the model weighs: the word, the two and three words that end with it, the
// word with the sign before it; and says which rules speak there. It must not know any weight, and keeps no string of a word.
import { INJECTION_KINDS, PARTS, type Part, RULES } from './words.ts';

/** How many slots the model has; a power of two. */
export const SLOTS = 1 << 17;
/** How many slots each word fills. */
export const SLOTS_A_WORD = 4;

/** What was read of a text: `SLOTS_A_WORD` slots a word, one bit field of kinds a word, and where long runs without a space stand. */
export interface Reading {
  readonly words: number;
  readonly slots: Int32Array;
  readonly kinds: Uint8Array;
  readonly runs: readonly number[];
  /** Where six letters in a row stood alone: the place after the sixth. */
  readonly apart: readonly number[];
}

const MASK = SLOTS - 1;
const LONG_RUN = 20;
const MOST_RUNS = 64;
const MOST_APART = 16;
const OTHER = 1;
const mix = (a: number, b: number): number => {
  const h = Math.imul(a ^ (b >>> 15), 0x2c1b3c6d) ^ Math.imul(b, 0x297a2d39);
  return h ^ (h >>> 13);
};

// What an ASCII character is: 0 ends a word, else the code that counts (letters in lower case).
const FOLD = new Uint8Array(128);
for (let c = 48; c < 58; c++) FOLD[c] = c;
for (let c = 97; c < 123; c++) FOLD[c] = FOLD[c - 32] = c;
FOLD[95] = 95;

const isUnspaced = (code: number): boolean => (code >= 0x3040 && code < 0xa000) || (code >= 0xac00 && code < 0xd7b0);
const isSign = (code: number): boolean =>
  (code >= 0x2000 && code < 0x2070) || (code >= 0x3000 && code < 0x3040) || (code >= 0x80 && code < 0xc0);
const hashOf = (word: string): number => {
  let h = OTHER;
  for (let i = 0; i < word.length; i++) h = Math.imul(h ^ word.charCodeAt(i), 0x01000193);
  return h;
};

const PART_NAMES = Object.keys(PARTS) as Part[];
const PARTS_OF = new Map<number, number>();
for (const [bit, name] of PART_NAMES.entries())
  for (const word of PARTS[name].split(' ')) {
    const sign = /^[<[|#]/.test(word);
    const hash = sign ? mix(hashOf(word.slice(1)), word.charCodeAt(0)) : hashOf(word);
    PARTS_OF.set(hash, (PARTS_OF.get(hash) ?? 0) | (1 << bit));
  }
const TELLING = new Uint8Array(SLOTS);
for (const hash of PARTS_OF.keys()) TELLING[hash & MASK] = 1;
const COMPILED = RULES.map((rule) => ({
  bit: 1 << INJECTION_KINDS.indexOf(rule.kind),
  reach: rule.reach,
  parts: rule.parts.map((part) => PART_NAMES.indexOf(part)),
  any: rule.parts.reduce((sum, part) => sum | (1 << PART_NAMES.indexOf(part)), 0),
}));

/** Which rules speak at a word whose parts are given, as bits of kinds; notes where its parts were seen. */
const speaking = (parts: number, at: number, lastSeen: Int32Array): number => {
  for (let rest = parts; rest !== 0; rest &= rest - 1) lastSeen[31 - Math.clz32(rest & -rest)] = at;
  let bits = 0;
  for (let i = 0; i < COMPILED.length; i++) {
    const rule = COMPILED[i]!;
    if ((rule.any & parts) === 0) continue;
    let k = 0;
    while (k < rule.parts.length && at - lastSeen[rule.parts[k]!]! < rule.reach) k++;
    if (k === rule.parts.length) bits |= rule.bit;
  }
  return bits;
};

const grown = (slots: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
  const more = new Int32Array(slots.length * 2);
  more.set(slots);
  return more;
};

/** The code units of a text and a blank behind them: read from memory they cost half of what they cost from a string. */
const codesOf = (text: string): Uint16Array => {
  const codes = new Uint16Array(text.length + 1);
  Buffer.from(codes.buffer).write(text, 'utf16le');
  codes[text.length] = 32;
  return codes;
};

/** Reads a text whose disguises were taken off. Linear: each character is looked at once. */
export const read = (text: string): Reading => {
  let slots = new Int32Array(((text.length >> 3) + 8) * SLOTS_A_WORD);
  const kinds = new Uint8Array(text.length + 1);
  const lastSeen = new Int32Array(PART_NAMES.length).fill(-1000);
  const runs: number[] = [];
  let words = 0;
  let one = 0;
  let two = 0;
  let hash = OTHER;
  let started = -1;
  let sign = 0;
  let singles = 0;
  const apart: number[] = [];
  const codes = codesOf(text);
  const length = text.length;
  for (let i = 0; i <= length; i++) {
    const code = codes[i]!;
    let folded = 0;
    let alone = false;
    if (code < 128) folded = FOLD[code]!;
    else if (isUnspaced(code)) alone = true;
    else if (!isSign(code)) folded = code;
    if (folded !== 0) {
      if (started < 0) started = i;
      hash = Math.imul(hash ^ folded, 0x01000193);
      // Most of a text is this.
      for (let next = codes[i + 1]!; next < 128 && FOLD[next] !== 0; next = codes[++i + 1]!)
        hash = Math.imul(hash ^ FOLD[next]!, 0x01000193);
      continue;
    }
    if (started >= 0 || alone) {
      // An unspaced character that ends a word is read again as a word of its own.
      const size = i - started;
      if (started < 0) {
        hash = Math.imul(OTHER ^ code, 0x01000193);
        alone = false;
      } else {
        if (size >= LONG_RUN && runs.length < MOST_RUNS) runs.push(started);
        singles = size === 1 ? singles + 1 : 0;
        if (singles === 6 && apart.length < MOST_APART) apart.push(i);
      }
      const at = words * SLOTS_A_WORD;
      if (at === slots.length) slots = grown(slots);
      const pair = mix(one, hash);
      const signed = mix(hash, sign);
      slots[at] = mix(hash, 7) & MASK;
      slots[at + 1] = pair & MASK;
      slots[at + 2] = mix(two, pair) & MASK;
      slots[at + 3] = mix(signed, 9) & MASK;
      two = one;
      one = hash;
      if (TELLING[hash & MASK] === 1 || TELLING[signed & MASK] === 1)
        kinds[words] = speaking((PARTS_OF.get(hash) ?? 0) | (PARTS_OF.get(signed) ?? 0), words, lastSeen);
      words++;
      started = -1;
      hash = OTHER;
      if (alone) {
        sign = 32;
        i--;
        continue;
      }
    }
    sign = code;
    // A line break that was escaped is no letter of the next word.
    if (code === 92) {
      const next = codes[i + 1]!;
      if (next === 110 || next === 114 || next === 116) i++;
    }
  }
  return { words, slots, kinds, runs, apart };
};
