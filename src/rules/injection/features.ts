// Gives each word of a text the slots that the model weighs: the word, the two and three words that end with it, the word with the sign
// before it; and says which rules speak there. It must not know any weight.
import { hashOf, type TakeWords, WORDS_AT_ONCE } from './read-words.ts';
import { INJECTION_KINDS, PARTS, type Part, RULES } from './words.ts';

/** How many slots the model has; a power of two. */
export const SLOTS = 1 << 17;
/** How many slots each word fills. */
export const SLOTS_A_WORD = 4;

/** Takes `count` words: the slots of each, and the kinds whose rules speak at it as bits. Both arrays are used again. */
export type TakeFeatures = (slots: Int32Array, kinds: Uint8Array, count: number) => void;

const MASK = SLOTS - 1;
const mix = (a: number, b: number): number => {
  const h = Math.imul(a ^ (b >>> 15), 0x2c1b3c6d) ^ Math.imul(b, 0x297a2d39);
  return h ^ (h >>> 13);
};

const PART_NAMES = Object.keys(PARTS) as Part[];
const PARTS_OF = new Map<number, number>();
for (const [bit, name] of PART_NAMES.entries())
  for (const word of PARTS[name].split(' ')) {
    const sign = /^[<[|#]/.test(word);
    const hash = sign ? mix(hashOf(word.slice(1)), word.charCodeAt(0)) : hashOf(word);
    PARTS_OF.set(hash, (PARTS_OF.get(hash) ?? 0) | (1 << bit));
  }
// A bit for each telling word, by its hash: few others share one.
const TELLING = new Uint32Array(2048);
for (const hash of PARTS_OF.keys()) TELLING[(hash >>> 5) & 2047]! |= 1 << (hash & 31);
const isTelling = (hash: number): boolean => ((TELLING[(hash >>> 5) & 2047]! >>> (hash & 31)) & 1) === 1;
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

// As the words: one text after the other is given out of these.
const slots = new Int32Array(WORDS_AT_ONCE * SLOTS_A_WORD);
const kinds = new Uint8Array(WORDS_AT_ONCE);

/** What takes the words of one text and gives their features on. */
export const featuresTo = (take: TakeFeatures): TakeWords => {
  const lastSeen = new Int32Array(PART_NAMES.length).fill(-1000);
  let taken = 0;
  let before = 0;
  let beforeThat = 0;
  return (hashes, signs, count) => {
    let one = before;
    let two = beforeThat;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]!;
      const pair = mix(one, hash);
      const signed = mix(hash, signs[i]!);
      const at = i * SLOTS_A_WORD;
      slots[at] = mix(hash, 7) & MASK;
      slots[at + 1] = pair & MASK;
      slots[at + 2] = mix(two, pair) & MASK;
      slots[at + 3] = mix(signed, 9) & MASK;
      two = one;
      one = hash;
      kinds[i] =
        isTelling(hash) || isTelling(signed) ? speaking((PARTS_OF.get(hash) ?? 0) | (PARTS_OF.get(signed) ?? 0), taken + i, lastSeen) : 0;
    }
    before = one;
    beforeThat = two;
    taken += count;
    take(slots, kinds, count);
  };
};
